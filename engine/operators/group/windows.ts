/** Windows of event time: what the kinds of them have in common. */

import type { KeyedState, Owns } from '@millrace/kit/keyed-state';
import type { State } from '../../../model/values/types.ts';
import { KeyIndex } from '../keyed/keys.ts';

/** Early ones are from before the watermark has passed the window's end, late ones refine what was said on time. */
export type Pane = 'early' | 'on-time' | 'late';

/** Takes a group's result as it is now: of the window from `start` to `end`, the key with this number, in this slot. */
export type Fire = (start: number, end: number, key: number, slot: number, pane: Pane) => void;

/** Which group each row belongs to, by window and key, and which groups are complete. */
export interface Windows {
  /**
   * Puts each row's slot into `slots`, by its time and the number of its key. Rows whose windows are gone get -1; their number
   * is returned.
   */
  assign(times: readonly number[], keys: Int32Array, count: number, slots: Int32Array): number;
  /** The watermark has risen: fires what is complete, in the order of windows' ends, and gives back what is gone. */
  advance(watermark: number, fire: Fire): void;
  /** Fires again what `assign` has changed in windows that had fired. */
  refine(fire: Fire): void;
  /** Fires what has changed since the last time, of windows that are not complete. */
  early(fire: Fire): void;
  /** Moves groups out of memory; all of them, or some. */
  spill(): void;
  /** How many groups there are in memory, and about how many bytes one takes besides its accumulators and its key. */
  readonly groups: number;
  readonly bytesPerGroup: number;
  /** What was moved out of memory: as far as keyed state does not tell of it, and how much memory it takes to find it. */
  spilled(): { readonly entries: number; readonly bytes: number };
  snapshot(): State;
  restore(state: State): void;
  /**
   * Takes over what others of the same kind hold of the keys that are owned; each of them is there until the next one is asked for.
   * `makeRoom` is to be called between some groups and the next.
   */
  takeOver(earlier: Iterable<Windows>, owns: Owns, makeRoom: () => void): void;
}
export interface WindowOptions {
  readonly slots: Slots;
  readonly keys: LiveKeys;
  /** As of `TransformContext`. */
  readonly memory: number;
  state(name: string): KeyedState<State>;
  /** How long, in milliseconds, a window outlives its end. */
  readonly lateness: number;
  /** Whether `early` will be called. */
  readonly early: boolean;
}

/** The start of the stretch that holds a time, where one starts every so often. */
export function floorTo(time: number, every: number, offset: number): number {
  return Math.floor((time - offset) / every) * every + offset;
}

/** What slots have: one of the things that are kept of a group. */
export interface Slotted {
  /** Makes room for slots below `size`; called before any of them is named. */
  reserve(size: number): void;
  /** Adds what slot `from[i]` has got to slot `into[i]`, as if it came after all that is there; `from` keeps it. */
  merge(into: Int32Array, from: Int32Array, count: number): void;
  /** What these slots have got, for `absorb`; they keep it. */
  extract(slots: Int32Array): State;
  /** Adds what `extract` gave, as if it came after all that is there: the i-th part to slot `into[i]`, or nowhere where that is -1. */
  absorb(into: Int32Array, extracted: State): void;
  /** Makes a slot like new. */
  clear(slot: number): void;
  /** Forgets all slots, and gives their memory back. */
  reset(): void;
  /** About how many bytes it holds. */
  bytes(): number;
  snapshot(): State;
  /** Into a new one. */
  restore(state: State): void;
}

/** Slots of accumulators that are lent to groups and come back: their number is that of groups at one time, not of all groups. */
export class Slots {
  readonly #accumulators: readonly Slotted[];
  #free: number[] = [];
  #size = 0;
  #capacity = 0;
  readonly #one = new Int32Array(1);
  readonly #other = new Int32Array(1);

  constructor(accumulators: readonly Slotted[]) {
    this.#accumulators = accumulators;
  }
  /** How many are lent. */
  get lent(): number {
    return this.#size - this.#free.length;
  }
  /** All slots are below this. */
  get capacity(): number {
    return this.#capacity;
  }

  take(): number {
    const slot = this.#free.pop() ?? this.#size++;
    if (slot >= this.#capacity) this.reserve(slot + 1);
    return slot;
  }
  reserve(size: number): void {
    if (size <= this.#capacity) return;
    this.#capacity = Math.max(64, size, Math.ceil(this.#capacity * 1.5));
    for (const accumulator of this.#accumulators) accumulator.reserve(this.#capacity);
  }
  give(slot: number): void {
    for (const accumulator of this.#accumulators) accumulator.clear(slot);
    this.#free.push(slot);
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (const accumulator of this.#accumulators) accumulator.merge(into, from, count);
  }
  /** What these slots have got, by accumulator. */
  extract(slots: Int32Array): State[] {
    return this.#accumulators.map((accumulator) => accumulator.extract(slots));
  }
  /** Adds what `extract` gave, as if it came after all that is there: the i-th part to slot `into[i]`, or nowhere where that is -1. */
  absorb(into: Int32Array, extracted: readonly State[]): void {
    for (const [i, accumulator] of this.#accumulators.entries()) accumulator.absorb(into, extracted[i]!);
  }
  /** All slots are as never lent. */
  clear(): void {
    for (const accumulator of this.#accumulators) accumulator.reset();
    this.#free = [];
    this.#size = this.#capacity = 0;
  }
  /** About how many bytes all of them hold. */
  bytes(): number {
    return this.#accumulators.reduce((sum, accumulator) => sum + accumulator.bytes(), 0);
  }
  mergeOne(into: number, from: number): void {
    this.#one[0] = into;
    this.#other[0] = from;
    this.merge(this.#one, this.#other, 1);
  }

  snapshot(): State {
    return { size: this.#size, capacity: this.#capacity, free: Int32Array.from(this.#free) };
  }
  /** The accumulators restore themselves. */
  restore(state: State): void {
    const { size, capacity, free } = state as { readonly size: number; readonly capacity: number; readonly free: Int32Array };
    this.#size = size;
    this.#capacity = capacity;
    this.#free = [...free];
  }
}

/** The keys that groups have. A key that no group has any more is forgotten before long. */
export class LiveKeys {
  readonly index: KeyIndex;
  /** By key: how many groups have it. */
  #groups = new Int32Array(1024);
  #live = 0;

  constructor(levels: number) {
    this.index = new KeyIndex(levels);
  }

  hold(key: number): void {
    if (key >= this.#groups.length) {
      const larger = new Int32Array(Math.max(key + 1, this.#groups.length * 2));
      larger.set(this.#groups);
      this.#groups = larger;
    }
    if (this.#groups[key]!++ === 0) this.#live++;
  }
  drop(key: number): void {
    if (--this.#groups[key]! === 0) this.#live--;
  }
  /** Not between numbering a batch's keys and holding them. Most keys come back in the next window, so they are not forgotten at once. */
  sweep(): void {
    if (this.index.count > 2 * this.#live + 1024) this.index.releaseWhere((key) => key >= this.#groups.length || this.#groups[key] === 0);
  }

  clear(): void {
    this.index.clear();
    this.#groups = new Int32Array(1024);
    this.#live = 0;
  }

  snapshot(): State {
    return { index: this.index.snapshot(), groups: this.#groups.slice(0, this.index.size) };
  }
  restore(state: State): void {
    const { index, groups } = state as { readonly index: State; readonly groups: Int32Array };
    this.index.restore(index);
    this.#groups = Int32Array.from(groups);
    this.#live = groups.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  }
}

/** The slots of one stretch of time by key, in the order in which the keys came: an open-addressed table of whole numbers. */
export class SlotTable {
  readonly keys: number[] = [];
  readonly slots: number[] = [];
  /** Position in `keys` plus one, 0 where nothing is. Keys are dense, so their own low bits spread them. */
  #table = new Int32Array(16);

  get size(): number {
    return this.keys.length;
  }
  /** The slot, or -1. */
  /** Visits all, in the order in which they were added. */
  each(visit: (key: number, slot: number) => void): void {
    const { keys, slots } = this;
    for (let i = 0; i < keys.length; i++) visit(keys[i]!, slots[i]!);
  }

  get(key: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = key & mask; ; at = (at + 1) & mask) {
      const position = table[at]!;
      if (position === 0) return -1;
      if (this.keys[position - 1] === key) return this.slots[position - 1]!;
    }
  }
  /** A key that is not there yet. */
  add(key: number, slot: number): void {
    this.keys.push(key);
    this.slots.push(slot);
    if (this.keys.length * 2 > this.#table.length) {
      this.#table = new Int32Array(this.#table.length * 2);
      for (let i = 0; i < this.keys.length; i++) this.#put(i);
    } else this.#put(this.keys.length - 1);
  }
  #put(position: number): void {
    const mask = this.#table.length - 1;
    let at = this.keys[position]! & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = position + 1;
  }
}
