import type { Row, State } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import { SpilledLists } from './spilled-lists.ts';
import { type QueueSnapshot, SpilledQueue, type Timed } from './spilled-queue.ts';
import { type Held, type Match, type Matcher, type MatcherOptions, otherSide, type Side, type SpilledRow, sides } from './stream-join-matcher.ts';
import { TimeOrdered } from './time-ordered.ts';
import { TimeQueue } from './time-queue.ts';

/** The rows of one key, both sides under one entry: one look-up finds where a row goes and what it meets. */
interface Cell {
  readonly key: JoinKey;
  left: Lane | null;
  right: Lane | null;
}
/** The rows of one side of a key. */
class Lane extends TimeOrdered<Held> {
  readonly cell: Cell;
  /** The time for which the lane is in the queue; older entries of it there are stale. */
  queuedFor = Number.POSITIVE_INFINITY;

  constructor(cell: Cell) {
    super();
    this.cell = cell;
  }
}

type Spilled = {
  readonly stretches: { readonly left: readonly number[]; readonly right: readonly number[] };
  readonly due: { readonly left: QueueSnapshot; readonly right: QueueSnapshot };
};
/** Where a row is that comes out alone unless it finds a partner: its key, and its place among the rows of that. */
type Due = readonly [JoinKey, number];

/**
 * Joins rows whose times lie within a range of each other. Pairs come out as soon as both rows are there.
 *
 * Rows that do not fit into memory are in lists by side, stretch of time, and key. Stretches are about as long as the range, so
 * that a row meets what is in two or three of them, and a list is never looked at once more when it is removed as a whole.
 */
export class RangeMatcher implements Matcher {
  readonly behind: number;
  readonly held = { left: 0, right: 0 };
  readonly #options: MatcherOptions;
  /** How far after a row's own time its partners may be. */
  readonly #reach: { readonly left: number; readonly right: number };
  readonly #cells = new Map<JoinKey, Cell>();
  /** Lanes by the time of their first row. */
  readonly #queues = { left: new TimeQueue<Lane>(), right: new TimeQueue<Lane>() };
  /** Rows up to this time are late. */
  #horizon = Number.NEGATIVE_INFINITY;

  readonly #stretch: number;
  readonly #lists: SpilledLists<SpilledRow>;
  /** Stretches of which there are lists. */
  readonly #stretches = { left: new Set<number>(), right: new Set<number>() };
  /** By their times: rows in the lists that had no partner when they got there. Empty on a side whose rows are not kept. */
  readonly #due: { readonly left: SpilledQueue<Due>; readonly right: SpilledQueue<Due> };
  /** No list can be removed before the horizon is there. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor({ before, after }: Extract<Match, { kind: 'range' }>, options: MatcherOptions) {
    this.#options = options;
    this.#stretch = Math.max(before + after, 1000);
    this.#lists = new SpilledLists(options.state('rows'));
    this.#due = { left: new SpilledQueue(options.state('left')), right: new SpilledQueue(options.state('right')) };
    this.#reach = { left: after, right: before };
    // A row without a partner comes out with its own time when no partner can come any more.
    this.behind = options.lateness + Math.max(options.keep.left ? after : 0, options.keep.right ? before : 0);
  }

  isLate(time: number): boolean {
    return time <= this.#horizon;
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    const cell = this.#cellOf(key);
    const held: Held = { time, row, matched: false };
    const lane = cell[otherSide[side]];
    if (this.#stretches[otherSide[side]].size > 0) this.#meetSpilled(side, held, cell);
    else if (lane) this.#meet(side, held, lane);
    this.#put(side, cell, held);
  }

  addAlone(side: Side, time: number, row: Row): void {
    this.#emitAlone(side, time, row);
  }

  advance(watermark: number): void {
    this.#horizon = watermark - this.#options.lateness;
    const alone = [...this.#free('left'), ...this.#free('right')].sort((a, b) => a.held.time - b.held.time);
    const mayBeDue = Math.min(this.#due.left.next, this.#due.right.next) <= this.#horizon;
    for (const { side, held } of alone) {
      if (mayBeDue) this.#emitSpilled(held.time, side === 'left' ? held.time - 1 : held.time);
      this.#emitAlone(side, held.time, held.row);
    }
    if (mayBeDue) this.#emitSpilled(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    if (this.#horizon >= this.#nextExpiry) this.#expire();
  }

  *rows(side: Side): Iterable<Held> {
    for (const { [side]: lane } of this.#cells.values()) if (lane) yield* lane;
  }

  restore(side: Side, key: JoinKey, held: Held): void {
    this.#put(side, this.#cellOf(key), held);
  }

  #cellOf(key: JoinKey): Cell {
    let cell = this.#cells.get(key);
    if (!cell) {
      cell = { key, left: null, right: null };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  #meet(side: Side, held: Held, lane: Lane): void {
    const { emit } = this.#options;
    const { time, row } = held;
    lane.between(time - this.#reach[otherSide[side]], time + this.#reach[side], (other) => {
      held.matched = true;
      other.matched = true;
      const later = Math.max(time, other.time);
      if (side === 'left') emit(row, other.row, later, later);
      else emit(other.row, row, later, later);
    });
  }

  /** Where the state has rows too: they come before those of the same time in memory, which were added later. */
  #meetSpilled(side: Side, held: Held, cell: Cell): void {
    const other = otherSide[side];
    const from = held.time - this.#reach[other];
    const to = held.time + this.#reach[side];
    const { unpack } = this.#options.packers[other];
    const partners: Pick<Held, 'time' | 'row'>[] = [];
    for (let stretch = this.#stretchOf(from); stretch <= this.#stretchOf(to); stretch++) {
      if (!this.#stretches[other].has(stretch)) continue;
      const meet = (spilled: SpilledRow): SpilledRow => {
        const [time, matched, row] = spilled;
        if (time < from || time > to) return spilled;
        partners.push({ time, row: unpack(row) });
        return matched || !this.#options.keep[other] ? spilled : [time, true, row];
      };
      this.#lists.update(this.#listOf(other, stretch, cell.key), meet, this.#expiryOf(other, stretch));
    }
    const inState = partners.length;
    cell[other]?.between(from, to, (held) => {
      held.matched = true;
      partners.push(held);
    });
    if (inState > 0) partners.sort((a, b) => a.time - b.time);
    if (partners.length > 0) held.matched = true;
    for (const { time, row } of partners) {
      const later = Math.max(held.time, time);
      if (side === 'left') this.#options.emit(held.row, row, later, later);
      else this.#options.emit(row, held.row, later, later);
    }
  }

  #put(side: Side, cell: Cell, held: Held): void {
    cell[side] ??= new Lane(cell);
    const lane = cell[side];
    lane.add(held);
    this.held[side]++;
    if (held.time < lane.queuedFor) this.#queue(side, lane, held.time);
  }

  #queue(side: Side, lane: Lane, time: number): void {
    lane.queuedFor = time;
    this.#queues[side].add(time, lane);
  }

  /** Removes the rows of a side that nothing to come can match; gives those that are to come out alone. */
  #free(side: Side): { side: Side; held: Held }[] {
    const limit = this.#horizon - this.#reach[side];
    const queue = this.#queues[side];
    const alone: { side: Side; held: Held }[] = [];
    while (queue.next <= limit) {
      const time = queue.next;
      const lane = queue.take();
      if (time !== lane.queuedFor) continue;
      lane.queuedFor = Number.POSITIVE_INFINITY;
      let held = lane.first;
      for (; held && held.time <= limit; held = lane.first) {
        if (this.#options.keep[side] && !held.matched) alone.push({ side, held });
        lane.shift();
        this.held[side]--;
      }
      if (held) this.#queue(side, lane, held.time);
      else {
        const { cell } = lane;
        cell[side] = null;
        if (!cell.left && !cell.right) this.#cells.delete(cell.key);
      }
    }
    return alone;
  }

  #stretchOf(time: number): number {
    return Math.floor(time / this.#stretch);
  }
  #listOf(side: Side, stretch: number, key: JoinKey): string {
    return `${side} ${stretch} ${key}`;
  }
  /** The horizon at which nothing can match the rows of a stretch any more. */
  #expiryOf(side: Side, stretch: number): number {
    return (stretch + 1) * this.#stretch - 1 + this.#reach[side];
  }

  spill(): void {
    for (const side of sides) {
      const due: Timed<Due>[] = [];
      for (const { key, [side]: lane } of this.#cells.values()) if (lane) this.#spillLane(side, key, lane, due);
      this.#due[side].add(due);
      this.#queues[side].clear();
      this.held[side] = 0;
    }
    this.#cells.clear();
  }

  #spillLane(side: Side, key: JoinKey, lane: Lane, due: Timed<Due>[]): void {
    const keep = this.#options.keep[side];
    const { pack } = this.#options.packers[side];
    for (const [stretch, rows] of Map.groupBy(lane, ({ time }) => this.#stretchOf(time))) {
      const expiry = this.#expiryOf(side, stretch);
      const items = rows.map(({ time, matched, row }): SpilledRow => [time, matched, pack(row)]);
      const first = this.#lists.append(this.#listOf(side, stretch, key), items, expiry);
      this.#stretches[side].add(stretch);
      this.#nextExpiry = Math.min(this.#nextExpiry, expiry);
      if (keep) for (const [i, { time, matched }] of rows.entries()) if (!matched) due.push({ time, item: [key, first + i] });
    }
  }

  /** What is due among the left rows up to one time, and the right ones up to another. */
  #emitSpilled(left: number, right: number): void {
    const until = { left: Math.min(left, this.#horizon - this.#reach.left), right: Math.min(right, this.#horizon - this.#reach.right) };
    for (;;) {
      const isDue = (side: Side) => this.#due[side].next <= until[side];
      if (!isDue('left') && !isDue('right')) return;
      const side = isDue('left') && (!isDue('right') || this.#due.left.next <= this.#due.right.next) ? 'left' : 'right';
      const time = this.#due[side].next;
      const [key, place] = this.#due[side].take();
      const [, matched, row] = this.#lists.at(this.#listOf(side, this.#stretchOf(time), key), place);
      if (!matched) this.#emitAlone(side, time, this.#options.packers[side].unpack(row));
    }
  }

  #expire(): void {
    this.#lists.expire(this.#horizon);
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const side of sides) {
      for (const stretch of this.#stretches[side]) {
        const expiry = this.#expiryOf(side, stretch);
        if (expiry <= this.#horizon) this.#stretches[side].delete(stretch);
        else this.#nextExpiry = Math.min(this.#nextExpiry, expiry);
      }
    }
  }

  spilled(): Spilled {
    const { left, right } = this.#stretches;
    return { stretches: { left: [...left], right: [...right] }, due: { left: this.#due.left.snapshot(), right: this.#due.right.snapshot() } };
  }

  resume(spilled: State): void {
    const { stretches, due } = spilled as Spilled;
    for (const side of sides) {
      this.#due[side].restore(due[side]);
      for (const stretch of stretches[side]) {
        this.#stretches[side].add(stretch);
        this.#nextExpiry = Math.min(this.#nextExpiry, this.#expiryOf(side, stretch));
      }
    }
  }

  #emitAlone(side: Side, time: number, row: Row): void {
    if (side === 'left') this.#options.emit(row, null, time, time);
    else this.#options.emit(null, row, time, time);
  }
}
