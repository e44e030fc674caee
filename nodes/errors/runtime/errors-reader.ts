import { existsSync } from 'node:fs';
import type { CheckpointRef, Reader, RowFailure, SourceBatch } from '@millrace/kit/node';
import { outputProblem } from '../../../io/files/output-problem.ts';
import { completeErrorsTable, errorsTable, hasColumn, isWaiting, rowOf } from '../../../io/sqlite/errors-file.ts';
import { inTransaction, openSqlite } from '../../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection, SqliteInput, SqliteStatement } from '../../../io/sqlite/sqlite-library.ts';
import { type LockPatience, withLock } from '../../../io/sqlite/sqlite-lock.ts';
import { itemAt, lastOf } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';

/** Rows that are marked in one transaction. */
const markedAtOnce = 10_000;

interface Kept {
  readonly id: number;
  readonly row: string;
}
/**
 * `after`: the last row that was read. `through`: the last one that existed when reading began. `schema`: the columns that the node
 * accepted, which decide which rows were read.
 */
type Position = { readonly after: number; readonly through: number; readonly schema: Schema };

/** Which rows of an errors table are replayed. */
export interface KeptRows {
  /** Absolute. */
  readonly path: string;
  readonly node: string;
  /** The input at which they failed; null: any. */
  readonly port: string | null;
  /** Ids; empty: all rows of the node. */
  readonly only: readonly number[];
}
interface Waits {
  readonly signal: AbortSignal;
  onLongWait(message: string): void;
}
export interface ErrorsReaderOptions extends KeptRows, Waits {
  /** The columns that the node accepts now. */
  readonly schema: Schema;
  readonly batchSize: number;
  /** The table is only read, and nothing is changed. */
  readonly sample?: boolean;
  /** Called with the reason for a row that does not fit these columns: it is left as it is. */
  refuse(failure: RowFailure): void;
}

/** The kept rows of one node that wait for their replay, each until a checkpoint contains its results. */
export class ErrorsReader implements Reader {
  readonly #table: WaitingRows;
  readonly #options: ErrorsReaderOptions;
  #position: Position;
  #marked: number;
  #done = 0;
  readonly #total: number;

  private constructor(table: WaitingRows, options: ErrorsReaderOptions, start: Position | null) {
    this.#table = table;
    this.#options = options;
    const { schema } = options;
    const { after, through } = start ?? { after: 0, through: table.last() };
    this.#position = { after, through, schema };
    // What came before the start was marked when the run resumed from there: see `acknowledge`.
    this.#marked = after;
    this.#total = table.count(after, through);
  }

  /** Throws a MillraceError if the file cannot be read. */
  static async open(options: ErrorsReaderOptions, start: Json): Promise<ErrorsReader> {
    if (!existsSync(options.path)) {
      throw new MillraceError({
        code: 'errors/missing',
        message: `There is no ${options.path}: no row was kept there.`,
        hint: 'Set "When a row fails" to "Keep" and run the pipeline.',
      });
    }
    const table = await WaitingRows.open(options, options);
    try {
      return await table.locked(() => new ErrorsReader(table, options, start as Position | null));
    } catch (error) {
      table.close();
      throw error;
    }
  }

  async read(): Promise<SourceBatch | null> {
    const { path, batchSize, schema, signal } = this.#options;
    const { through } = this.#position;
    while (!signal.aborted) {
      const kept = await this.#table.locked(() => this.#table.select(this.#position.after, through, batchSize));
      const last = kept.at(-1);
      if (!last) return null;
      this.#position = { after: last.id, through, schema };
      this.#done += kept.length;
      const rows: Row[] = [];
      const ids: number[] = [];
      for (const { id, row } of kept) {
        const found = rowOf(row, schema);
        if ('row' in found) {
          rows.push(found.row);
          ids.push(id);
        } else this.#refuse(id, row, found.message);
      }
      if (rows.length > 0) return { rows, locate: (index) => ({ source: path, line: itemAt(ids, index) }) };
    }
    return null;
  }

  position(): Json {
    return this.#position;
  }

  /** Rows that did not fit were not read, and continue to wait. */
  async committed(position: Json, checkpoint: CheckpointRef): Promise<void> {
    const { after, schema } = position as Position;
    await this.#table.mark({ from: this.#marked, through: after, schema }, checkpoint);
    this.#marked = Math.max(this.#marked, after);
  }

  progress() {
    return { done: this.#done, total: this.#total, unit: 'rows' as const };
  }

  close(): void {
    this.#table.close();
  }

  #refuse(id: number, text: string, message: string): void {
    this.#options.refuse({
      code: 'errors/column',
      message: `Row ${id} does not fit the columns that "${this.#options.node}" takes now: ${message}.`,
      hint: 'It stays in the errors table. Change the columns back, or give the column a value where it comes from.',
      row: { raw: text },
      position: { source: this.#options.path, line: id },
    });
  }
}

/** Marks what a replay had read, by a position that is durable. Does nothing if the table was removed since. */
export async function acknowledgeReplay(rows: KeptRows, position: Json, checkpoint: CheckpointRef, waits: Waits): Promise<void> {
  const { after, schema } = (position as Position | null) ?? { after: 0, schema: { columns: [] } };
  if (after === 0 || !existsSync(rows.path)) return;
  const table = await WaitingRows.open(rows, waits);
  try {
    await table.mark({ from: 0, through: after, schema }, checkpoint);
  } finally {
    table.close();
  }
}

/**
 * Makes rows wait again that were replayed with checkpoints after this one, of its lineage: their results are gone. Those of them that
 * failed again and were kept anew are settled, since they would otherwise exist twice. Returns the number of rows that wait again.
 */
export async function rewindReplays(path: string, { lineage, id: checkpoint }: CheckpointRef, { signal, onLongWait }: Waits): Promise<number> {
  if (!existsSync(path)) return 0;
  const connection = openSqlite(path, { access: 'write' });
  const isUndone = 'replayed_by = @lineage AND replayed_with > @checkpoint';
  const rewind = () => {
    completeErrorsTable(connection);
    const given = { lineage, checkpoint };
    connection
      .prepare(
        `UPDATE ${errorsTable} SET superseded_at = @at WHERE run = @lineage AND superseded_at IS NULL AND (replayed_at IS NULL OR ${isUndone})
         AND replay_of IN (SELECT id FROM ${errorsTable} WHERE ${isUndone})`,
      )
      .run({ ...given, at: new Date().toISOString() });
    const { changes } = connection
      .prepare(`UPDATE ${errorsTable} SET replayed_at = NULL, replayed_by = NULL, replayed_with = NULL WHERE superseded_at IS NULL AND ${isUndone}`)
      .run(given);
    return changes;
  };
  try {
    return await withLock(() => inTransaction(connection, rewind, 'IMMEDIATE'), { path, signal, onLongWait });
  } catch (error) {
    throw outputProblem(error, path);
  } finally {
    connection.close();
  }
}

/** The rows of one replay in their table: those that wait. */
class WaitingRows {
  readonly #connection: SqliteConnection;
  readonly #patience: LockPatience;
  readonly #select: SqliteStatement<[SqliteInput], Kept>;
  readonly #count: SqliteStatement<[SqliteInput], { readonly rows: number }>;
  readonly #chosen: { readonly node: string; readonly port: string | null; readonly only: string | null };

  private constructor(connection: SqliteConnection, { node, port, only }: KeptRows, patience: LockPatience) {
    this.#connection = connection;
    this.#patience = patience;
    this.#chosen = { node, port, only: only.length > 0 ? JSON.stringify(only) : null };
    // A table of an earlier version that is only read has no such column.
    const portOf = hasColumn(connection, 'port') ? 'port' : 'NULL';
    const where = `node = @node AND (@port IS NULL OR ${portOf} = @port) AND ${isWaiting} AND id > @after AND id <= @through
      AND (@only IS NULL OR id IN (SELECT value FROM json_each(@only)))`;
    this.#select = connection.prepare(`SELECT id, row FROM ${errorsTable} WHERE ${where} ORDER BY id LIMIT @limit`);
    this.#count = connection.prepare(`SELECT count(*) AS rows FROM ${errorsTable} WHERE ${where}`);
  }

  /** The file exists. Throws a MillraceError if it cannot be read. */
  static async open(rows: KeptRows, { signal, onLongWait, sample = false }: Waits & { readonly sample?: boolean }): Promise<WaitingRows> {
    const { path } = rows;
    const patience = { path, signal, onLongWait };
    let connection: SqliteConnection | null = null;
    try {
      connection = openSqlite(path, { access: sample ? 'look' : 'write' });
      const opened = connection;
      return await withLock(() => {
        if (!sample) completeErrorsTable(opened);
        return new WaitingRows(opened, rows, patience);
      }, patience);
    } catch (error) {
      connection?.close();
      throw outputProblem(error, path);
    }
  }

  locked<T>(attempt: () => T): Promise<T> {
    return withLock(attempt, this.#patience);
  }

  /** The id of the newest row of all; 0 if there is none. */
  last(): number {
    return this.#connection.prepare<[], { last: number | null }>(`SELECT max(id) AS last FROM ${errorsTable}`).get()?.last ?? 0;
  }

  count(after: number, through: number): number {
    return this.#count.get({ ...this.#chosen, after, through })?.rows ?? 0;
  }

  /** The first rows after `after` and up to `through`. */
  select(after: number, through: number, limit: number): Kept[] {
    return this.#select.all({ ...this.#chosen, after, through, limit });
  }

  /** Those of them that fitted the columns, and so were read, are replayed; the others continue to wait. Which rows fit can be computed again. */
  async mark(
    { from, through, schema }: { readonly from: number; readonly through: number; readonly schema: Schema },
    { lineage, id: checkpoint }: CheckpointRef,
  ): Promise<void> {
    for (let after = from; after < through; ) {
      const kept = await this.locked(() => this.select(after, through, markedAtOnce));
      const at = new Date().toISOString();
      const write = () => {
        const mark = this.#connection.prepare(`UPDATE ${errorsTable} SET replayed_at = ?, replayed_by = ?, replayed_with = ? WHERE id = ?`);
        for (const { id, row } of kept) if ('row' in rowOf(row, schema)) mark.run(at, lineage, checkpoint, id);
      };
      if (kept.length > 0) await this.locked(() => inTransaction(this.#connection, write, 'IMMEDIATE'));
      after = kept.length < markedAtOnce ? through : lastOf(kept).id;
    }
  }

  close(): void {
    this.#connection.close();
  }
}
