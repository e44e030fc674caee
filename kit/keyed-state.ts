import type { State, Value } from '../model/values/types.ts';

/**
 * Values by key. Keys are text: `keyText` of keys.ts makes one of several values. A value belongs to the state once it is set: a change
 * within it counts only when it is set again. It must be fetched again for every row, as values move between memory and disk.
 */
export interface KeyedState<V extends State> {
  get(key: string): V | undefined;
  /** `expiresAt` is compared with the argument of `expire`: event time or the wall clock, as the operator chooses. Without it the entry stays. */
  set(key: string, value: V, expiresAt?: number): void;
  /** As `set`, for what will not be read soon: it is the first to leave memory. */
  setAside(key: string, value: V): void;
  /** A value as bytes, for values that are written and read once: they take what they are counted for. Absent where state never leaves memory. */
  pack?(value: State): Uint8Array;
  /** What `pack` was given. */
  unpack?(bytes: Uint8Array): State;
  delete(key: string): void;
  /** Removes all entries that expire at this time or before; returns their number. */
  expire(time: number): number;
  /** All entries, in no particular order. The state must not change meanwhile. */
  entries(): Iterable<readonly [string, V]>;
  /** The same with the time at which each expires: Infinity for one that stays. */
  entriesWithExpiry(): Iterable<readonly [string, V, number]>;
  readonly size: number;
}

/**
 * Whether an instance owns a key. The values are those of an operation's key columns in order, decimals as their keys (`decimalKey`).
 * Exactly one instance owns a key, including that of nulls.
 */
export type Owns = (key: readonly Value[]) => boolean;

/** One of the earlier instances of an operation: what it kept as of the checkpoint. */
export interface EarlierInstance {
  /** The result of its `snapshot`; undefined if it has none. */
  readonly state: State;
  /** Its keyed state of this name. Read-only. */
  keyed<V extends State>(name: string): KeyedState<V>;
}

/** Keyed state in memory only: for tests, previews, and as the first level of one that spills to disk. */
export class MemoryState<V extends State> implements KeyedState<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly expiresAt: number | undefined }>();

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V, expiresAt?: number): void {
    this.#entries.set(key, { value, expiresAt });
  }

  setAside(key: string, value: V): void {
    this.set(key, value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  expire(time: number): number {
    let count = 0;
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt === undefined || expiresAt > time) continue;
      this.#entries.delete(key);
      count++;
    }
    return count;
  }

  *entries(): Iterable<readonly [string, V]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  *entriesWithExpiry(): Iterable<readonly [string, V, number]> {
    for (const [key, { value, expiresAt }] of this.#entries) yield [key, value, expiresAt ?? Number.POSITIVE_INFINITY];
  }

  get size(): number {
    return this.#entries.size;
  }
}
