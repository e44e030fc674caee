import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { MillraceError } from '../../engine/schema/problem.ts';
import { outputProblem } from './output-problem.ts';

/** How long another program may hold the lock before we give up. */
const lockWaitMs = 5000;
const lockRetryMs = 50;
/** Pages kept before a transaction spills into the file; more brought nothing, and counts against a run's memory. */
const cacheKib = 16 * 1024;

/**
 * One database file that a run writes to: one connection and one transaction, shared by all sinks of the run that write
 * to this file. All of it becomes visible when the last of them has committed, or none of it.
 *
 * The file's journal mode is left as it is. A new file gets SQLite's rollback journal and not a write-ahead log: one long
 * transaction of appended pages hardly touches the journal, while a log would hold every page a second time and leave two
 * more files behind. The lock is taken at the start, so that a run does not fail at its end for it.
 */
export class SqliteDatabase {
  readonly path: string;
  readonly connection: Sqlite.Database;
  /** The file did not exist before this run. */
  readonly isNew: boolean;
  readonly #tables = new Set<string>();
  #begun: Promise<void> | null = null;
  #waiting = 0;
  #isCommitted = false;

  constructor(path: string, Database: typeof Sqlite) {
    this.path = path;
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
      statSync(dirname(path));
      this.isNew = !existsSync(path);
      this.connection = new Database(path, { timeout: 0 });
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  /** Starts the transaction, waiting for other writers; once for all sinks. */
  begin(signal: AbortSignal): Promise<void> {
    this.#begun ??= this.#retry(signal, () => {
      // Here and not on opening: even this reads the file, and another writer may have it to itself for a while.
      this.connection.pragma(`cache_size = -${cacheKib}`);
      this.connection.pragma('legacy_alter_table = ON'); // A view over the table must not hinder its replacement.
      this.connection.exec('BEGIN IMMEDIATE');
    });
    return this.#begun;
  }

  /** Makes a table one sink's own. Each claim must be followed by one `commit` or `rollback`. */
  claim(table: string): void {
    const key = table.toLowerCase();
    if (this.#tables.has(key)) {
      throw new MillraceError({
        code: 'sqlite/table-twice',
        message: `Another sink of this pipeline writes table "${table}" of ${this.path} too.`,
        hint: 'Give each sink a table of its own, or join the rows with a Union node first.',
        field: 'table',
      });
    }
    this.#tables.add(key);
    this.#waiting++;
  }

  /** One claim is ready; commits when all are. Readers are waited for. */
  async commit(signal: AbortSignal): Promise<void> {
    this.#waiting--;
    if (this.#waiting > 0) return;
    await this.#retry(signal, () => this.connection.exec('COMMIT'));
    this.#isCommitted = true;
  }

  /** Undoes everything of this run in this file, whoever wrote it. */
  rollback(): void {
    if (!this.connection.open || !this.connection.inTransaction) return;
    this.connection.exec('ROLLBACK');
  }

  /** Called by the engine at the end of the run. */
  close(): void {
    if (!this.connection.open) return;
    this.rollback();
    this.connection.close();
    if (this.isNew && !this.#isCommitted && statSync(this.path, { throwIfNoEntry: false })?.size === 0) rmSync(this.path, { force: true });
  }

  async #retry(signal: AbortSignal, attempt: () => void): Promise<void> {
    const deadline = Date.now() + lockWaitMs;
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        const isBusy = String((error as { code?: string }).code).startsWith('SQLITE_BUSY');
        if (!isBusy || signal.aborted || Date.now() > deadline) throw outputProblem(error, this.path);
      }
      await new Promise((resolve) => setTimeout(resolve, lockRetryMs));
    }
  }
}

/** A name within SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
