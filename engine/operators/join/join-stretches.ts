import type { KeyedState } from '@millrace/kit/keyed-state';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { PackedRow, RowPacker } from '../rows/packed-rows.ts';
import { type QueueSnapshot, SpilledQueue, type Timed } from '../spill/spilled-queue.ts';
import { TimeQueue } from '../spill/time-queue.ts';
import type { JoinKey } from './join-keys.ts';
import { type BlockLayout, type PackedBlock, RowBlock } from './row-block.ts';
import { type BlockRun, partOf, SpilledBlocks } from './spilled-blocks.ts';

/** The mark of a row that has found a partner. */
const matched = 1;
/** How many blocks without rows are kept, to be filled again. */
const mostSpares = 2;

/** The rows of one stretch of time. */
interface Stretch {
  readonly number: number;
  /** Null where none are in memory. */
  block: RowBlock | null;
  /** By their times: rows of the block that are to come out alone unless they find a partner. Null where there never was one. */
  due: TimeQueue<number> | null;
  readonly runs: BlockRun[];
}
/** A spilled row that is to come out alone unless it has found a partner: the run, part and place of its mark, and the row itself. */
type Due = readonly [run: number, part: number, place: number, row: PackedRow];
export type StretchesSnapshot = {
  readonly stretches: readonly {
    readonly number: number;
    readonly block: PackedBlock | null;
    readonly due: readonly number[];
    readonly runs: readonly BlockRun[];
  }[];
  readonly due: QueueSnapshot;
  readonly nextRun: number;
};
export interface StretchesOptions {
  /** Of a stretch of time, in milliseconds. */
  readonly length: number;
  readonly layout: BlockLayout;
  readonly packer: RowPacker;
  /** Whether rows without a partner are to come out. */
  readonly keep: boolean;
  onPartner(time: number, row: Row): void;
  readonly states: { readonly rows: KeyedState<State>; readonly due: KeyedState<State> };
}

/** The rows of one side of a join, by stretches of time that go as a whole. */
export class JoinStretches {
  /** What the rows in memory take, about. */
  bytes = 0;
  readonly #options: StretchesOptions;
  readonly #byNumber = new Map<number, Stretch>();
  /** In the order of time. */
  #inOrder: Stretch[] = [];
  #spares: RowBlock[] = [];
  readonly #spilled: SpilledBlocks;
  readonly #due: SpilledQueue<Due>;
  /** What was found last in a block: always the same list, as it is asked for with each row. */
  readonly #found: number[] = [];

  constructor(options: StretchesOptions) {
    this.#options = options;
    this.#spilled = new SpilledBlocks(options.states.rows, options.layout);
    this.#due = new SpilledQueue(options.states.due);
  }

  add(key: JoinKey, time: number, row: Row, hasPartner: boolean): void {
    const stretch = this.#at(this.#numberOf(time));
    stretch.block ??= this.#newBlock();
    const at = stretch.block.add(key, time, row, hasPartner ? matched : 0);
    if (this.#options.keep && !hasPartner) {
      stretch.due ??= new TimeQueue();
      stretch.due.add(time, at);
    }
    this.bytes += this.#options.layout.rowBytes;
  }

  /**
   * Gives the rows of a key from one time to another, both included, to `onPartner`, in the order of their times, those of one time as
   * they came. They have a partner from now on. Gives their number.
   */
  meet(key: JoinKey, from: number, to: number): number {
    let count = 0;
    const end = this.#numberOf(to);
    for (let number = this.#numberOf(from); number <= end; number++) {
      const stretch = this.#byNumber.get(number);
      if (stretch === undefined) continue;
      const { block, runs } = stretch;
      if (runs.length > 0) count += this.#meetSpilled(stretch, key, from, to);
      else if (block !== null) count += this.#meetHeld(block, key, from, to);
    }
    return count;
  }

  #meetHeld(block: RowBlock, key: JoinKey, from: number, to: number): number {
    const count = block.find(key, from, to, this.#found);
    for (let i = 0; i < count; i++) {
      const at = this.#found[i]!;
      block.marks[at] = matched;
      this.#options.onPartner(block.times[at]!, block.row(at));
    }
    return count;
  }

  /** Where rows of the stretch are in keyed state: they came before those in memory. */
  #meetSpilled(stretch: Stretch, key: JoinKey, from: number, to: number): number {
    const partners: { readonly time: number; readonly row: Row }[] = [];
    const find = (block: RowBlock): number[] => {
      const rows = this.#found.slice(0, block.find(key, from, to, this.#found));
      for (const at of rows) partners.push({ time: itemAt(block.times, at), row: block.row(at) });
      return rows;
    };
    for (const run of stretch.runs) {
      if (!this.#spilled.mayHave(run, key)) continue;
      const part = partOf(key, run.parts);
      const block = this.#spilled.part(run, part);
      if (block === null) continue;
      const rows = find(block);
      if (this.#options.keep && rows.length > 0) this.#spilled.mark(run, part, rows, matched, this.#endOf(stretch));
    }
    const { block } = stretch;
    if (block !== null) for (const at of find(block)) block.marks[at] = matched;
    partners.sort((a, b) => a.time - b.time);
    for (const { time, row } of partners) this.#options.onPartner(time, row);
    return partners.length;
  }

  // ---- Rows that come out alone

  /** The time of the next row that may come out alone; Infinity where there is none. */
  get next(): number {
    if (!this.#options.keep) return Number.POSITIVE_INFINITY;
    return Math.min(this.#due.next, this.#firstDue()?.next ?? Number.POSITIVE_INFINITY);
  }

  /** Takes that row; null where it has found a partner. */
  take(): Row | null {
    const stretch = this.#firstWithDue();
    const { due = null, block = null } = stretch ?? {};
    if (due && block && due.next < this.#due.next) {
      const at = due.take();
      return block.marks[at] === matched ? null : block.row(at);
    }
    const [id, part, place, row] = this.#due.take();
    return this.#spilled.marks({ id }, part)[place] === matched ? null : this.#options.packer.unpack(row);
  }

  #firstDue(): TimeQueue<number> | null {
    return this.#firstWithDue()?.due ?? null;
  }
  #firstWithDue(): Stretch | null {
    for (const stretch of this.#inOrder) if (stretch.due !== null && stretch.due.size > 0) return stretch;
    return null;
  }

  // ---- Coming and going

  /** Removes the stretches that have no row after this time. */
  drop(time: number): void {
    let count = 0;
    const runs: BlockRun[] = [];
    for (const stretch of this.#inOrder) {
      if (this.#endOf(stretch) > time) break;
      count++;
      this.#byNumber.delete(stretch.number);
      runs.push(...stretch.runs);
      if (stretch.block !== null) this.#release(stretch, stretch.block);
    }
    if (count > 0) this.#inOrder.splice(0, count);
    if (runs.length > 0) this.#spilled.expire(runs, time);
  }

  /** How many rows in memory have a time after this one. */
  entries(time: number): number {
    let count = 0;
    for (const { block } of this.#inOrder) {
      if (block === null) continue;
      count += block.count;
      if (block.first <= time) for (const own of block.times.subarray(0, block.count)) if (own <= time) count--;
    }
    return count;
  }

  /** The last stretch of which rows are in memory; -Infinity where there is none. */
  get lastHeld(): number {
    return this.#inOrder.findLast(({ block }) => block !== null)?.number ?? Number.NEGATIVE_INFINITY;
  }

  /** Moves the rows of that stretch into keyed state. */
  spillLast(): void {
    const stretch = this.#inOrder.findLast(({ block }) => block !== null) ?? missing('a stretch in memory');
    const block = stretch.block ?? missing('the rows of a stretch');
    const { keep, packer } = this.#options;
    const waiting = new Set(stretch.due?.inOrder());
    const due: Timed<Due>[] = [];
    const id = this.#spilled.snapshot();
    const spilledTo = (at: number, part: number, place: number): void => {
      if (waiting.has(at) && block.marks[at] !== matched) due.push({ time: itemAt(block.times, at), item: [id, part, place, packer.pack(block.row(at))] });
    };
    stretch.runs.push(this.#spilled.put(block, this.#endOf(stretch), { spilledTo: keep ? spilledTo : null, isSought: true }));
    this.#due.add(due);
    stretch.due = null;
    this.#release(stretch, block);
  }

  #newBlock(): RowBlock {
    this.bytes += this.#options.layout.blockBytes;
    return this.#spares.pop() ?? new RowBlock(this.#options.layout);
  }
  #release(stretch: Stretch, block: RowBlock): void {
    this.bytes -= block.bytes;
    stretch.block = null;
    block.clear();
    if (this.#spares.length < mostSpares) this.#spares.push(block);
  }

  snapshot(): StretchesSnapshot {
    const stretches = this.#inOrder.map(({ number, block, due, runs }) => ({
      number,
      block: block?.pack() ?? null,
      due: due?.inOrder() ?? [],
      runs: [...runs],
    }));
    return { stretches, due: this.#due.snapshot(), nextRun: this.#spilled.snapshot() };
  }

  /** Into new ones. */
  restore({ stretches, due, nextRun }: StretchesSnapshot): void {
    for (const { number, block, due, runs } of stretches) {
      const stretch = this.#at(number);
      stretch.runs.push(...runs);
      if (block === null) continue;
      stretch.block = RowBlock.unpack(this.#options.layout, block);
      if (due.length > 0) stretch.due = new TimeQueue();
      for (const at of due) stretch.due?.add(itemAt(block.times, at), at);
      this.bytes += stretch.block.bytes;
    }
    this.#due.restore(due);
    this.#spilled.restore(nextRun);
  }

  /**
   * Adds the rows of others that are after a time and whose keys are owned. Up to that time they have no partners to come, and have come
   * out where they were to.
   */
  takeOver(
    from: JoinStretches,
    { after, isOwned, makeRoom }: { readonly after: number; readonly isOwned: (key: JoinKey) => boolean; readonly makeRoom: () => void },
  ): void {
    const take = (block: RowBlock, marks: Uint8Array): void => {
      for (let at = 0; at < block.count; at++) {
        const [time, key] = [itemAt(block.times, at), itemAt(block.keys, at)];
        if (time > after && isOwned(key)) this.add(key, time, block.row(at), marks[at] === matched);
      }
      makeRoom();
    };
    for (const { runs, block } of from.#inOrder) {
      for (const run of runs) {
        for (let part = 0; part < run.parts; part++) {
          const spilled = from.#spilled.part(run, part);
          if (spilled !== null) take(spilled, this.#options.keep ? from.#spilled.marks(run, part) : spilled.marks);
        }
      }
      if (block !== null) take(block, block.marks);
    }
  }

  #numberOf(time: number): number {
    return Math.floor(time / this.#options.length);
  }
  /** The last time within a stretch. */
  #endOf({ number }: Stretch): number {
    return (number + 1) * this.#options.length - 1;
  }

  #at(number: number): Stretch {
    const found = this.#byNumber.get(number);
    if (found !== undefined) return found;
    const stretch: Stretch = { number, block: null, due: null, runs: [] };
    this.#byNumber.set(number, stretch);
    let place = this.#inOrder.length;
    while (place > 0 && itemAt(this.#inOrder, place - 1).number > number) place--;
    this.#inOrder.splice(place, 0, stretch);
    return stretch;
  }
}
