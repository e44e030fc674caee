import type { Output, SinkContext, Transaction, Writer } from '@millrace/kit/node';
import { outputProblem } from '../../../io/files/output-problem.ts';
import { errorsTable, makeErrorsTable } from '../../../io/sqlite/errors-file.ts';
import type { SqliteDatabase } from '../../../io/sqlite/sqlite-database.ts';
import { pragma } from '../../../io/sqlite/sqlite-driver.ts';
import type { SqliteStatement } from '../../../io/sqlite/sqlite-library.ts';
import { withLock } from '../../../io/sqlite/sqlite-lock.ts';
import { SqliteWriter } from '../../../io/sqlite/sqlite-writer.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';

const schema: Schema = {
  columns: [
    { name: 'failed_at', type: 'timestamp', nullable: false },
    { name: 'pipeline', type: 'string', nullable: false },
    { name: 'run', type: 'string', nullable: false },
    { name: 'node', type: 'string', nullable: false },
    { name: 'port', type: 'string', nullable: true },
    { name: 'error', type: 'string', nullable: false },
    { name: 'code', type: 'string', nullable: false },
    { name: 'field', type: 'string', nullable: true },
    { name: 'source', type: 'string', nullable: true },
    { name: 'line', type: 'integer', nullable: true },
    { name: 'row', type: 'json', nullable: true },
    { name: 'replay_of', type: 'integer', nullable: true },
  ],
};
type Context = Pick<SinkContext<unknown>, 'log' | 'fail' | 'resume' | 'lineage' | 'signal'>;

/** Adds rows of the `errors` ports to the errors table, within the database's transaction. */
export class ErrorsWriter implements Writer {
  readonly #database: SqliteDatabase;
  readonly #rows: SqliteWriter;
  readonly #common: { readonly pipeline: string; readonly run: string };
  #origin: SqliteStatement<[number], { readonly source: string | null; readonly line: number | null }> | null = null;

  /** The database is open. */
  constructor(database: SqliteDatabase, options: { readonly pipeline: string; readonly supersedes: boolean }, context: Context) {
    this.#database = database;
    this.#common = { pipeline: options.pipeline, run: context.lineage };
    const columns = schema.columns.map(({ name, type }) => ({ name, type }));
    this.#rows = new SqliteWriter(database, schema, { table: errorsTable, mode: 'append', keys: [], columns }, context);
    if (options.supersedes && context.resume === null) this.#supersede();
  }

  /** Creates the table, before the transaction of the run, so that a redo log finds it, whatever happened. */
  static async makeTable({ connection, path, isNew }: SqliteDatabase, signal: AbortSignal): Promise<void> {
    await withLock(
      () => {
        // Replays read the file while this run writes to it.
        if (isNew && !connection.inTransaction) pragma(connection, 'journal_mode = wal');
        makeErrorsTable(connection);
      },
      { path, signal },
    );
  }

  get transaction(): Transaction {
    return this.#database;
  }

  write(rows: readonly Row[]): void | Promise<void> {
    const failed_at = Date.now();
    return this.#rows.write(rows.map((row) => ({ failed_at, port: null, ...this.#common, ...row, ...this.#replayed(row) })));
  }

  prepare(checkpoint: number): Promise<Json> {
    return this.#rows.prepare(checkpoint);
  }

  commit(checkpoint?: number): Promise<void> {
    return this.#rows.commit(checkpoint);
  }

  abort(): void {
    this.#rows.abort();
  }

  close(): void {
    this.#rows.close();
  }

  output(): Output {
    return this.#rows.output();
  }

  /** A row that came from this table: its id, and where that row came from. */
  #replayed({ source, line }: Row): Row {
    if (source !== this.#database.path || typeof line !== 'number') return { replay_of: null };
    this.#origin ??= this.#database.connection.prepare(`SELECT source, line FROM ${errorsTable} WHERE id = ?`);
    const found = this.#origin.get(line);
    return { replay_of: line, source: found?.source ?? null, line: found?.line ?? null };
  }

  /** This run processes again what earlier runs have processed: their failed rows need no replay any more. */
  #supersede(): void {
    const { pipeline, run } = this.#common;
    try {
      this.#database.connection
        .prepare(`UPDATE ${errorsTable} SET superseded_at = ? WHERE pipeline = ? AND run <> ? AND replayed_at IS NULL AND superseded_at IS NULL`)
        .run(new Date().toISOString(), pipeline, run);
    } catch (error) {
      throw outputProblem(error, this.#database.path);
    }
  }
}
