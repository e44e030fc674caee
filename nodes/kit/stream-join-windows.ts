import type { Row } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import { type Held, type Match, type Matcher, type MatcherOptions, otherSide, type Side } from './stream-join-matcher.ts';
import { TimeQueue } from './time-queue.ts';

/** The rows of one key in one window: all of the left ones match all of the right ones. */
interface Cell {
  readonly left: Held[];
  readonly right: Held[];
}
interface Window {
  readonly start: number;
  readonly cells: Map<JoinKey, Cell>;
  /** Its pairs are out; further ones leave as they come. */
  hasFired: boolean;
}

/** Joins rows within tumbling or sliding windows, aligned to the epoch plus an offset. Pairs come out when the watermark passes the window's end. */
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

  constructor({ length, every, offset }: Extract<Match, { kind: 'windows' }>, options: MatcherOptions) {
    this.#length = length;
    this.#every = every;
    this.#offset = offset;
    this.#options = options;
    this.behind = options.lateness;
  }

  isLate(time: number): boolean {
    return this.#isGone(this.#lastStart(time));
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    const held: Held = { time, row, matched: false };
    this.#put(side, key, held, (window, cell) => {
      if (!window.hasFired) return;
      for (const other of cell[otherSide[side]]) {
        if (side === 'left') this.#emit(row, other.row, window);
        else this.#emit(other.row, row, window);
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
      else return;
    }
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

  #put(side: Side, key: JoinKey, held: Held, into: (window: Window, cell: Cell) => void): void {
    for (const start of this.#startsOf(held.time)) {
      const window = this.#windows.get(start) ?? this.#open(start);
      let cell = window.cells.get(key);
      if (!cell) {
        cell = { left: [], right: [] };
        window.cells.set(key, cell);
      }
      into(window, cell);
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
    for (const { left, right } of window.cells.values()) {
      for (const one of left) for (const other of right) this.#emit(one.row, other.row, window);
    }
  }

  #close(window: Window): void {
    const { keep } = this.#options;
    this.#windows.delete(window.start);
    for (const { left, right } of window.cells.values()) {
      this.held.left -= left.length;
      this.held.right -= right.length;
      if (keep.left && right.length === 0) for (const { row } of left) this.#emitAlone('left', row, window);
      if (keep.right && left.length === 0) for (const { row } of right) this.#emitAlone('right', row, window);
    }
  }

  #emit(left: Row | null, right: Row | null, { start }: Pick<Window, 'start'>): void {
    this.#options.emit(left, right, start, start + this.#length);
  }
  #emitAlone(side: Side, row: Row, window: Pick<Window, 'start'>): void {
    if (side === 'left') this.#emit(row, null, window);
    else this.#emit(null, row, window);
  }
}
