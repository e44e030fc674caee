import type { KeyedState } from '@millrace/kit/keyed-state';
import { itemAt } from '../../../model/faults/missing.ts';
import type { State } from '../../../model/values/types.ts';
import { PackedChunks } from './packed-chunks.ts';
import { TimeQueue } from './time-queue.ts';

/** Items that are read back at once. */
const chunkSize = 256;

export type Timed<T> = { readonly time: number; readonly item: T };
/** Where a chunk begins, in both orders: time, and the turn in which its items were added. */
type Chunk = { readonly time: number; readonly turn: number };
type Loaded<T> = { readonly time: number; readonly turn: number; readonly item: T };
export type QueueSnapshot = { readonly turn: number; readonly chunks: readonly Chunk[]; readonly loaded: readonly Loaded<State>[] };

/**
 * A `TimeQueue` in keyed state: items in the order of their times, those of one time in the order in which they were added. What is
 * added at once is put in order and cut into chunks; in memory are where each chunk begins, and the chunks that are being read.
 */
export class SpilledQueue<T extends State> {
  readonly #parts: PackedChunks<readonly (readonly [number, T])[]>;
  readonly #chunks = new TimeQueue<Chunk>();
  readonly #loaded = new TimeQueue<Loaded<T>>();
  #turn = 0;

  constructor(state: KeyedState<State>) {
    this.#parts = new PackedChunks(state);
  }

  /** How many items have been read from the state and not been taken. */
  get loaded(): number {
    return this.#loaded.size;
  }

  /** No item has an earlier time; Infinity where there is none. */
  get next(): number {
    return Math.min(this.#chunks.next, this.#loaded.next);
  }

  /** Many at once: each call makes chunks of its own. */
  add(items: readonly Timed<T>[]): void {
    const sorted = items.map(({ time, item }) => [time, item] as const).sort((a, b) => a[0] - b[0]);
    for (let start = 0; start < sorted.length; start += chunkSize) {
      const chunk = { time: itemAt(sorted, start)[0], turn: this.#turn };
      const own = sorted.slice(start, start + chunkSize);
      this.#parts.set(`${chunk.turn}`, own);
      this.#chunks.add(chunk.time, chunk);
      this.#turn += own.length;
    }
  }

  /** Removes the item of the least time. There must be one. */
  take(): T {
    while (this.#chunks.next < this.#loaded.next || (this.#chunks.next === this.#loaded.next && this.#chunks.nextTurn < this.#loaded.nextTurn)) this.#load();
    return this.#loaded.take().item;
  }

  /** Removes all items up to this time, one by one. */
  *until(time: number): Iterable<T> {
    while (this.next <= time) yield this.take();
  }

  snapshot(): QueueSnapshot {
    return { turn: this.#turn, chunks: this.#chunks.inOrder(), loaded: this.#loaded.inOrder() };
  }

  /** Into a new queue. */
  restore({ turn, chunks, loaded }: QueueSnapshot): void {
    this.#turn = turn;
    for (const chunk of chunks) this.#chunks.add(chunk.time, chunk, chunk.turn);
    for (const each of loaded as readonly Loaded<T>[]) this.#loaded.add(each.time, each, each.turn);
  }

  /** Adds the wanted items of another queue, in the order that they have there; they stay in it, too. */
  takeOver(from: SpilledQueue<T>, isWanted: (item: T) => boolean): void {
    const loaded = from.#loaded.inOrder().map(({ time, turn, item }) => ({ turn, items: [[time, item] as const] }));
    const chunks = from.#chunks.inOrder().map(({ turn }) => ({ turn, items: null }));
    let wanted: Timed<T>[] = [];
    for (const { turn, items } of [...loaded, ...chunks].sort((a, b) => a.turn - b.turn)) {
      for (const [time, item] of items ?? from.#parts.get(`${turn}`)) if (isWanted(item)) wanted.push({ time, item });
      if (wanted.length < chunkSize) continue;
      this.add(wanted);
      wanted = [];
    }
    this.add(wanted);
  }

  #load(): void {
    const { turn } = this.#chunks.take();
    const key = `${turn}`;
    for (const [i, [time, item]] of this.#parts.get(key).entries()) this.#loaded.add(time, { time, turn: turn + i, item }, turn + i);
    this.#parts.delete(key);
  }
}
