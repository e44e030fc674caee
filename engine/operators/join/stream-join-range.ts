import type { Row, State } from '../../../model/values/types.ts';
import type { JoinKey } from './join-keys.ts';
import { JoinStretches, type StretchesSnapshot } from './join-stretches.ts';
import { type Match, type Matcher, type MatcherOptions, otherSide, type Side, sides } from './stream-join-matcher.ts';

/** In milliseconds: shorter stretches would be many, with few rows each. */
const leastStretch = 1000;
/** A row looks into no more stretches of the other side than this, and one. */
const mostStretches = 16;

type Snapshot = { readonly [side in Side]: StretchesSnapshot };

/**
 * Joins rows whose times lie within a range of each other. Pairs come out as soon as both rows are there.
 *
 * A stretch of time is about as long as its rows wait for partners, so that a row meets what is in a few of them. Where memory is short
 * the latest ones leave it first: it is for them that no partner comes for longest.
 */
export class RangeMatcher implements Matcher {
  readonly behind: number;
  readonly #options: MatcherOptions;
  /** How far after a row's own time its partners may be. */
  readonly #reach: { readonly left: number; readonly right: number };
  readonly #rows: { readonly [side in Side]: JoinStretches };
  /** The row that looks for partners. */
  #row: Row = {};
  #time = 0;
  /** Rows up to this time are late. */
  #horizon = Number.NEGATIVE_INFINITY;

  constructor({ before, after }: Extract<Match, { kind: 'range' }>, options: MatcherOptions) {
    this.#options = options;
    this.#reach = { left: after, right: before };
    const { emit } = options;
    const onPartner = {
      left: (time: number, row: Row): void => {
        const later = Math.max(time, this.#time);
        emit(row, this.#row, later, later);
      },
      right: (time: number, row: Row): void => {
        const later = Math.max(time, this.#time);
        emit(this.#row, row, later, later);
      },
    };
    const rowsOf = (side: Side) =>
      new JoinStretches({
        // A stretch is held for so much longer than its first row is needed.
        length: Math.max(this.#reach[side], Math.ceil((before + after) / mostStretches), leastStretch),
        layout: options.layouts[side],
        packer: options.packers[side],
        keep: options.keep[side],
        onPartner: onPartner[side],
        states: { rows: options.state(`${side} rows`), due: options.state(`${side} due`) },
      });
    this.#rows = { left: rowsOf('left'), right: rowsOf('right') };
    // A row without a partner comes out with its own time when no partner can come any more.
    this.behind = options.lateness + Math.max(options.keep.left ? after : 0, options.keep.right ? before : 0);
  }

  get bytes(): number {
    return this.#rows.left.bytes + this.#rows.right.bytes;
  }
  entries(): number {
    return this.#rows.left.entries(this.#goneAt('left')) + this.#rows.right.entries(this.#goneAt('right'));
  }

  isLate(time: number): boolean {
    return time <= this.#horizon;
  }

  add(side: Side, key: JoinKey, time: number, row: Row): void {
    const other = otherSide[side];
    this.#row = row;
    this.#time = time;
    const count = this.#rows[other].meet(key, time - this.#reach[other], time + this.#reach[side]);
    this.#rows[side].add(key, time, row, count > 0);
  }

  addAlone(side: Side, time: number, row: Row): void {
    if (side === 'left') this.#options.emit(row, null, time, time);
    else this.#options.emit(null, row, time, time);
  }

  advance(watermark: number): void {
    this.#horizon = watermark - this.#options.lateness;
    this.#emitAlone();
    for (const side of sides) this.#rows[side].drop(this.#goneAt(side));
  }

  /** In the order of their times. */
  #emitAlone(): void {
    const { left, right } = this.#rows;
    for (;;) {
      const [ofLeft, ofRight] = [left.next, right.next];
      const isDue = { left: ofLeft <= this.#goneAt('left'), right: ofRight <= this.#goneAt('right') };
      if (!isDue.left && !isDue.right) return;
      const side = isDue.left && (!isDue.right || ofLeft <= ofRight) ? 'left' : 'right';
      const row = this.#rows[side].take();
      if (row !== null) this.addAlone(side, side === 'left' ? ofLeft : ofRight, row);
    }
  }

  /** Nothing to come can match the rows of a side up to this time. */
  #goneAt(side: Side): number {
    return this.#horizon - this.#reach[side];
  }

  spill(limit: number): void {
    const { left, right } = this.#rows;
    while (this.bytes > 0 && this.bytes > limit / 2) (left.lastHeld >= right.lastHeld ? left : right).spillLast();
  }

  snapshot(): State {
    return { left: this.#rows.left.snapshot(), right: this.#rows.right.snapshot() } satisfies Snapshot as State;
  }
  restore(state: State): void {
    const snapshot = state as Snapshot;
    for (const side of sides) this.#rows[side].restore(snapshot[side]);
  }
  takeOver(from: RangeMatcher, isOwned: (key: JoinKey) => boolean, makeRoom: () => void): void {
    for (const side of sides) this.#rows[side].takeOver(from.#rows[side], { after: this.#goneAt(side), isOwned, makeRoom });
  }
}
