import { MillraceError } from '@millrace/kit/errors';
import type { Output, SinkContext, Transaction, Writer } from '@millrace/kit/node';
import { TextBuffer } from '../../../io/text/text-buffer.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';
import { type InsertRow, insertFormat, ValueRefused } from './insert-format.ts';
import type { OutputDatabase, Participant } from './output-database.ts';
import { messageOf, numberOf, statementProblem, stateOf } from './server-errors.ts';
import { openTarget, type Target, type TargetSpec } from './target.ts';

/** A statement: longer ones are no faster, and wait in memory. */
const batchBytes = 512 * 1024;
const batchRows = 5000;
/** Of a statement, beside its rows. */
const headBytes = 64 * 1024;

type Context = Pick<SinkContext<unknown>, 'fail'>;

/** Writes rows into one table, within the database's transaction. */
export class TableWriter implements Writer, Participant {
  readonly #database: OutputDatabase;
  readonly #context: Context;
  readonly #format: InsertRow;
  readonly #maxBytes: number;
  readonly #text = new TextBuffer();
  #target: Target;
  #rows: Row[] = [];
  /** Rows of the next checkpoint, which come before the last one is committed. */
  #next: (readonly Row[])[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #isBusy = false;
  #error: { readonly error: unknown } | null = null;

  private constructor(database: OutputDatabase, schema: Schema, target: Target, context: Context) {
    this.#database = database;
    this.#context = context;
    this.#target = target;
    this.#format = insertFormat(schema, target.columns, target.spec.keys);
    this.#maxBytes = database.session.maxPacket - headBytes;
  }

  static async open(database: OutputDatabase, schema: Schema, spec: TargetSpec, context: Context): Promise<TableWriter> {
    const target = await database.exclusively(() => openTarget(database.session, spec));
    const writer = new TableWriter(database, schema, target, context);
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
    let waits: Promise<void> | undefined;
    for (const row of rows) {
      this.#encode(row);
      if (this.#text.at < Math.min(batchBytes, this.#maxBytes) && this.#rows.length < batchRows) continue;
      const isBehind = this.#isBusy;
      const sent = this.#send();
      // One batch is with the server while the next one is made.
      if (isBehind) waits = sent;
    }
    return waits;
  }

  async flush(): Promise<void> {
    await this.#send();
    if (this.#error) throw this.#error.error;
  }

  async prepare(checkpoint: number): Promise<Json> {
    return said(this.#database.prepare(this, checkpoint));
  }

  async commit(checkpoint?: number): Promise<void> {
    await said(this.#database.commit(this, checkpoint ?? null));
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
    this.#target = { ...this.#target, spec: { ...this.#target.spec, continues: true }, isNew: false, clears: false };
    const waiting = this.#next;
    this.#next = [];
    for (const rows of waiting) await this.write(rows);
  }

  #encode(row: Row): void {
    const text = this.#text;
    const before = text.at;
    try {
      this.#format(row, text);
      if (text.at - before > this.#maxBytes) throw new ValueRefused(`The row has ${text.at - before} bytes, more than the server takes (max_allowed_packet).`);
      if (text.at > this.#maxBytes && before > 0) this.#sendBefore(before);
      this.#rows.push(row);
    } catch (error) {
      text.at = before;
      if (!(error instanceof ValueRefused)) throw error;
      this.#context.fail({ code: 'mysql/value', message: error.message, hint: 'Change the column before the sink, or its type in the table.', row });
    }
  }

  /** What was written from there on is for the next statement: both would be too long for one. */
  #sendBefore(at: number): void {
    const text = this.#text;
    const rest = Buffer.from(text.bytes.subarray(at, text.at));
    text.at = at;
    void this.#send();
    text.reserve(rest.length);
    rest.copy(text.bytes, 0);
    text.at = rest.length;
  }

  #send(): Promise<void> {
    if (this.#rows.length === 0) return this.#flushing;
    const rows = this.#rows;
    const text = withoutComma(this.#text);
    this.#rows = [];
    this.#isBusy = true;
    const run = async () => {
      if (this.#error) throw this.#error.error;
      await this.#database.exclusively(() => this.#take(rows, text));
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
  async #take(rows: readonly Row[], text: string): Promise<void> {
    try {
      await this.#database.insert(this, text);
    } catch (error) {
      if (!isOfRow(error)) throw statementProblem(error);
      const [first] = rows;
      if (rows.length === 1 && first) {
        this.#context.fail({
          code: 'mysql/constraint',
          message: `The database refused a row: ${messageOf(error)}.`,
          hint: 'Change or filter such rows before the sink, or set its error policy to skip them.',
          row: first,
        });
        return;
      }
      const half = rows.length >> 1;
      for (const part of [rows.slice(0, half), rows.slice(half)]) {
        const into = new TextBuffer();
        for (const row of part) this.#format(row, into);
        await this.#take(part, withoutComma(into));
      }
    }
  }
}

function withoutComma(text: TextBuffer): string {
  const found = text.bytes.toString('utf8', 0, text.at - 1);
  text.at = 0;
  return found;
}

/** What belongs to a value or a constraint, but has no state of its own: no default, truncated, no such value, a check. */
const ofRow = [1265, 1364, 1366, 1411, 1526, 3140, 3819, 4025];

/** A value or a constraint is at fault, or a trigger that says so. */
function isOfRow(error: unknown): boolean {
  return !(error instanceof MillraceError) && (ofRow.includes(numberOf(error)) || /^(22|23|45)/.test(stateOf(error)));
}

async function said<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw statementProblem(error);
  }
}
