/** What the ways to match rows in time have in common. */
import type { Row, State } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import type { TransformContext } from './node.ts';
import type { PackedRow, RowPacker } from './packed-rows.ts';

export type Side = 'left' | 'right';
export const sides = ['left', 'right'] as const;
export const otherSide = { left: 'right', right: 'left' } as const;

/** Which rows match in time. All lengths in milliseconds. */
export type Match =
  /** The right row's time is between the left one's less `before` and the left one's plus `after`; both ends count. */
  | { readonly kind: 'range'; readonly before: number; readonly after: number }
  /** Both are in one window [start, start + length); windows begin every `every`, aligned to the epoch plus `offset`. */
  | { readonly kind: 'windows'; readonly length: number; readonly every: number; readonly offset: number }
  /** Both are in one session of their key: rows that follow each other by less than `gap`. */
  | { readonly kind: 'sessions'; readonly gap: number };

/** A row that waits for partners. */
export interface Held {
  readonly time: number;
  readonly row: Row;
  /** Whether a partner was found. Kept up by ranges only: in a window it follows from who else is there. */
  matched: boolean;
}
/** A held row in keyed state. */
export type SpilledRow = readonly [time: number, matched: boolean, row: PackedRow];
/** The rules of one way to match, and the rows that it holds. */
export interface Matcher {
  /** How far outputs may be behind the watermark. */
  readonly behind: number;
  /** How many rows are held in memory on each side. */
  readonly held: { readonly left: number; readonly right: number };
  isLate(time: number): boolean;
  add(side: Side, key: JoinKey, time: number, row: Row): void;
  /** A row whose key matches nothing. */
  addAlone(side: Side, time: number, row: Row): void;
  advance(watermark: number): void;
  /** Those in memory. */
  rows(side: Side): Iterable<Held>;
  /** Puts a row back that `rows` gave. `advance` was called before with the watermark of that moment, and there was nothing to emit. */
  restore(side: Side, key: JoinKey, held: Held): void;
  /** Moves all rows from memory into keyed state. */
  spill(): void;
  /** What is to be known of the rows in keyed state, and back into a new matcher, before `restore`. */
  spilled(): State;
  resume(spilled: State): void;
}
export interface MatcherOptions {
  readonly keep: { readonly left: boolean; readonly right: boolean };
  /** Rows may come so much behind the watermark. */
  readonly lateness: number;
  readonly state: TransformContext<unknown>['state'];
  readonly packers: { readonly [side in Side]: RowPacker };
  /** Emits a pair, or a row alone. `start` and `end` are the window's; for ranges `start` is the pair's event time. */
  readonly emit: (left: Row | null, right: Row | null, start: number, end: number) => void;
}
