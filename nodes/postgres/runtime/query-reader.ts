/** Reads a statement to its end, once or again and again, from the place where a checkpoint says. */
import type { Reader, SourceBatch, SourceContext } from '@millrace/kit/node';
import { compileRows, convertRow } from '../../../io/text/row-conversion.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { RowPosition } from '../../../model/problems/problem.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';
import type { QueryParams } from '../query-params.ts';
import { Patience } from './patience.ts';
import { QueryCursor, type Texts } from './query-cursor.ts';
import { queryProblem } from './query-problems.ts';
import { conversionOf } from './read-values.ts';
import { type ConnectionParams, literal, quoteName, Session } from './session.ts';
import { keyOf, typesOf } from './table-facts.ts';

/** What a checkpoint has. */
type Place = {
  /** Read so far, in all. */
  readonly rows: number;
  /** The last value of the cursor, as the server writes it; null before the first row, and without a cursor. */
  readonly after: string | null;
  /** Rows with that value that have come; without a cursor, rows of this reading. Null: all, as the reading had ended. */
  readonly ties: number | null;
  /** No reading has ended yet. */
  readonly isFirst: boolean;
  /** When the next reading begins, in milliseconds since 1970; null within a reading. */
  readonly next: number | null;
};
type Context = SourceContext<QueryParams, { readonly rows: Schema }>;

export class QueryReader implements Reader {
  readonly #context: Context;
  readonly #connection: ConnectionParams;
  readonly #statement: string;
  readonly #limitMs: number | null;
  readonly #patience: Patience;
  #session: Session | null = null;
  #cursor: QueryCursor | null = null;
  #toRow: (texts: Texts) => Row | undefined = () => undefined;
  #convert: (texts: Texts) => ReturnType<typeof convertRow> = () => ({ row: {} });
  /** Which of the texts is the cursor's. */
  #by = -1;
  #portion: readonly Texts[] = [];
  #at = 0;
  #place: Place;
  #startedAt = 0;
  #isOver = false;
  #isClosed = false;
  #wake: (() => void) | null = null;

  constructor(context: Context, connection: ConnectionParams, statement: string, limitMs: number | null) {
    this.#context = context;
    this.#patience = new Patience(context);
    this.#connection = connection;
    this.#statement = statement;
    this.#limitMs = limitMs;
    this.#place = (context.start as Place | null) ?? { rows: 0, after: null, ties: 0, isFirst: true, next: null };
    context.signal.addEventListener('abort', this.#stop, { once: true });
  }

  async open(): Promise<void> {
    try {
      if (this.#place.next === null) await this.#begin();
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async read(): Promise<SourceBatch | null> {
    for (;;) {
      if (this.#isOver || this.#isEnded) return null;
      try {
        if (!this.#cursor) {
          if (!(await this.#due())) return null;
          await this.#begin();
        }
        if (this.#at === this.#portion.length) {
          this.#portion = (await this.#cursor?.next()) ?? [];
          this.#at = 0;
          this.#patience.settle();
        }
        if (this.#portion.length > 0) {
          const batch = this.#take();
          if (batch) return batch;
        } else await this.#finish();
      } catch (error) {
        if (this.#isEnded) return null;
        const told = this.#session ? await queryProblem(error, this.#session, this.#context.params, this.#limitMs) : error;
        await this.#again(told);
      }
    }
  }

  position(): Json {
    return this.#place;
  }

  progress() {
    return { done: this.#place.rows, total: null, unit: 'rows' as const };
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
  }

  get #isEnded(): boolean {
    return this.#isClosed || this.#context.signal.aborted;
  }

  readonly #stop = () => {
    this.#wake?.();
    this.#session?.abandon();
  };

  #leave(): void {
    this.#context.signal.removeEventListener('abort', this.#stop);
    this.#wake?.();
    if (this.#portion.length > 0 || this.#cursor) this.#session?.abandon();
    else this.#session?.close();
  }

  async #begin(): Promise<void> {
    const { params, signal, outputs, sample } = this.#context;
    this.#startedAt = this.#context.now();
    this.#session = this.#session?.isOpen ? this.#session : await Session.open(this.#connection, signal);
    const session = this.#session;
    try {
      if (this.#isEnded) session.close();
      const cursor = await QueryCursor.open(session, await this.#sql(session), { limitMs: this.#limitMs, isForFirst: sample });
      const { columns } = outputs.rows;
      const servers = await typesOf(session, cursor.fields);
      const conversions = columns.map(({ type }, i) => conversionOf(type, servers[i] ?? null, params.finer));
      this.#toRow = compileRows(
        outputs.rows,
        columns.map((_, i) => `input[${i}]`),
        conversions,
        `input.length === ${columns.length}`,
      );
      this.#convert = (texts) =>
        convertRow(outputs.rows, ({ type }, i) => {
          const text = texts[i] ?? null;
          const value = itemAt(conversions, i)(text);
          return value === undefined ? { ok: false, message: `"${text}" is no ${type}` } : { ok: true, value };
        });
      this.#by = columns.findIndex(({ name }) => name === params.cursorColumn);
      await cursor.skip(this.#place.ties ?? 0);
      this.#place = { ...this.#place, next: null };
      this.#portion = [];
      this.#at = 0;
      this.#cursor = cursor;
    } catch (error) {
      throw await queryProblem(error, session, params, this.#limitMs);
    }
  }

  async #sql(session: Session): Promise<string> {
    const { cursorColumn, read, table } = this.#context.params;
    if (cursorColumn === null || this.#context.sample) return this.#statement;
    const { after, ties, isFirst } = this.#place;
    const name = quoteName(cursorColumn);
    // Of rows with one value, those of a table come in an order that is the same next time.
    const key = read === 'table' ? await keyOf(session, table) : [];
    const order = [cursorColumn, ...key.filter((each) => each !== cursorColumn)].map(quoteName).join(', ');
    const above = after === null ? '' : `${name} ${ties === null ? '>' : '>='} ${literal(after)}`;
    // Rows without a value come last in the first reading, and fail.
    const where = above === '' ? '' : ` WHERE ${isFirst ? `(${above} OR ${name} IS NULL)` : above}`;
    return `SELECT * FROM (${this.#statement}\n) AS millrace${where} ORDER BY ${order}`;
  }

  async #finish(): Promise<void> {
    await this.#cursor?.close();
    this.#cursor = null;
    const { repeat } = this.#context.params;
    const { now, sample } = this.#context;
    const { after, ties } = this.#place;
    const isOver = repeat === null || sample;
    this.#place = {
      ...this.#place,
      ties: this.#by >= 0 && after !== null ? null : isOver ? ties : 0,
      isFirst: false,
      next: isOver ? null : Math.max(this.#startedAt + repeat, now()),
    };
    if (!isOver) return;
    this.#isOver = true;
    this.#session?.close();
  }

  /** Whether the next reading may begin now; false where nobody waits any more. */
  async #due(): Promise<boolean> {
    const { next } = this.#place;
    const { now } = this.#context;
    // The clock may be set back: no wait is longer than the time between two readings.
    const wait = Math.min((next ?? 0) - now(), this.#context.params.repeat ?? 0);
    if (next !== null && wait > 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    return !this.#isEnded;
  }

  /** Without a cursor there is no place to go on from. */
  async #again(error: unknown): Promise<void> {
    const { params, sample } = this.#context;
    if (params.cursorColumn === null || sample) throw error;
    await this.#patience.after(error);
    this.#session?.close();
    this.#session = null;
    this.#cursor = null;
  }

  #take(): SourceBatch | null {
    const { batchSize } = this.#context;
    const rows: Row[] = [];
    const first = this.#place.rows + 1;
    const numbers: number[] = [];
    const start = this.#at;
    const end = Math.min(this.#portion.length, start + batchSize);
    let failed = 0;
    for (let i = start; i < end; i++) {
      const texts = itemAt(this.#portion, i);
      const row = (this.#by < 0 || texts[this.#by] !== null ? this.#toRow(texts) : undefined) ?? this.#refuse(texts, first + i - start);
      if (row === undefined) failed++;
      else {
        rows.push(row);
        numbers.push(first + i - start);
      }
    }
    this.#move(start, end);
    if (rows.length === 0 && failed === 0) return null;
    return { rows, locate: (index) => this.#where(numbers[index] ?? first) };
  }

  #move(start: number, end: number): void {
    this.#at = end;
    const { rows, after, ties } = this.#place;
    const place = { ...this.#place, rows: rows + end - start };
    const value = (i: number) => itemAt(this.#portion, i)[this.#by] ?? null;
    let last = end - 1;
    while (this.#by >= 0 && last >= start && value(last) === null) last--;
    if (this.#by < 0 || last < start) {
      this.#place = this.#by < 0 ? { ...place, ties: (ties ?? 0) + end - start } : place;
      return;
    }
    const found = value(last);
    let same = 1;
    while (last - same >= start && value(last - same) === found) same++;
    const isAll = last - same < start;
    this.#place = { ...place, after: found, ties: isAll && found === after ? (ties ?? 0) + same : same };
  }

  #where(line: number): RowPosition {
    const { read, table } = this.#context.params;
    return { source: read === 'table' ? table : 'query', line };
  }

  #refuse(texts: Texts, line: number): undefined {
    const { outputs, params } = this.#context;
    const { columns } = outputs.rows;
    const position = this.#where(line);
    const row = Object.fromEntries(columns.map(({ name }, i) => [name, texts[i] ?? null]));
    if (this.#by >= 0 && texts[this.#by] === null) {
      const message = `${params.cursorColumn} is null, but it identifies rows`;
      this.#context.fail({ code: 'schedule/cursor', message, hint: 'Choose a column that every row has as the cursor.', field: 'cursorColumn', row, position });
      return;
    }
    const found = this.#convert(texts);
    const [name, message] = 'row' in found ? ['', `the query has other columns than before`] : [found.column.name, found.message];
    this.#context.fail({
      code: 'postgres/value',
      message: name === '' ? `The row does not fit: ${message}.` : `Column "${name}": ${message}.`,
      hint: 'Convert it in a query.',
      row,
      position,
    });
  }
}
