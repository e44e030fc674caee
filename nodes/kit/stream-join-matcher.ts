/** What the ways to match rows in time have in common. */
import type { Row } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';

export type Side = 'left' | 'right';
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
/** The rules of one way to match, and the rows that it holds. */
export interface Matcher {
  /** How far outputs may be behind the watermark. */
  readonly behind: number;
  /** How many rows are held on each side. */
  readonly held: { readonly left: number; readonly right: number };
  isLate(time: number): boolean;
  add(side: Side, key: JoinKey, time: number, row: Row): void;
  /** A row whose key matches nothing. */
  addAlone(side: Side, time: number, row: Row): void;
  advance(watermark: number): void;
  rows(side: Side): Iterable<Held>;
  /** Puts a row back that `rows` gave. `advance` was called before with the watermark of that moment, and there was nothing to emit. */
  restore(side: Side, key: JoinKey, held: Held): void;
}
export interface MatcherOptions {
  readonly keep: { readonly left: boolean; readonly right: boolean };
  /** Rows may come so much behind the watermark. */
  readonly lateness: number;
  /** Emits a pair, or a row alone. `start` and `end` are the window's; for ranges `start` is the pair's event time. */
  readonly emit: (left: Row | null, right: Row | null, start: number, end: number) => void;
}
