import type { Row, State } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import { JoinStretches, type StretchesSnapshot } from './join-stretches.ts';
import { type Match, type Matcher, type MatcherOptions, otherSide, type Side, sides } from './stream-join-matcher.ts';

/** In milliseconds: shorter stretches would be many, with few rows each. */
const leastStretch = 1000;

type Snapshot = { readonly [side in Side]: StretchesSnapshot };

/**
 * Joins rows whose times lie within a range of each other. Pairs come out as soon as both rows are there.
 *
 * Stretches are about as long as the range, so that a row meets what is in two or three of them. Where memory is short the latest ones
 * leave it first: it is for them that no partner comes for longest.
 */
export class RangeMatcher implements Matcher {
  readonly behind: number;
  readonly #options: MatcherOptions;
  /** How far after a row's own time its partners may be. */
  readonly #reach: { readonly left: number; readonly right: number };
  readonly #rows: { readonly [side in Side]: JoinStretches };
  /** Rows up to this time are late. */
  #horizon = Number.NEGATIVE_INFINITY;

  constructor({ before, after }: Extract<Match, { kind: 'range' }>, options: MatcherOptions) {
    this.#options = options;
    this.#reach = { left: after, right: before };
    const rowsOf = (side: Side) =>
      new JoinStretches({
        length: Math.max(before + after, leastStretch),
        layout: options.layouts[side],
        packer: options.packers[side],
        keep: options.keep[side],
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
    const { emit } = this.#options;
    const other = otherSide[side];
    const partners = this.#rows[other].partners(key, time - this.#reach[other], time + this.#reach[side]);
    for (const partner of partners) {
      const later = Math.max(time, partner.time);
      if (side === 'left') emit(row, partner.row, later, later);
      else emit(partner.row, row, later, later);
    }
    this.#rows[side].add(key, time, row, partners.length > 0);
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
    return { left: this.#rows.left.snapshot(), right: this.#rows.right.snapshot() } satisfies Snapshot as unknown as State;
  }
  restore(state: State): void {
    const snapshot = state as unknown as Snapshot;
    for (const side of sides) this.#rows[side].restore(snapshot[side]);
  }
}
