import type { KeyedState } from '@millrace/kit/keyed-state';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import type { State } from '../../../model/values/types.ts';

/** Items of one entry: what a long list costs at each change, and what it takes in memory at once. */
const chunkSize = 128;

/** The last items of a list, or a chunk before them, which has its own number as `full`. */
type Part<T> = { readonly full: number; readonly items: readonly T[] };

/** Lists by key in keyed state, for what does not fit into plain memory. They grow at their end, at the cost of what is added. */
export class SpilledLists<T extends State> {
  readonly #state: KeyedState<Part<T>>;

  constructor(state: KeyedState<State>) {
    this.#state = state as unknown as KeyedState<Part<T>>;
  }

  /** The place of the first of the items in the list. All items of a list are to be added with the same `expiresAt`. */
  append(key: string, items: readonly T[], expiresAt?: number): number {
    const tail = this.#state.get(tailKey(key));
    let full = tail?.full ?? 0;
    const first = full * chunkSize + (tail?.items.length ?? 0);
    const all = tail ? [...tail.items, ...items] : items;
    let start = 0;
    for (; all.length - start > chunkSize; start += chunkSize) {
      this.#state.set(chunkKey(key, full), { full, items: all.slice(start, start + chunkSize) }, expiresAt);
      full++;
    }
    this.#state.set(tailKey(key), { full, items: start === 0 ? all : all.slice(start) }, expiresAt);
    return first;
  }

  has(key: string): boolean {
    return this.#state.get(tailKey(key)) !== undefined;
  }

  /** All items, in the order in which they were added; none where there is no such list. */
  *get(key: string): Iterable<T> {
    const tail = this.#state.get(tailKey(key));
    if (tail === undefined) return;
    const { full, items } = tail;
    for (let i = 0; i < full; i++) yield* this.#part(chunkKey(key, i)).items;
    yield* items;
  }

  #part(key: string): Part<T> {
    return this.#state.get(key) ?? missing(`the part "${key}" of a list`);
  }

  /** The item at this place, which must be there. */
  at(key: string, place: number): T {
    const tail = this.#part(tailKey(key));
    const chunk = Math.floor(place / chunkSize);
    const { items } = chunk < tail.full ? this.#part(chunkKey(key, chunk)) : tail;
    return itemAt(items, place - Math.min(chunk, tail.full) * chunkSize);
  }

  /** Puts what `change` gives in the place of each item: the item itself where nothing changes. `expiresAt` as for `append`. */
  update(key: string, change: (item: T) => T, expiresAt?: number): void {
    const tail = this.#state.get(tailKey(key));
    if (tail === undefined) return;
    for (let i = 0; i <= tail.full; i++) {
      const partKey = i < tail.full ? chunkKey(key, i) : tailKey(key);
      const part = i < tail.full ? this.#part(partKey) : tail;
      let changed = false;
      const items = part.items.map((item) => {
        const next = change(item);
        changed ||= next !== item;
        return next;
      });
      if (changed) this.#state.set(partKey, { full: part.full, items }, expiresAt);
    }
  }

  delete(key: string): void {
    const tail = this.#state.get(tailKey(key));
    if (tail === undefined) return;
    for (let i = 0; i < tail.full; i++) this.#state.delete(chunkKey(key, i));
    this.#state.delete(tailKey(key));
  }

  /** The keys of all lists. */
  keys(): string[] {
    return Array.from(this.#state.entries(), ([name]) => name).flatMap((name) => (name.startsWith(tailMark) ? [name.slice(tailMark.length)] : []));
  }

  /** Removes the lists that expire up to this time. */
  expire(time: number): void {
    this.#state.expire(time);
  }
}

// A number, or none, and a sign that numbers do not have: so they differ for all keys.
const tailMark = '*';
const tailKey = (key: string): string => `${tailMark}${key}`;
const chunkKey = (key: string, chunk: number): string => `${chunk}*${key}`;
