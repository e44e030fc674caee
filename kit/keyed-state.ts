import type { State } from '../model/values/types.ts';

/**
 * Values by key. Keys are text: `keyText` of keys.ts makes one of several values. A value belongs to the state once it is set: what
 * changes within it counts once it is set again, and is to be got anew for every row, as values come and go between memory and disk.
 */
export interface KeyedState<V extends State> {
  get(key: string): V | undefined;
  /** `expiresAt` is compared with what `expire` is given: event time, or the wall clock, as the operator likes. Without it the entry stays. */
  set(key: string, value: V, expiresAt?: number): void;
  delete(key: string): void;
  /** Removes all entries that expire at this time or before; gives their number. */
  expire(time: number): number;
  /** All entries, in no order that means anything. The state must not change meanwhile. */
  entries(): Iterable<readonly [string, V]>;
  readonly size: number;
}

/** Keyed state in memory alone: for tests, previews, and as the first level of one that spills to disk. */
export class MemoryState<V extends State> implements KeyedState<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly expiresAt: number | undefined }>();

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V, expiresAt?: number): void {
    this.#entries.set(key, { value, expiresAt });
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

  get size(): number {
    return this.#entries.size;
  }
}
