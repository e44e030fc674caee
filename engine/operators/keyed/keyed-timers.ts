import type { KeyedState } from '@millrace/kit/keyed-state';
import { TimeQueue } from '../spill/time-queue.ts';

const bytesPerTurn = 100;

/** By name. A timer that is moved to a later time stays where it is in the queue until that turn comes: `queued`. */
export type Timers = { readonly [name: string]: { readonly time: number; readonly queued: number } };
/** A turn of the queue: its time is that of the timer only if the timer still says so. */
export type Due = { readonly key: string; readonly name: string; readonly time: number };

/** The timers of all keys, each with a name. What is kept of them is the given state; the queue is made anew from it. */
export class KeyedTimers {
  readonly #timers: KeyedState<Timers>;
  readonly #queue = new TimeQueue<Due>();
  /** Of `#timers`, which tells keys only. */
  #count = 0;
  #isRead = false;

  constructor(timers: KeyedState<Timers>) {
    this.#timers = timers;
  }

  /** Before the first row, once the state has been restored. */
  read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    for (const [key, timers] of this.#timers.entries()) {
      for (const [name, { queued }] of Object.entries(timers)) {
        this.#queue.add(queued, { key, name, time: queued });
        this.#count++;
      }
    }
  }

  /** No timer is due before; Infinity without timers. */
  get next(): number {
    return this.#queue.next;
  }

  /** What the queue takes in memory. */
  get bytes(): number {
    return this.#queue.size * bytesPerTurn;
  }

  /** Sets timers of a key, by name, or clears them: null. */
  change(key: string, changes: Iterable<readonly [name: string, time: number | null]>): void {
    const before = this.#timers.get(key);
    let after = before ?? none;
    for (const [name, time] of changes) {
      const old = Object.hasOwn(after, name) ? after[name] : undefined;
      this.#count += Number(time !== null) - Number(old !== undefined);
      if (time !== null) after = { ...after, [name]: old !== undefined && old.queued <= time ? { time, queued: old.queued } : this.#enqueue(key, name, time) };
      else if (old !== undefined) after = without(after, name);
    }
    if (after === none) this.#timers.delete(key);
    else if (after !== before) this.#timers.set(key, after);
    if (this.#queue.size > 2 * this.#count + 1024) this.#sweep();
  }

  clear(key: string): void {
    this.#count -= Object.keys(this.#timers.get(key) ?? none).length;
    this.#timers.delete(key);
  }

  /** The turns of the least time, in the order of key and name, out of the queue. To be passed to `take` one by one, right before each is fired. */
  turns(): Due[] {
    const time = this.#queue.next;
    const due: Due[] = [];
    while (this.#queue.next === time) due.push(this.#queue.take());
    return due.sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name));
  }

  /** Takes a timer whose turn it is out of its key's timers. False for one that was cleared meanwhile, or moved and waits for another turn. */
  take({ key, name, time }: Due): boolean {
    const timer = this.#get(key, name);
    if (timer?.queued !== time) return false;
    if (timer.time > time) {
      this.#timers.set(key, { ...this.#timers.get(key), [name]: this.#enqueue(key, name, timer.time) });
      return false;
    }
    this.change(key, [[name, null]]);
    return true;
  }

  #get(key: string, name: string): Timers[string] | undefined {
    const timers = this.#timers.get(key);
    return timers !== undefined && Object.hasOwn(timers, name) ? timers[name] : undefined;
  }

  #enqueue(key: string, name: string, time: number): Timers[string] {
    this.#queue.add(time, { key, name, time });
    return { time, queued: time };
  }

  /** Drops what stands in the queue for timers that were moved or cleared. */
  #sweep(): void {
    const waiting = this.#queue.inOrder().filter(({ key, name, time }) => this.#get(key, name)?.queued === time);
    while (this.#queue.size > 0) this.#queue.take();
    for (const due of waiting) this.#queue.add(due.time, due);
  }
}

const none: Timers = {};

function without(timers: Timers, name: string): Timers {
  const { [name]: _, ...rest } = timers;
  for (const _name in rest) return rest;
  return none;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
