/** Where windows of fixed bounds begin and end. */
import type { RegularWindows } from '@millrace/kit/ops';
import type { Calendar } from '../../../model/time/calendar.ts';
import { floorTo } from './windows.ts';

/** Times in milliseconds. A slice is a stretch of time that no window's start or end cuts. */
export interface WindowGrid {
  /** Whether each window is one slice. */
  readonly isTumbling: boolean;
  sliceStart(time: number): number;
  /** Of the slice that starts here. */
  sliceEnd(start: number): number;
  /** The start of the window with this end. */
  startOf(end: number): number;
  /** The end of the window after the one with this end. */
  endAfter(end: number): number;
  /** The first end of a window after a time, which is that of the first window that holds it. */
  firstEndAfter(time: number): number;
  /** The end of the last window that holds this time. */
  lastEndOf(time: number): number;
  /** The last end of a window that is not after this time. */
  lastEndUpTo(time: number): number;
  /** Rows before this time are in no window that ends after `gone`, the end of a window. */
  goneBefore(gone: number): number;
}

/** Tumbling and sliding windows of one length. */
export class RegularGrid implements WindowGrid {
  readonly isTumbling: boolean;
  readonly #every: number;
  readonly #length: number;
  readonly #offset: number;
  readonly #width: number;

  constructor({ every, length, offset }: RegularWindows) {
    this.#every = every;
    this.#length = length;
    this.#offset = offset;
    this.isTumbling = every === length;
    this.#width = this.isTumbling ? every : commonDivisor(every, length);
  }

  sliceStart(time: number): number {
    return floorTo(time, this.#width, this.#offset);
  }
  sliceEnd(start: number): number {
    return start + this.#width;
  }
  startOf(end: number): number {
    return end - this.#length;
  }
  endAfter(end: number): number {
    return end + this.#every;
  }
  firstEndAfter(time: number): number {
    return this.lastEndUpTo(time) + this.#every;
  }
  lastEndOf(time: number): number {
    return floorTo(time, this.#every, this.#offset) + this.#length;
  }
  lastEndUpTo(time: number): number {
    return floorTo(time, this.#every, this.#offset + this.#length);
  }
  goneBefore(gone: number): number {
    return gone - this.#length + this.#every;
  }
}

/** Windows that follow each other as the calendar of a zone has them. */
export class CalendarGrid implements WindowGrid {
  readonly isTumbling = true;
  readonly #calendar: Calendar;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  sliceStart(time: number): number {
    return this.#calendar.startOf(time);
  }
  sliceEnd(start: number): number {
    return this.#calendar.endOf(start);
  }
  startOf(end: number): number {
    return this.#calendar.startOf(end - 1);
  }
  endAfter(end: number): number {
    return this.#calendar.endOf(end);
  }
  firstEndAfter(time: number): number {
    return this.#calendar.endOf(this.#calendar.startOf(time));
  }
  lastEndOf(time: number): number {
    return this.firstEndAfter(time);
  }
  lastEndUpTo(time: number): number {
    return this.#calendar.startOf(time);
  }
  goneBefore(gone: number): number {
    return gone;
  }
}

/** Of whole numbers. */
function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
