/** How what is kept for each key is divided among instances of an operation: see ADR 32. */
import type { KeyedState, Owns } from '@millrace/kit/keyed-state';
import type { State, Value } from '../../../model/values/types.ts';
import { hashOfLevels, instanceOf } from './key-hash.ts';

/** What one of so many instances owns. `places`: the key columns by which rows are parted, among those of the operation. */
export function ownedBy(instance: number, instances: number, places: readonly number[]): Owns {
  const levels = places.map((): Value[] => []);
  return (key) => {
    for (const [level, place] of places.entries()) levels[level]![0] = key[place]!;
    return instanceOf(hashOfLevels(levels, 0), instances) === instance;
  };
}

/** Takes over the entries of an earlier instance's state that are owned, by their names. */
export function takeEntries<V extends State>(into: KeyedState<V>, from: KeyedState<V>, isOwned: (name: string) => boolean): void {
  for (const [name, value, expiresAt] of from.entriesWithExpiry()) {
    if (isOwned(name)) into.set(name, value, expiresAt === Number.POSITIVE_INFINITY ? undefined : expiresAt);
  }
}

/** Earlier instances heard of the same watermarks by the cut at which they stopped; should one be behind, nothing may count as late for it. */
export function leastWatermark(watermarks: readonly number[]): number {
  return Math.min(...watermarks);
}
