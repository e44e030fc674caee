import type { Row, Schema } from '../../engine/schema/types.ts';
import type { Output, RowFailure, RunContext, Writer } from '../kit/node.ts';
import { outputProblem } from './output-problem.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { type Insert, prepareInsert, ValueRefused } from './sqlite-insert.ts';
import { openTarget, type Target, type TargetColumn, type WriteMode } from './sqlite-target.ts';

/** Faster than 8 and than 40: see bench/README.md. */
const rowsPerStatement = 16;
/** SQLite's own limit on the values of a statement. */
const maxValues = 32_766;

export interface SqliteWriterOptions {
  readonly table: string;
  readonly mode: WriteMode;
  readonly keys: readonly string[];
  /** Aligned with the schema. */
  readonly columns: readonly TargetColumn[];
}

/** Writes rows into one table, within the database's transaction. */
export class SqliteWriter implements Writer {
  readonly #database: SqliteDatabase;
  readonly #context: Pick<RunContext<unknown>, 'signal' | 'log' | 'fail'>;
  readonly #target: Target;
  readonly #many: Insert;
  readonly #single: Insert;
  readonly #count: number;

  /** The database has begun its transaction. */
  constructor(database: SqliteDatabase, schema: Schema, options: SqliteWriterOptions, context: Pick<RunContext<unknown>, 'signal' | 'log' | 'fail'>) {
    const { table, mode, keys, columns } = options;
    this.#database = database;
    this.#context = context;
    this.#count = Math.max(1, Math.min(rowsPerStatement, Math.floor(maxValues / Math.max(1, columns.length))));
    database.claim(table);
    try {
      const upsertKeys = mode === 'upsert' ? keys : [];
      this.#target = openTarget(database, table, mode, columns, upsertKeys);
      this.#many = prepareInsert(database, this.#target, schema, columns, upsertKeys, this.#count);
      this.#single = prepareInsert(database, this.#target, schema, columns, upsertKeys, 1);
    } catch (error) {
      throw outputProblem(error, database.path);
    }
  }

  write(rows: readonly Row[]): void {
    const count = this.#count;
    let at = 0;
    for (; at + count <= rows.length; at += count) {
      try {
        this.#many(rows, at);
      } catch (error) {
        // The statement as a whole was undone: one by one, all but the culprits get in.
        if (!failureOf(error)) throw outputProblem(error, this.#database.path);
        for (let i = at; i < at + count; i++) this.#writeOne(rows, i);
      }
    }
    for (; at < rows.length; at++) this.#writeOne(rows, at);
  }

  async commit(): Promise<void> {
    try {
      this.#target.publish((message) => this.#context.log('warning', message));
    } catch (error) {
      throw outputProblem(error, this.#database.path);
    }
    await this.#database.commit(this.#context.signal);
  }

  abort(): void {
    this.#database.rollback();
  }

  /** The connection is the engine's to close: other sinks may still use it. */
  close(): void {}

  output(): Output {
    return { kind: 'sqlite', path: this.#database.path, table: this.#target.table };
  }

  #writeOne(rows: readonly Row[], index: number): void {
    try {
      this.#single(rows, index);
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw outputProblem(error, this.#database.path);
      this.#context.fail({ ...failure, row: rows[index]! });
    }
  }
}

/** What one row did wrong, or null where the fault is not a row's. */
function failureOf(error: unknown): RowFailure | null {
  if (error instanceof ValueRefused) {
    return { code: 'sqlite/value', message: error.message, hint: 'Change the column before the sink, or its type in the sink.' };
  }
  const code = String((error as { code?: unknown }).code);
  if (/^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code)) {
    return {
      code: 'sqlite/constraint',
      message: `The database refused a row: ${(error as Error).message}.`,
      hint: 'Change or filter such rows before the sink, or set its error policy to skip them.',
    };
  }
  return null;
}
