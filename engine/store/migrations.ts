/** The steps of the engine's own database. Upwards only; `pragma user_version` says which were applied. */
export interface StoreMigration {
  readonly to: number;
  readonly name: string;
  readonly sql: string;
}

export const storeMigrations: readonly StoreMigration[] = [
  {
    to: 1,
    name: 'recent files, trust, settings, runs',
    sql: `
      create table recent (path text primary key, name text not null, opened_at integer not null) without rowid;
      create table trusted (path text not null, stamp text not null, granted_at integer not null, primary key (path, stamp)) without rowid;
      create table settings (key text primary key, value text not null) without rowid;
      create table runs (id text primary key, started_at integer not null, summary text not null) without rowid;
      create index runs_by_start on runs (started_at);
    `,
  },
  {
    to: 2,
    name: 'runs have a file of their own',
    sql: 'drop table runs',
  },
  {
    to: 3,
    name: 'trusted folders, own copies',
    sql: `
      create table trusted_folders (path text primary key, granted_at integer not null) without rowid;
      create table copies (digest text primary key, at integer not null) without rowid;
    `,
  },
];

export const historyMigrations: readonly StoreMigration[] = [
  {
    to: 1,
    name: 'runs, states, samples, errors, checkpoints, logs',
    sql: `
      create table runs (
        id text primary key, pipeline text not null, path text, started_at integer not null, ended_at integer, state text not null, summary text not null
      ) without rowid;
      create index runs_by_start on runs (started_at);
      create table states (run text not null references runs (id) on delete cascade, at integer not null, state text not null, reason text);
      create index states_by_run on states (run, at);
      create table samples (
        run text not null references runs (id) on delete cascade, at integer not null, first_of_minute integer not null, nodes text not null,
        primary key (run, at)
      ) without rowid;
      create index fine_samples on samples (at) where first_of_minute = 0;
      create table errors (run text not null references runs (id) on delete cascade, at integer not null, problem text not null);
      create index errors_by_run on errors (run, at);
      create table checkpoints (
        run text not null references runs (id) on delete cascade, id integer not null, at integer not null, bytes integer not null, took_ms real not null,
        primary key (run, id)
      ) without rowid;
      create table logs (run text not null references runs (id) on delete cascade, at integer not null, level text not null, node text, message text not null);
      create index logs_by_run on logs (run);
    `,
  },
];
