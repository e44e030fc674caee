/** The rows of one statement, in portions of about a megabyte; the whole result is never in memory. */
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import type { Session } from './session.ts';

export type Texts = (string | null)[];

const firstPortion = 100;
const largestPortion = 10_000;
const portionBytes = 1 << 20;
const growth = 8;

export interface CursorOptions {
  /** Of the server, for each portion; null: it takes as long as it takes. */
  readonly limitMs: number | null;
  /** Whether the first rows alone are wanted, so that a plan is good which gives these soon. */
  readonly isForFirst: boolean;
}

export class QueryCursor {
  readonly fields: readonly pg.FieldDef[];
  readonly #session: Session;
  #size = firstPortion;
  #ahead: Promise<Texts[]> | null = null;
  #isOver = false;

  private constructor(session: Session, fields: readonly pg.FieldDef[]) {
    this.#session = session;
    this.fields = fields;
  }

  /** In a transaction that cannot write. Rejects with what the server says, or with `NotConnected`. */
  static async open(session: Session, sql: string, { limitMs, isForFirst }: CursorOptions): Promise<QueryCursor> {
    await session.query(`BEGIN READ ONLY; SET LOCAL cursor_tuple_fraction = ${isForFirst ? 0.1 : 1}; SET LOCAL statement_timeout = ${limitMs ?? 0}`);
    // By the extended protocol, which takes one statement alone.
    await session.client.query({ text: `${declare}${sql}`, queryMode: 'extended' } as pg.QueryConfig).catch((error: unknown) => {
      throw session.problem(error);
    });
    const { fields } = await session.query('FETCH 0 FROM millrace');
    return new QueryCursor(session, fields);
  }

  /** Leaves out the next rows. */
  async skip(count: number): Promise<void> {
    if (count > 0) await this.#session.query(`MOVE FORWARD ${count} FROM millrace`);
  }

  /** The next rows, none at the end. While they are used, the server gives those after them. */
  async next(): Promise<Texts[]> {
    const rows = await (this.#ahead ?? this.#fetch());
    this.#ahead = null;
    if (!this.#isOver) {
      this.#ahead = this.#fetch();
      this.#ahead.catch(() => {});
    }
    return rows;
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => {});
    if (this.#session.isOpen) await this.#session.query('ROLLBACK');
  }

  async #fetch(): Promise<Texts[]> {
    if (this.#isOver) return [];
    const { client } = this.#session;
    const size = this.#size;
    const fetch = new Fetch(`FETCH ${size} FROM millrace`);
    const stream = client.connection.stream as Duplex & { readonly bytesRead?: number };
    const before = stream.bytesRead ?? 0;
    client.query(fetch);
    const rows = await fetch.done.catch((error: unknown) => {
      throw this.#session.problem(error);
    });
    if (rows.length < size) this.#isOver = true;
    const each = Math.max(1, ((stream.bytesRead ?? 0) - before) / Math.max(1, rows.length));
    this.#size = Math.max(1, Math.min(largestPortion, size * growth, Math.round(portionBytes / each)));
    return rows;
  }
}

const declare = 'DECLARE millrace NO SCROLL CURSOR FOR ';

/** What `pg.Client.query` takes; rows as they come, as lists of texts. */
class Fetch implements pg.Submittable {
  readonly done: Promise<Texts[]>;
  readonly #text: string;
  readonly #rows: Texts[] = [];
  #resolve: (rows: Texts[]) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(text: string) {
    this.#text = text;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: unknown): void {
    (connection as { query(text: string): void }).query(this.#text);
  }
  handleDataRow(message: { readonly fields: Texts }): void {
    this.#rows.push(message.fields);
  }
  handleError(error: unknown): void {
    this.#reject(error);
  }
  handleReadyForQuery(): void {
    this.#resolve(this.#rows);
  }
  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
}
