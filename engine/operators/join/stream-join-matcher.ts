/** What the ways to match rows in time have in common. */

import type { CoGroupOp, TimeMatch } from '@millrace/kit/ops';
import type { Row, State } from '../../../model/values/types.ts';
import type { PairContext } from '../ports.ts';
import type { RowPacker } from '../rows/packed-rows.ts';
import type { JoinKey, JoinKeyParts } from './join-keys.ts';
import type { BlockLayout } from './row-block.ts';

export type Match = TimeMatch;
export type Side = keyof CoGroupOp['times'];
export const sides = ['left', 'right'] as const;
export const otherSide = { left: 'right', right: 'left' } as const;

/** The rules of one way to match, and the rows that it holds. */
export interface Matcher {
  /** How far outputs may be behind the watermark. */
  readonly behind: number;
  /** What the rows in memory take, about. */
  readonly bytes: number;
  /** How many rows in memory can still match, or come out alone. */
  entries(): number;
  isLate(time: number): boolean;
  add(side: Side, key: JoinKey, time: number, row: Row): void;
  /** A row whose key matches nothing. */
  addAlone(side: Side, time: number, row: Row): void;
  advance(watermark: number): void;
  /** Moves rows from memory into keyed state until there is room for others: `bytes` is at most half of `limit` then. */
  spill(limit: number): void;
  /** What is in memory, and what is to be known of the rows in keyed state. */
  snapshot(): State;
  /** Into a new matcher, after `advance` with the watermark of that moment. */
  restore(state: State): void;
  /** Takes over what another one of the same kind holds of the owned keys. `makeRoom` is to be called between some rows and the next. */
  takeOver(from: Matcher, isOwned: (key: JoinKey) => boolean, makeRoom: () => void): void;
}
export interface MatcherOptions {
  readonly keep: { readonly left: boolean; readonly right: boolean };
  /** Rows may come so much behind the watermark. */
  readonly lateness: number;
  readonly state: PairContext['state'];
  readonly layouts: { readonly [side in Side]: BlockLayout };
  /** Of the keys of both sides. */
  readonly keys: JoinKeyParts;
  readonly packers: { readonly [side in Side]: RowPacker };
  /** Emits a pair, or a row alone. `start` and `end` are the window's; for ranges `start` is the pair's event time. */
  readonly emit: (left: Row | null, right: Row | null, start: number, end: number) => void;
}
