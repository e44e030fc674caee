import type { Row } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import { type Held, type Match, type Matcher, type MatcherOptions, otherSide, type Side } from './stream-join-matcher.ts';
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

/** Joins rows whose times lie within a range of each other. Pairs come out as soon as both rows are there. */
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

  constructor({ before, after }: Extract<Match, { kind: 'range' }>, options: MatcherOptions) {
    this.#options = options;
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
    if (lane) this.#meet(side, held, lane);
    this.#put(side, cell, held);
  }

  addAlone(side: Side, time: number, row: Row): void {
    this.#emitAlone(side, time, row);
  }

  advance(watermark: number): void {
    this.#horizon = watermark - this.#options.lateness;
    const alone = [...this.#free('left'), ...this.#free('right')].sort((a, b) => a.held.time - b.held.time);
    for (const { side, held } of alone) this.#emitAlone(side, held.time, held.row);
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

  #emitAlone(side: Side, time: number, row: Row): void {
    if (side === 'left') this.#options.emit(row, null, time, time);
    else this.#options.emit(null, row, time, time);
  }
}
