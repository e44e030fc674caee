import { MillraceError } from '@millrace/kit/errors';
import type { Output, SinkContext, Transaction, Writer } from '@millrace/kit/node';
import { TextBuffer } from '../../../io/text/text-buffer.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';
import type { OutputDatabase, Participant } from './output-database.ts';
import { type Failed, stateOf } from './session.ts';
import { type CopyFormat, copyFormat, ValueRefused } from './stored-values.ts';
import { openTarget, type Target, type TargetSpec } from './target.ts';

/** A batch of COPY: larger ones are no faster, and wait in memory. */
const batchBytes = 512 * 1024;
const batchRows = 10_000;

/** Writes rows into one table, within the database's transaction. */
export class TableWriter implements Writer, Participant {
  readonly #database: OutputDatabase;
  readonly #context: Pick<SinkContext<unknown>, 'fail'>;
  readonly #index: number;
  #target: Target;
  #format: CopyFormat;
  #text = new TextBuffer();
  #rows: Row[] = [];
  /** Rows of the next checkpoint, which come before the last one is committed. */
  #next: (readonly Row[])[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #isBusy = false;
  #error: { readonly error: unknown } | null = null;

  private constructor(database: OutputDatabase, schema: Schema, target: Target, index: number, context: Pick<SinkContext<unknown>, 'fail'>) {
    this.#database = database;
    this.#context = context;
    this.#index = index;
    this.#target = target;
    this.#format = copyFormat(schema, target.columns, target.spec.keys);
  }

  static async open(
    database: OutputDatabase,
    schema: Schema,
    spec: TargetSpec,
    index: number,
    context: Pick<SinkContext<unknown>, 'fail'>,
  ): Promise<TableWriter> {
    const target = await database.exclusively(() => openTarget(database.session, spec, index));
    const writer = new TableWriter(database, schema, target, index, context);
    database.join(writer);
    return writer;
  }

  get transaction(): Transaction {
    return this.#database;
  }
  get target(): Target {
    return this.#target;
  }

  write(rows: readonly Row[]): void | Promise<void> {
    if (this.#error) throw this.#error.error;
    if (this.#database.isReady(this)) {
      this.#next.push(rows);
      return this.#database.committing?.catch(() => {});
    }
    this.#encode(rows);
    if (this.#text.at < batchBytes && this.#rows.length < batchRows) return;
    const isBehind = this.#isBusy;
    const sent = this.#send();
    // One batch is with the server while the next one is made.
    return isBehind ? sent : undefined;
  }

  async flush(): Promise<void> {
    await this.#send();
    if (this.#error) throw this.#error.error;
  }

  prepare(checkpoint: number): Promise<Json> {
    return this.#database.prepare(this, checkpoint);
  }

  async commit(checkpoint?: number): Promise<void> {
    await this.#database.commit(this, checkpoint ?? null);
  }

  async abort(): Promise<void> {
    this.#next = [];
    this.#rows = [];
    this.#text.at = 0;
    await this.#flushing.catch(() => {});
    await this.#database.rollback();
  }

  close(): Promise<void> {
    return this.#database.settled();
  }

  output(): Output {
    return { kind: 'table', path: this.#database.name, table: this.#target.spec.table };
  }

  async renew(): Promise<void> {
    const { spec } = this.#target;
    if (!spec.continues) {
      const continued = { ...spec, continues: true };
      this.#target = this.#target.publish
        ? await this.#database.exclusively(() => openTarget(this.#database.session, continued, this.#index))
        : { ...this.#target, spec: continued };
    }
    const waiting = this.#next;
    this.#next = [];
    for (const rows of waiting) await this.write(rows);
  }

  #encode(rows: readonly Row[]): void {
    const { write, prepare } = this.#format;
    const before = this.#text.at;
    try {
      write(prepare ? rows.map(prepare) : rows, this.#text);
      for (const row of rows) this.#rows.push(row);
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      this.#text.at = before;
      for (const row of rows) this.#encodeOne(row);
    }
  }

  #encodeOne(row: Row): void {
    const before = this.#text.at;
    try {
      this.#format.write([this.#format.prepare?.(row) ?? row], this.#text);
      this.#rows.push(row);
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      this.#text.at = before;
      this.#context.fail({ code: 'postgres/value', message: error.message, hint: 'Change the column before the sink, or its type in the table.', row });
    }
  }

  #send(): Promise<void> {
    if (this.#rows.length === 0) return this.#flushing;
    const rows = this.#rows;
    const bytes = Buffer.from(this.#text.bytes.subarray(0, this.#text.at));
    this.#rows = [];
    this.#text.at = 0;
    this.#isBusy = true;
    const run = async () => {
      if (this.#error) throw this.#error.error;
      await this.#database.exclusively(() => this.#take(rows, bytes));
    };
    const sent = this.#flushing.catch(() => {}).then(run);
    this.#flushing = sent
      .catch((error: unknown) => {
        this.#error ??= { error };
        throw error;
      })
      .finally(() => {
        if (this.#flushing === last) this.#isBusy = false;
      });
    const last = this.#flushing;
    last.catch(() => {});
    return last;
  }

  /** A batch that is refused is halved until those rows are found that are the reason. */
  async #take(rows: readonly Row[], bytes: Uint8Array): Promise<void> {
    try {
      await this.#database.copy(this, bytes);
    } catch (error) {
      if (!isOfRow(error)) throw problemOf(error);
      const [first] = rows;
      if (rows.length === 1 && first) {
        const { message } = error as Failed;
        this.#context.fail({
          code: 'postgres/constraint',
          message: `The database refused a row: ${message}.`,
          hint: 'Change or filter such rows before the sink, or set its error policy to skip them.',
          row: first,
        });
        return;
      }
      const half = rows.length >> 1;
      for (const part of [rows.slice(0, half), rows.slice(half)]) {
        const text = new TextBuffer();
        const { prepare, write } = this.#format;
        write(prepare ? part.map(prepare) : part, text);
        await this.#take(part, text.bytes.subarray(0, text.at));
      }
    }
  }
}

/** A value or a constraint is at fault, or a trigger that raises an exception. */
function isOfRow(error: unknown): boolean {
  return !(error instanceof MillraceError) && /^(22|23|P0001|44)/.test(stateOf(error));
}

export function problemOf(error: unknown): unknown {
  const state = stateOf(error);
  if (error instanceof MillraceError || state === '') return error;
  const { message } = error as Failed;
  if (state === '42501') {
    return new MillraceError(
      { code: 'postgres/denied', message: `The server refuses it: ${message}.`, hint: 'Ask an administrator for that right.', field: 'connection' },
      { cause: error },
    );
  }
  const behaviour = /^(40|53|55|57)/.test(state) ? ('transient' as const) : undefined;
  return new MillraceError(
    { code: 'postgres/failed', message: `PostgreSQL: ${message} (${state}).`, hint: 'See what the server says.', ...(behaviour && { behaviour }) },
    { cause: error },
  );
}
