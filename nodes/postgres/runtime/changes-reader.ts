/** Reads the rows of a table and then its changes, and goes on by itself where the server was away. */
import type { CheckpointRef, Reader, SourceBatch, SourceContext } from '@millrace/kit/node';
import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError, type RowPosition } from '../../../model/problems/problem.ts';
import type { Json, Row, Schema } from '../../../model/values/types.ts';
import { type ChangeParams, namesOf } from '../change-params.ts';
import { type Change, ChangeRows, type Layout } from './change-rows.ts';
import type { TableFacts } from './changed-table.ts';
import { type LogPosition, LogProgress } from './log-progress.ts';
import { Patience } from './patience.ts';
import { lsnText, type Relation } from './pgoutput.ts';
import { type Item, ReplicationStream } from './replication-stream.ts';
import { type ConnectionParams, Session } from './session.ts';
import { checkPosition, openReplication, removeMade, slotProblem } from './slot.ts';
import { changeMessage, changeOf, concerns, formerColumns, hasOtherColumns, missingPart } from './table-changes.ts';
import { type SnapshotPosition, TableSnapshot } from './table-snapshot.ts';

/** Where a run goes on. */
export type ChangesPosition = LogPosition & {
  /** Which server: the number that it was given when it was set up. */
  readonly system: string;
  readonly slot: string;
  /** Null when the rows of the table have been read, or were not wanted. */
  readonly snapshot: SnapshotPosition | null;
};
export interface ReaderOptions {
  readonly connection: ConnectionParams;
  readonly facts: TableFacts;
  readonly position: ChangesPosition;
  /** Of a slot that was just made: the rows of the table, already opened. */
  readonly snapshot: TableSnapshot | null;
}
type Context = SourceContext<ChangeParams, { readonly rows: Schema }>;
interface Place {
  readonly transaction: number;
  readonly line: number;
}

/** A position that no row moves is told to the run when it has moved by so much, or for so long. */
const idleBytes = 16 * 1024 * 1024;
const idleMs = 30_000;
/** The process of a run that was killed may read the slot for a moment; the server notices one that was cut off after `wal_sender_timeout`. */
const inUseMs = { atStart: 10_000, later: 150_000 };

export class ChangesReader implements Reader {
  readonly #options: ReaderOptions;
  readonly #context: Context;
  readonly #rows: ChangeRows;
  readonly #patience: Patience;
  readonly #progress: LogProgress;
  #layout: Layout;
  #snapshotAt: SnapshotPosition | null;
  #snapshot: TableSnapshot | null;
  #stream: ReplicationStream | null = null;
  /** To ask where rows were read; while that matters. */
  #lookup: Session | null = null;
  /** Has come, and is not dealt with yet. */
  #item: Item | null = null;
  #durable = 0;
  #told: number;
  #toldAt = performance.now();
  #hasStreamed = false;
  #isClosed = false;

  constructor(options: ReaderOptions, context: Context) {
    const { facts, position, snapshot } = options;
    this.#options = options;
    this.#context = context;
    this.#rows = new ChangeRows(facts, context);
    this.#layout = this.#rows.selected;
    this.#patience = new Patience(context);
    this.#progress = new LogProgress(position);
    this.#snapshotAt = snapshot?.position ?? position.snapshot;
    this.#snapshot = snapshot;
    this.#told = position.lsn;
    context.signal.addEventListener('abort', this.#disconnect, { once: true });
  }

  async read(): Promise<SourceBatch | null> {
    for (;;) {
      if (this.#isStopped) return null;
      try {
        const batch = this.#snapshotAt ? await this.#readRows(this.#snapshotAt) : await this.#readChanges();
        if (this.#isStopped) return null;
        if (batch) return batch;
      } catch (error) {
        if (this.#isStopped) return null;
        this.#disconnect();
        await this.#patience.after(error, (each) => this.#isBusy(each));
      }
    }
  }

  position(): Json {
    const { system, slot } = this.#options.position;
    return { system, slot, ...this.#progress.position, snapshot: this.#snapshotAt } satisfies ChangesPosition;
  }

  async committed(position: Json, { isLast }: CheckpointRef): Promise<void> {
    const { lsn, snapshot } = position as ChangesPosition;
    if (snapshot === null && lsn > this.#durable) {
      this.#durable = lsn;
      this.#stream?.confirm(lsn);
    }
    if (!isLast || this.#context.params.removal !== 'remove') return;
    this.#disconnect();
    await removeMade(this.#options.connection, this.#context.params, this.#context);
  }

  close(): void {
    this.#isClosed = true;
    this.#context.signal.removeEventListener('abort', this.#disconnect);
    this.#disconnect();
  }

  get #isStopped(): boolean {
    return this.#isClosed || this.#context.signal.aborted;
  }

  readonly #disconnect = (): void => {
    this.#snapshot?.close();
    this.#stream?.close();
    this.#lookup?.close();
    this.#snapshot = null;
    this.#stream = null;
    this.#lookup = null;
    this.#item = null;
    this.#progress.interrupt();
  };

  #isBusy(error: unknown): boolean {
    const most = this.#hasStreamed ? inUseMs.later : inUseMs.atStart;
    return error instanceof MillraceError && error.problem.code === 'postgres/slot-in-use' && this.#patience.lasted < most;
  }

  async #withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const session = await Session.open(this.#options.connection, this.#context.signal);
    try {
      return await use(session);
    } finally {
      session.close();
    }
  }

  async #readRows(from: SnapshotPosition): Promise<SourceBatch | null> {
    const { facts, connection } = this.#options;
    this.#snapshot ??= await TableSnapshot.open(await Session.open(connection, this.#context.signal), facts, null, from);
    const snapshot = this.#snapshot;
    const taken = await snapshot.take(this.#context.batchSize);
    if (this.#isStopped) return null;
    this.#patience.settle();
    const { rows: before, at, lsn: until, stretches } = snapshot.position;
    if (taken.length === 0) {
      snapshot.close();
      this.#snapshot = null;
      this.#snapshotAt = null;
      this.#progress.see({ stretches, until });
      this.#context.log('info', `${before} ${before === 1 ? 'row' : 'rows'} of the table were read; its changes follow.`);
      return null;
    }
    const source = `${facts.name}, rows of the table`;
    const { lsn } = this.#progress;
    const rows: Row[] = [];
    const lines: number[] = [];
    taken.forEach((cells, i) => {
      const line = before + i + 1;
      const row = this.#rows.row({ operation: 'snapshot', cells, before: null, time: at, lsn }, this.#rows.selected, () => ({ source, line }));
      if (!row) return;
      rows.push(row);
      lines.push(line);
    });
    snapshot.settle(taken);
    this.#snapshotAt = snapshot.position;
    return { rows, locate: (index) => ({ source, line: itemAt(lines, index) }) };
  }

  async #readChanges(): Promise<SourceBatch | null> {
    const stream = this.#stream ?? (await this.#startStream());
    const { facts } = this.#options;
    const progress = this.#progress;
    const rows: Row[] = [];
    const places: Place[] = [];
    let isFailed = false;
    while (rows.length < this.#context.batchSize) {
      this.#item ??= stream.next();
      if (!this.#item) break;
      const item = this.#item;
      const message = changeMessage(item);
      if (message) {
        if (concerns(message, facts.oid) && !progress.skips()) {
          const { transaction } = progress;
          let change: Change | null = changeOf(message, transaction, item.lsn, facts);
          if (typeof transaction.seen !== 'string') {
            if (rows.length > 0) break;
            change = await this.#missingPart(change, transaction.seen);
          } else if (transaction.seen === 'seen') change = null;
          if (change) {
            const place = { transaction: transaction.lsn, line: transaction.rows + 1 };
            const row = this.#rows.row(change, this.#layout, () => this.#located(place));
            if (row) {
              rows.push(row);
              places.push(place);
            } else isFailed = true;
          }
          transaction.rows++;
        }
      } else if (item.message.tag === 'relation') {
        if (rows.length > 0) break;
        await this.#meet(item.message.relation);
      } else this.#pass(item);
      this.#item = null;
    }
    if (rows.length === 0 && !isFailed && !this.#isIdleLong) {
      if (!this.#item) await stream.arrived();
      return null;
    }
    this.#told = progress.lsn;
    this.#toldAt = performance.now();
    return { rows, locate: (index) => this.#located(itemAt(places, index)) };
  }

  async #startStream(): Promise<ReplicationStream> {
    const { connection } = this.#options;
    const { params, signal } = this.#context;
    const { slot, publication } = namesOf(params);
    const { lsn } = this.#progress;
    if (this.#hasStreamed) await this.#withSession((session) => checkPosition(session, slot, lsn));
    const session = await openReplication(connection, signal);
    const stream = await ReplicationStream.start(session, { slot, publication, from: lsn, problem: (error) => slotProblem(error, session, params) });
    this.#stream = stream;
    if (this.#isStopped) stream.close();
    this.#hasStreamed = true;
    this.#patience.settle();
    stream.confirm(this.#durable);
    return stream;
  }

  #pass({ message, lsn }: Item): void {
    if (message.tag === 'begin') this.#progress.begin(message);
    else if (message.tag === 'commit') this.#progress.commit(message.end);
    else if (message.tag === 'quiet') this.#progress.quiet(lsn);
  }

  async #meet(relation: Relation): Promise<void> {
    const { facts } = this.#options;
    if (relation.oid !== facts.oid) return;
    if (hasOtherColumns(relation, facts)) {
      const former = await this.#withSession((session) => formerColumns(relation, facts, session));
      if (former.length > 0) {
        this.#context.log('warning', `Columns that the table has no more are left out of older changes: ${former.map((name) => `"${name}"`).join(', ')}.`);
      }
    }
    this.#layout = this.#rows.layoutOf(relation.columns);
  }

  async #missingPart(change: Change, seen: readonly boolean[]): Promise<Change | null> {
    const { facts, connection } = this.#options;
    this.#lookup ??= await Session.open(connection, this.#context.signal);
    try {
      return await missingPart(change, seen, { facts, stretches: this.#progress.stretches, layout: this.#layout, session: this.#lookup });
    } catch (error) {
      throw this.#lookup?.problem(error) ?? error;
    }
  }

  get #isIdleLong(): boolean {
    const moved = this.#progress.lsn - this.#told;
    return moved > idleBytes || (moved > 0 && performance.now() - this.#toldAt > idleMs);
  }

  #located({ transaction, line }: Place): RowPosition {
    return { source: `${this.#options.facts.name}, transaction ${lsnText(transaction)}`, line };
  }
}
