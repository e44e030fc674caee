import type { Output, RowFailure, SinkContext, Transaction, Writer } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import { outputProblem } from '../files/output-problem.ts';
import type { Participant, SqliteDatabase } from './sqlite-database.ts';
import { type Insert, prepareInsert, ValueRefused } from './sqlite-insert.ts';
import { openTarget, type Target, type TargetColumn, type TargetSpec, type WriteMode } from './sqlite-target.ts';

/** Faster than 8 and than 40: see bench/README.md. */
const rowsPerStatement = 16;
/** SQLite's own limit on the values of a statement. */
const maxValues = 32_766;

export interface SqliteWriterOptions {
  readonly table: string;
  readonly mode: WriteMode;
  readonly keys: readonly string[];
  /** As in `TargetSpec`; absent for null. */
  readonly newer?: string | null;
  /** Aligned with the schema. */
  readonly columns: readonly TargetColumn[];
}
/** Where a part of the rows of a table is written. */
export type SqlitePlace = { readonly path: string; readonly table: string };
type Context = Pick<SinkContext<unknown>, 'log' | 'fail' | 'resume' | 'guard'>;

/** Writes rows into one table, within the database's transaction. */
export class SqliteWriter implements Writer, Participant {
  readonly #database: SqliteDatabase;
  readonly #schema: Schema;
  readonly #context: Context;
  readonly #count: number;
  #spec: TargetSpec;
  #target: Target;
  #isPublished = false;
  /** Whether what is inserted is also kept in a redo log. */
  #isRecorded = false;
  /** Rows that were not newer than those in the table, since the last commit and up to it. */
  #older = { written: 0, committed: 0 };
  /** Made with the first rows. */
  #inserts: { readonly many: Insert; readonly single: Insert } | null = null;

  /** The database is open. */
  constructor(database: SqliteDatabase, schema: Schema, options: SqliteWriterOptions, context: Context) {
    const { table, mode, columns } = options;
    this.#database = database;
    this.#schema = schema;
    this.#context = context;
    this.#count = Math.max(1, Math.min(rowsPerStatement, Math.floor(maxValues / Math.max(1, columns.length))));
    const upserts = mode === 'upsert';
    this.#spec = {
      table,
      mode,
      columns,
      keys: upserts ? options.keys : [],
      newer: upserts ? (options.newer ?? null) : null,
      continues: context.resume !== null,
    };
    database.claim(table);
    try {
      this.#target = openTarget(database, this.#spec);
      this.#inserts = this.#prepareInserts();
    } catch (error) {
      throw outputProblem(error, database.path);
    }
    database.join(this);
  }

  get transaction(): Transaction {
    return this.#database;
  }

  write(rows: readonly Row[]): void | Promise<void> {
    return this.#database.insert(this, () => this.#insert(rows));
  }

  prepare(checkpoint: number): Promise<Json> {
    return this.#database.prepare(this, checkpoint);
  }

  async commit(checkpoint?: number): Promise<void> {
    try {
      await this.#database.commit(this, checkpoint ?? null);
    } catch (error) {
      throw outputProblem(error, this.#database.path);
    }
    this.#older = { written: 0, committed: this.#older.committed + this.#older.written };
  }

  abort(): void {
    this.#database.rollback();
  }

  /** The engine closes the connection: other sinks may still use it. */
  close(): void {
    const { committed } = this.#older;
    if (committed === 0) return;
    const rows = committed === 1 ? '1 row was' : `${thousands(committed)} rows were`;
    this.#context.log('info', `${rows} no newer, by "${this.#spec.newer}", than what table "${this.#target.table}" had, and changed nothing.`);
  }

  output(): Output {
    return { kind: 'sqlite', path: this.#database.path, table: this.#target.table };
  }

  spec(): TargetSpec {
    return this.#spec;
  }

  part(): Json | null {
    const { table, mode, continues } = this.#spec;
    // A redo log must see each row.
    if (continues || (mode !== 'replace' && mode !== 'create') || this.#isRecorded) return null;
    const path = this.#database.part();
    this.#context.guard?.({ remove: path });
    return { path, table } satisfies SqlitePlace;
  }

  join(finished: Json): void {
    const { path, table } = finished as SqlitePlace;
    this.#database.take(path, table, this.#target.into);
  }

  publish(): void {
    if (this.#isPublished) return;
    this.#target.publish((message) => this.#context.log('warning', message));
    this.#isPublished = true;
  }

  renew(): void {
    const isKept = this.#database.recorder(this) !== null;
    const isMoved = this.#isPublished && this.#target.into !== this.#target.table;
    // Only then: statements and their compiled functions stay valid after a commit, and creating them again costs memory and time.
    if (isKept !== this.#isRecorded || isMoved) this.#inserts = null;
    if (!this.#isPublished) return;
    this.#target = { ...this.#target, into: this.#target.table };
    this.#spec = { ...this.#spec, continues: true };
  }

  #prepareInserts() {
    const record = this.#database.recorder(this);
    this.#isRecorded = record !== null;
    const prepare = (count: number) => prepareInsert(this.#database.connection, this.#target, this.#schema, this.#spec, count, record);
    return { many: prepare(this.#count), single: prepare(1) };
  }

  #insert(rows: readonly Row[]): void {
    const count = this.#count;
    let at = 0;
    try {
      this.#inserts ??= this.#prepareInserts();
    } catch (error) {
      throw outputProblem(error, this.#database.path);
    }
    const { many, single } = this.#inserts;
    for (; at + count <= rows.length; at += count) {
      try {
        this.#noteOlder(count - many(rows, at));
      } catch (error) {
        // The statement as a whole was undone: one by one, all valid rows are inserted.
        if (!this.#failureOf(error)) throw outputProblem(error, this.#database.path);
        for (let i = at; i < at + count; i++) this.#insertOne(single, rows, i);
      }
    }
    for (; at < rows.length; at++) this.#insertOne(single, rows, at);
  }

  #insertOne(single: Insert, rows: readonly Row[], index: number): void {
    try {
      this.#noteOlder(1 - single(rows, index));
    } catch (error) {
      const failure = this.#failureOf(error);
      if (!failure) throw outputProblem(error, this.#database.path);
      this.#context.fail({ ...failure, row: itemAt(rows, index) });
    }
  }

  #noteOlder(count: number): void {
    if (this.#spec.newer) this.#older.written += count;
  }

  /** The error of one row, or null if the error is not a row's, or has undone more than the row. */
  #failureOf(error: unknown): RowFailure | null {
    const failure = failureOf(error);
    if (failure) this.#database.checkTransaction();
    return failure;
  }
}

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
