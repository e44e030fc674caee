import { existsSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { Json, Row, Schema } from '../../engine/schema/types.ts';
import type { Reader, RowFailure, SourceBatch } from '../kit/node.ts';
import { errorsTable, isWaiting, rowOf } from './errors-file.ts';
import { outputProblem } from './output-problem.ts';
import { type LockPatience, withLock } from './sqlite-lock.ts';

/** Rows that are marked in one transaction. */
const markedAtOnce = 10_000;

interface Kept {
  readonly id: number;
  readonly row: string;
}
/** `after`: the last row that was given out. `through`: the last one that was there when reading began. */
type Position = { readonly after: number; readonly through: number };

export interface ErrorsReaderOptions {
  /** Absolute. */
  readonly path: string;
  readonly node: string;
  /** Ids; empty: all of the node. */
  readonly only: readonly number[];
  /** The columns that the node takes now. */
  readonly schema: Schema;
  readonly batchSize: number;
  readonly signal: AbortSignal;
  /** A row that does not fit these columns: it is left as it is. */
  refuse(failure: RowFailure): void;
  onLongWait(message: string): void;
}

/** The kept rows of one node that wait for their replay, each until a checkpoint holds what became of it. */
export class ErrorsReader implements Reader {
  readonly #connection: Sqlite.Database;
  readonly #options: ErrorsReaderOptions;
  readonly #patience: LockPatience;
  /** The condition and its values, for the rows between two ids. */
  readonly #where: string;
  readonly #only: string | null;
  #position: Position;
  #marked = 0;
  #done = 0;
  readonly #total: number;

  private constructor(connection: Sqlite.Database, options: ErrorsReaderOptions, start: Position | null) {
    this.#connection = connection;
    this.#options = options;
    const { path, signal, onLongWait } = options;
    this.#patience = { path, signal, onLongWait };
    this.#only = options.only.length > 0 ? JSON.stringify(options.only) : null;
    this.#where = `node = @node AND ${isWaiting} AND id > @after AND id <= @through AND (@only IS NULL OR id IN (SELECT value FROM json_each(@only)))`;
    const last = connection.prepare<[], { last: number | null }>(`SELECT max(id) AS last FROM ${errorsTable}`).get()!.last ?? 0;
    this.#position = start ?? { after: 0, through: last };
    const { after, through } = this.#position;
    this.#total = connection
      .prepare<unknown[], { rows: number }>(`SELECT count(*) AS rows FROM ${errorsTable} WHERE ${this.#where}`)
      .get(this.#values(after, through))!.rows;
  }

  /** Throws a MillraceError where the file cannot be read. */
  static async open(options: ErrorsReaderOptions, start: Json): Promise<ErrorsReader> {
    const { path, signal, onLongWait } = options;
    if (!existsSync(path)) {
      throw new MillraceError({
        code: 'errors/missing',
        message: `There is no ${path}: no row was kept there.`,
        hint: 'Set "When a row fails" to "Keep" and run the pipeline.',
      });
    }
    const { default: Database } = await import('better-sqlite3');
    let connection: Sqlite.Database | null = null;
    try {
      connection = new Database(path, { fileMustExist: true, timeout: 0 });
      const opened = connection;
      return await withLock(() => new ErrorsReader(opened, options, start as Position | null), { path, signal, onLongWait });
    } catch (error) {
      connection?.close();
      throw outputProblem(error, path);
    }
  }

  async read(): Promise<SourceBatch | null> {
    const { path, batchSize, schema, signal } = this.#options;
    const { through } = this.#position;
    while (!signal.aborted) {
      const kept = await withLock(() => this.#select(this.#position.after, through, batchSize), this.#patience);
      if (kept.length === 0) return null;
      this.#position = { after: kept.at(-1)!.id, through };
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
      if (rows.length > 0) return { rows, locate: (index) => ({ source: path, line: ids[index]! }) };
    }
    return null;
  }

  position(): Json {
    return this.#position;
  }

  /** What did not fit was not given out, and waits on: whether a row fits can be told once more. */
  async committed(position: Json): Promise<void> {
    const { schema } = this.#options;
    const { after: through } = position as Position;
    const mark = this.#connection.prepare(`UPDATE ${errorsTable} SET replayed_at = ? WHERE id = ?`);
    while (this.#marked < through) {
      const kept = await withLock(() => this.#select(this.#marked, through, markedAtOnce), this.#patience);
      const at = new Date().toISOString();
      const write = this.#connection.transaction(() => {
        for (const { id, row } of kept) if ('row' in rowOf(row, schema)) mark.run(at, id);
      });
      if (kept.length > 0) await withLock(() => write.immediate(), this.#patience);
      this.#marked = kept.length < markedAtOnce ? through : kept.at(-1)!.id;
    }
  }

  progress() {
    return { done: this.#done, total: this.#total, unit: 'rows' as const };
  }

  close(): void {
    this.#connection.close();
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

  #select(after: number, through: number, limit: number): Kept[] {
    return this.#connection
      .prepare<unknown[], Kept>(`SELECT id, row FROM ${errorsTable} WHERE ${this.#where} ORDER BY id LIMIT @limit`)
      .all({ ...this.#values(after, through), limit });
  }

  #values(after: number, through: number) {
    return { node: this.#options.node, only: this.#only, after, through };
  }
}
