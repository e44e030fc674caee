/** The rows of one statement, as the server sends them: reading stops while nobody takes them. */
import type { Cells, Session } from './session.ts';

export class ResultRows {
  readonly #session: Session;
  readonly #most: number;
  #rows: Cells[] = [];
  #hasEnded = false;
  #error: { readonly error: unknown } | null = null;
  #isPaused = false;
  #wake: (() => void) | null = null;
  readonly #lost = (error: unknown) => this.#fail(error);
  readonly #gone = () => this.#fail(new Error('Connection lost'));

  /** Begins at once. At most about `most` rows wait to be taken. */
  constructor(session: Session, sql: string, most: number) {
    this.#session = session;
    this.#most = most;
    const { connection } = session;
    connection.on('error', this.#lost);
    connection.on('end', this.#gone);
    const command = connection.query({ sql, rowsAsArray: true });
    command.on('result', (row: unknown) => this.#add(row as Cells));
    command.on('error', (error) => this.#fail(error));
    command.on('end', () => {
      this.#hasEnded = true;
      this.#settle();
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The next rows; null at the end. Rejects as the session says it. */
  async take(): Promise<readonly Cells[] | null> {
    while (this.#rows.length === 0 && !this.#hasEnded && !this.#error) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const rows = this.#rows;
    this.#rows = [];
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#session.connection.resume();
    }
    if (rows.length > 0) return rows;
    if (this.#error) throw this.#session.problem(this.#error.error);
    return null;
  }

  #add(row: Cells): void {
    this.#rows.push(row);
    // What follows in the same piece of input is taken with it.
    if (this.#rows.length === 1 && this.#wake) setImmediate(() => this.#settle());
    if (this.#rows.length < this.#most || this.#isPaused) return;
    this.#isPaused = true;
    this.#session.connection.pause();
    this.#settle();
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#error ??= { error };
    this.#settle();
  }

  #settle(): void {
    if (this.#hasEnded || this.#error) {
      this.#session.connection.off('error', this.#lost);
      this.#session.connection.off('end', this.#gone);
    }
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
