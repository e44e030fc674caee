import type { Row, State } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import { SpilledLists } from './spilled-lists.ts';
import { type Held, type Match, type Matcher, type MatcherOptions, otherSide, type Side, type SpilledRow, sides } from './stream-join-matcher.ts';
import { TimeQueue } from './time-queue.ts';

/** The rows of one key in one window: all of the left ones match all of the right ones. */
interface Cell {
  readonly left: Held[];
  readonly right: Held[];
}
type Spilled = { readonly slices: readonly number[] };
interface Window {
  readonly start: number;
  readonly cells: Map<JoinKey, Cell>;
  /** Its pairs are out; further ones leave as they come. */
  hasFired: boolean;
}

/**
 * Joins rows within tumbling or sliding windows, aligned to the epoch plus an offset. Pairs come out when the watermark passes the
 * window's end.
 *
 * Rows that do not fit into memory are once in keyed state, however many windows they are in: in lists by side, key, and slice, which
 * is the stretch of time from one window's start to the next one's. A window is made of slices, the last one perhaps in part.
 */
export class WindowMatcher implements Matcher {
  readonly behind: number;
  readonly held = { left: 0, right: 0 };
  readonly #options: MatcherOptions;
  readonly #length: number;
  readonly #every: number;
  readonly #offset: number;
  readonly #windows = new Map<number, Window>();
  /** Windows by the last time within them: those to fire, and those to be freed. */
  readonly #firing = new TimeQueue<Window>();
  readonly #closing = new TimeQueue<Window>();
  #watermark = Number.NEGATIVE_INFINITY;

  readonly #lists: SpilledLists<SpilledRow>;
  /** By side and slice: the keys that have a list, each once. */
  readonly #keys: SpilledLists<JoinKey>;
  /** The starts of slices that have lists. */
  readonly #slices = new Set<number>();

  constructor({ length, every, offset }: Extract<Match, { kind: 'windows' }>, options: MatcherOptions) {
    this.#length = length;
    this.#every = every;
    this.#offset = offset;
    this.#options = options;
    this.behind = options.lateness;
    this.#lists = new SpilledLists(options.state('rows'));
    this.#keys = new SpilledLists(options.state('keys'));
  }

  isLate(time: number): boolean {
    return this.#isGone(this.#lastStart(time));
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    const held: Held = { time, row, matched: false };
    this.#put(side, key, held, (window) => {
      if (!window.hasFired) return;
      for (const other of this.#rowsOf(otherSide[side], window, key)) {
        if (side === 'left') this.#emit(row, other, window);
        else this.#emit(other, row, window);
      }
    });
  }

  addAlone(side: Side, time: number, row: Row): void {
    for (const start of this.#startsOf(time)) this.#emitAlone(side, row, { start });
  }

  advance(watermark: number): void {
    this.#watermark = watermark;
    const gone = watermark - this.#options.lateness;
    for (;;) {
      const fires = this.#firing.next <= watermark;
      const closes = this.#closing.next <= gone;
      // By the windows' ends, so that rows come out in the order of event time.
      if (fires && (!closes || this.#firing.next <= this.#closing.next)) this.#fire(this.#firing.take());
      else if (closes) this.#close(this.#closing.take());
      else break;
    }
    if (this.#slices.size > 0) this.#forget(gone);
  }

  /** Once for each row: a row is given with the last of its windows, which is freed last. */
  *rows(side: Side): Iterable<Held> {
    for (const { start, cells } of this.#windows.values()) {
      for (const cell of cells.values()) for (const held of cell[side]) if (this.#lastStart(held.time) === start) yield held;
    }
  }

  restore(side: Side, key: JoinKey, held: Held): void {
    this.#put(side, key, held, () => {});
  }

  #lastStart(time: number): number {
    return Math.floor((time - this.#offset) / this.#every) * this.#every + this.#offset;
  }

  /** The starts of the windows of this time that are not gone, the first one first. */
  #startsOf(time: number): number[] {
    const starts: number[] = [];
    for (let start = this.#lastStart(time); start > time - this.#length && !this.#isGone(start); start -= this.#every) starts.push(start);
    return starts.reverse();
  }

  #isGone(start: number): boolean {
    return start + this.#length - 1 + this.#options.lateness <= this.#watermark;
  }

  #put(side: Side, key: JoinKey, held: Held, into: (window: Window) => void): void {
    for (const start of this.#startsOf(held.time)) {
      const window = this.#windows.get(start) ?? this.#open(start);
      let cell = window.cells.get(key);
      if (!cell) {
        cell = { left: [], right: [] };
        window.cells.set(key, cell);
      }
      into(window);
      cell[side].push(held);
      this.held[side]++;
    }
  }

  #open(start: number): Window {
    const last = start + this.#length - 1;
    const window: Window = { start, cells: new Map(), hasFired: last <= this.#watermark };
    this.#windows.set(start, window);
    if (!window.hasFired) this.#firing.add(last, window);
    this.#closing.add(last, window);
    return window;
  }

  #fire(window: Window): void {
    window.hasFired = true;
    if (this.#isInMemory(window)) {
      for (const { left, right } of window.cells.values()) {
        for (const one of left) for (const other of right) this.#emit(one.row, other.row, window);
      }
      return;
    }
    for (const key of this.#keysOf('left', window)) {
      const rights = [...this.#rowsOf('right', window, key)];
      if (rights.length > 0) for (const one of this.#rowsOf('left', window, key)) for (const other of rights) this.#emit(one, other, window);
    }
  }

  #close(window: Window): void {
    const { keep } = this.#options;
    this.#windows.delete(window.start);
    const isInMemory = this.#isInMemory(window);
    for (const { left, right } of window.cells.values()) {
      this.held.left -= left.length;
      this.held.right -= right.length;
      if (!isInMemory) continue;
      if (keep.left && right.length === 0) for (const { row } of left) this.#emitAlone('left', row, window);
      if (keep.right && left.length === 0) for (const { row } of right) this.#emitAlone('right', row, window);
    }
    if (isInMemory) return;
    for (const side of sides) {
      if (!keep[side]) continue;
      for (const key of this.#keysOf(side, window)) {
        const [partner] = this.#rowsOf(otherSide[side], window, key);
        if (partner === undefined) for (const row of this.#rowsOf(side, window, key)) this.#emitAlone(side, row, window);
      }
    }
  }

  spill(): void {
    for (const [start, { cells }] of this.#windows) {
      for (const side of sides) this.#spillSlice(side, start, cells);
    }
    for (const { cells } of this.#windows.values()) cells.clear();
    this.held.left = this.held.right = 0;
  }

  #spillSlice(side: Side, start: number, cells: Window['cells']): void {
    const { pack } = this.#options.packers[side];
    const keys: JoinKey[] = [];
    for (const [key, { [side]: lane }] of cells) {
      const items: SpilledRow[] = [];
      for (const { time, row } of lane) if (this.#lastStart(time) === start) items.push([time, false, pack(row)]);
      if (items.length > 0 && this.#lists.append(this.#listOf(side, start, key), items, this.#lastOf(start)) === 0) keys.push(key);
    }
    if (keys.length > 0) this.#keys.append(`${side} ${start}`, keys, this.#lastOf(start));
    if (keys.length > 0) this.#slices.add(start);
  }

  spilled(): Spilled {
    return { slices: [...this.#slices] };
  }

  resume(spilled: State): void {
    for (const slice of (spilled as Spilled).slices) {
      this.#slices.add(slice);
      for (const start of this.#startsOf(slice)) if (!this.#windows.has(start)) this.#open(start);
    }
  }

  #listOf(side: Side, slice: number, key: JoinKey): string {
    return `${side} ${slice} ${key}`;
  }
  /** The last time within a window; of a slice's rows, when nothing needs them any more. */
  #lastOf(start: number): number {
    return start + this.#length - 1;
  }

  *#slicesOf({ start }: Pick<Window, 'start'>): Iterable<number> {
    for (let slice = start; slice < start + this.#length; slice += this.#every) if (this.#slices.has(slice)) yield slice;
  }
  #isInMemory(window: Window): boolean {
    for (const _ of this.#slicesOf(window)) return false;
    return true;
  }

  /** The keys of a window that have rows of a side, and perhaps others of those that are in memory. */
  *#keysOf(side: Side, window: Window): Iterable<JoinKey> {
    yield* window.cells.keys();
    const before: number[] = [];
    for (const slice of this.#slicesOf(window)) {
      for (const key of this.#keys.get(`${side} ${slice}`)) {
        if (window.cells.has(key) || before.some((earlier) => this.#lists.has(this.#listOf(side, earlier, key)))) continue;
        yield key;
      }
      before.push(slice);
    }
  }

  *#rowsOf(side: Side, window: Window, key: JoinKey): Iterable<Row> {
    const { unpack } = this.#options.packers[side];
    const last = this.#lastOf(window.start);
    for (const slice of this.#slicesOf(window)) {
      for (const [time, , row] of this.#lists.get(this.#listOf(side, slice, key))) if (time <= last) yield unpack(row);
    }
    for (const { row } of window.cells.get(key)?.[side] ?? []) yield row;
  }

  /** Removes the lists of slices whose last window is gone. */
  #forget(gone: number): void {
    let isDue = false;
    for (const slice of this.#slices) {
      if (this.#lastOf(slice) > gone) continue;
      this.#slices.delete(slice);
      isDue = true;
    }
    if (!isDue) return;
    this.#lists.expire(gone);
    this.#keys.expire(gone);
  }

  #emit(left: Row | null, right: Row | null, { start }: Pick<Window, 'start'>): void {
    this.#options.emit(left, right, start, start + this.#length);
  }
  #emitAlone(side: Side, row: Row, window: Pick<Window, 'start'>): void {
    if (side === 'left') this.#emit(row, null, window);
    else this.#emit(null, row, window);
  }
}
