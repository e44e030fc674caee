/** The steps of the engine's own database. Up only; `pragma user_version` says which have been taken. */
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
];
