/** How far the log was read: transactions, and how many changes of the one that is under way. */
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Message } from './pgoutput.ts';
import type { Stretch } from './table-snapshot.ts';
import { Visibility } from './visibility.ts';

export type LogPosition = {
  /** Everything that was committed before it was read. */
  readonly lsn: number;
  /** The transaction behind it whose commit is at its `lsn`, of which so many changes were read. */
  readonly transaction: { readonly lsn: number; readonly rows: number } | null;
  /** What was committed before `until` may be in the rows of the table, which were read in these stretches. */
  readonly seen: { readonly stretches: readonly Stretch[]; readonly until: number } | null;
};

/** Whether a transaction is in the rows that were read before; where only some stretches of them were read behind it, by stretch. */
export type Seen = 'new' | 'seen' | readonly boolean[];

export interface Transaction {
  readonly lsn: number;
  readonly time: number;
  readonly seen: Seen;
  /** Changes of the table that were read. */
  rows: number;
}

export class LogProgress {
  #lsn: number;
  #seen: LogPosition['seen'];
  /** Of the transaction that was under way when the connection was lost, or the run ended. */
  #before: LogPosition['transaction'];
  #transaction: Transaction | null = null;
  #skip = 0;

  constructor({ lsn, transaction, seen }: LogPosition) {
    this.#lsn = lsn;
    this.#before = transaction;
    this.#seen = seen;
  }

  get lsn(): number {
    return this.#lsn;
  }
  get position(): LogPosition {
    return { lsn: this.#lsn, transaction: this.#underWay, seen: this.#seen };
  }
  /** That of the next change. */
  get transaction(): Transaction {
    if (!this.#transaction) throw new Error('A change came outside of a transaction');
    return this.#transaction;
  }
  get stretches(): readonly Stretch[] {
    return this.#seen?.stretches ?? [];
  }

  /** Rows of the table were read meanwhile. */
  see(seen: NonNullable<LogPosition['seen']>): void {
    this.#seen = seen;
  }

  begin({ lsn, time, xid }: Extract<Message, { tag: 'begin' }>): void {
    if (this.#before && lsn > this.#before.lsn) throw otherTransaction();
    const rows = this.#before?.lsn === lsn ? this.#before.rows : 0;
    this.#skip = rows;
    this.#transaction = { lsn, time, rows, seen: this.#seen ? seenBy(this.#seen.stretches, xid) : 'new' };
  }

  /** Whether the next change was read before; it is passed over then. */
  skips(): boolean {
    if (this.#skip === 0) return false;
    this.#skip--;
    return true;
  }

  commit(end: number): void {
    if (this.#skip > 0) throw otherTransaction();
    this.#transaction = null;
    this.#reach(end);
  }

  /** Nothing else was committed up to there. */
  quiet(lsn: number): void {
    if (!this.#transaction && !this.#before) this.#reach(lsn);
  }

  /** What is read next comes from the beginning of the transaction that is under way. */
  interrupt(): void {
    this.#before = this.#underWay;
    this.#transaction = null;
    this.#skip = 0;
  }

  get #underWay(): LogPosition['transaction'] {
    const { lsn = 0, rows = 0 } = this.#transaction ?? {};
    return rows > 0 ? { lsn, rows } : this.#before;
  }

  #reach(lsn: number): void {
    if (lsn <= this.#lsn) return;
    this.#lsn = lsn;
    this.#before = null;
    if (this.#seen && lsn > this.#seen.until) this.#seen = null;
  }
}

function seenBy(stretches: readonly Stretch[], xid: number): Seen {
  const seen = stretches.map(({ sees }) => new Visibility(sees).sees(xid));
  return seen.every(Boolean) ? 'seen' : seen.some(Boolean) ? seen : 'new';
}

/** The publication was changed, or the server is another one. */
function otherTransaction(): MillraceError {
  return new MillraceError({
    code: 'postgres/changed',
    message: 'The server does not send the transaction again of which a part was read: its publication, or the server, is not the one of before.',
    hint: 'Start the pipeline from scratch.',
    field: 'publication',
  });
}
