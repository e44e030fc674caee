import { join } from 'node:path';
import { inTransaction, pragma } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import { missing } from '../../model/faults/missing.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { LogLine, RunSummary } from '../protocol/messages.ts';
import { type NodeSample, type RunHistory, sampleOf } from '../protocol/run-history.ts';
import { openOrReplace } from './database.ts';
import { historyMigrations } from './migrations.ts';

export interface Retention {
  readonly runs: number;
  readonly ageMs: number;
  readonly bytes: number;
}
const day = 24 * 3600_000;
export const usualRetention: Retention = { runs: 200, ageMs: 30 * day, bytes: 256 * 1024 * 1024 };

/** Samples older than this are thinned to one a minute. */
const fineMs = 3600_000;
const keptErrors = 200;
const keptLogs = 2000;
const keptStates = 1000;
const keptCheckpoints = 1000;
/** Keepers of many runs write in turn; a write takes well under a millisecond. */
const waitMs = 5000;

/** What is new about a run since it was last written. */
export interface HistoryPart {
  readonly summary: RunSummary;
  readonly states: RunHistory['states'];
  readonly errors: RunHistory['errors'];
  readonly logs: readonly LogLine[];
  readonly checkpoints: RunHistory['checkpoints'];
  /** Milliseconds since the epoch, or null if no counters are to be kept now. */
  readonly sampleAt: number | null;
}

/** The history of runs, in one SQLite file of the data folder that every keeper writes and every workbench reads. */
export class RunHistoryStore {
  readonly #database: SqliteConnection;

  private constructor(database: SqliteConnection) {
    this.#database = database;
    pragma(database, 'foreign_keys = on');
  }

  /** Throws if the file can be neither read nor created. A damaged one is moved aside. */
  static open(data: string): RunHistoryStore {
    return new RunHistoryStore(openOrReplace(join(data, 'runs.db'), historyMigrations, waitMs));
  }

  /** All of it or nothing. */
  write({ summary, states, errors, logs, checkpoints, sampleAt }: HistoryPart): void {
    const database = this.#database;
    const { id } = summary;
    const write = () => {
      database
        .prepare(
          `insert into runs values (?, ?, ?, ?, ?, ?, ?)
           on conflict do update set ended_at = excluded.ended_at, state = excluded.state, summary = excluded.summary`,
        )
        .run(id, summary.pipeline, summary.path, summary.startedAt, summary.endedAt, summary.state, JSON.stringify(summary));
      for (const { at, state, reason } of states) database.prepare('insert into states values (?, ?, ?, ?)').run(id, at, state, reason);
      for (const { at, problem } of errors) database.prepare('insert into errors values (?, ?, ?)').run(id, at, JSON.stringify(problem));
      for (const line of logs) database.prepare('insert into logs values (?, ?, ?, ?, ?)').run(id, line.at, line.level, line.node ?? null, line.message);
      for (const checkpoint of checkpoints) {
        const { at, bytes, tookMs } = checkpoint;
        database.prepare('insert or replace into checkpoints values (?, ?, ?, ?, ?)').run(id, checkpoint.id, at, Math.round(bytes), tookMs);
      }
      if (sampleAt !== null) this.#addSample(summary, sampleAt);
      for (const [table, kept, isNew] of [
        ['states', keptStates, states.length > 0],
        ['errors', keptErrors, errors.length > 0],
        ['logs', keptLogs, logs.length > 0],
      ] as const) {
        if (isNew)
          database.prepare(`delete from ${table} where run = ? and rowid not in (select rowid from ${table} where run = ? ${newest(table, kept)})`).run(id, id);
      }
      if (checkpoints.length > 0) {
        database
          .prepare('delete from checkpoints where run = ? and id <= (select id from checkpoints where run = ? order by id desc limit 1 offset ?)')
          .run(id, id, keptCheckpoints);
      }
    };
    inTransaction(database, write, 'IMMEDIATE');
  }

  #addSample(summary: RunSummary, at: number): void {
    const nodes: { [node: string]: readonly number[] } = {};
    for (const [node, stats] of Object.entries(summary.stats)) nodes[node] = sampleFields.map((field) => Math.round(sampleOf(stats)[field]));
    const last = this.#database.prepare('select max(at) as at from samples where run = ? and first_of_minute = 1').get(summary.id) as { at: number | null };
    const isFirst = last.at === null || Math.floor(at / 60_000) > Math.floor(last.at / 60_000);
    this.#database.prepare('insert or replace into samples values (?, ?, ?, ?)').run(summary.id, at, Number(isFirst), JSON.stringify(nodes));
  }

  /** Removes what is too old, too much or too large, and thins counters that are more than an hour old. Runs in progress stay. */
  prune(retention: Retention = usualRetention, now = Date.now()): void {
    const database = this.#database;
    database.prepare('delete from samples where at < ? and first_of_minute = 0').run(now - fineMs);
    database.prepare('delete from runs where ended_at < ?').run(now - retention.ageMs);
    database
      .prepare('delete from runs where id in (select id from runs where ended_at is not null order by started_at desc limit -1 offset ?)')
      .run(retention.runs);
    const used = () => {
      const { bytes } =
        database
          .prepare<[], { bytes: number }>(
            'select (page_count - freelist_count) * page_size as bytes from pragma_page_count, pragma_freelist_count, pragma_page_size',
          )
          .get() ?? missing('the size of the history');
      return bytes;
    };
    while (used() > retention.bytes) {
      const { changes } = database.prepare('delete from runs where id = (select id from runs where ended_at is not null order by started_at limit 1)').run();
      if (changes === 0) break;
    }
  }

  /** Newest first. */
  runs(limit = usualRetention.runs): readonly RunSummary[] {
    const found = this.#database.prepare('select summary from runs order by started_at desc limit ?').all(limit) as { summary: string }[];
    return found.map(({ summary }) => JSON.parse(summary) as RunSummary);
  }

  run(id: string): RunSummary | null {
    const found = this.#database.prepare('select summary from runs where id = ?').get(id) as { summary: string } | undefined;
    return found ? (JSON.parse(found.summary) as RunSummary) : null;
  }

  logs(id: string): readonly LogLine[] {
    const found = this.#database.prepare('select at, level, node, message from logs where run = ? order by rowid').all(id) as (LogLine & {
      node: string | null;
    })[];
    return found.map(({ node, ...line }) => (node === null ? line : { ...line, node }));
  }

  history(id: string): RunHistory {
    const rows = <T>(sql: string) => this.#database.prepare(sql).all(id) as T[];
    const samples = rows<{ at: number; nodes: string }>('select at, nodes from samples where run = ? order by at');
    const errors = rows<{ at: number; problem: string }>('select at, problem from errors where run = ? order by rowid');
    return {
      states: rows('select at, state, reason from states where run = ? order by rowid'),
      samples: samples.map(({ at, nodes }) => ({ at, nodes: readSample(nodes) })),
      errors: errors.map(({ at, problem }) => ({ at, problem: JSON.parse(problem) as Problem })),
      checkpoints: rows('select id, at, bytes, took_ms as tookMs from checkpoints where run = ? order by id'),
    };
  }

  close(): void {
    this.#database.close();
  }
}

/** The order in which a sample's numbers are kept. */
const sampleFields = ['in', 'out', 'failed', 'late', 'busyMs', 'idleMs', 'blockedMs', 'watermark', 'stateBytes'] as const;

function readSample(text: string): { readonly [node: string]: NodeSample } {
  const nodes = JSON.parse(text) as { readonly [node: string]: readonly number[] };
  return Object.fromEntries(
    Object.entries(nodes).map(([node, values]) => [
      node,
      Object.fromEntries(sampleFields.map((field, index) => [field, values[index] ?? 0])) as Record<keyof NodeSample, number>,
    ]),
  );
}

/** The first errors are the most useful ones, and the last states and logs. */
function newest(table: string, kept: number): string {
  return `order by rowid ${table === 'errors' ? 'asc' : 'desc'} limit ${kept}`;
}
