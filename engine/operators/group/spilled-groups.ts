import type { KeyedState, Owns } from '@millrace/kit/keyed-state';
import { itemAt, itemsAt } from '../../../model/faults/missing.ts';
import type { State, Value } from '../../../model/values/types.ts';
import { hashOfLevels } from '../keyed/key-hash.ts';
import { PackedChunks } from '../spill/packed-chunks.ts';
import { type LiveKeys, type Slots, SlotTable } from './windows.ts';

/** Groups of one entry, about: what is read at once where only some groups are wanted. */
const chunkSize = 128;
const mostParts = 1024;

/** Some groups: their keys by level, and what they have got by accumulator. */
export type Chunk = {
  readonly count: number;
  readonly keys: readonly (readonly Value[])[];
  readonly extracted: readonly State[];
  /** By group: 1 for a marked one. Null where none is. */
  readonly marks: Uint8Array | null;
};

/** Groups that leave memory together, or come from there: a slice of time, or all that are. */
class Place {
  /** A power of two: keys are parted by the low bits of their hash. */
  readonly parts: number;
  /** By part: how many chunks there are. */
  readonly chunks: Int32Array;
  /** By part: the chunk from which on marks count. Null: all do. */
  unmarked: Int32Array | null = null;
  /** A group counts once for each chunk that has it. */
  groups = 0;
  /** How many groups there were when each was in one chunk. */
  merged = 0;
  /** What the groups took in memory when they were put: about what it takes to read them, and less where some are in several chunks. */
  bytes = 0;
  constructor(parts: number) {
    this.parts = parts;
    this.chunks = new Int32Array(parts);
  }
}

/**
 * Partial results of groups, in chunks of keyed state: what an aggregation has no room for in memory. A group whose rows go on coming
 * begins anew in memory, so that it may be in several chunks; they are merged part by part, in the order in which they were put.
 */
export class SpilledGroups {
  readonly #chunks: PackedChunks<Chunk>;
  readonly #slots: Slots;
  readonly #keys: LiveKeys;
  /** Of the keys in memory: their values by level and number. */
  readonly #levels: readonly (readonly Value[])[];
  readonly #memory: number;
  readonly #places = new Map<number, Place>();
  /** In all places; see `Place`. */
  groups = 0;

  /** `memory` as of `TransformContext`. */
  constructor(state: KeyedState<State>, slots: Slots, keys: LiveKeys, memory: number) {
    this.#chunks = new PackedChunks(state);
    this.#slots = slots;
    this.#keys = keys;
    this.#levels = Array.from({ length: keys.index.levels }, (_, level) => keys.index.valuesOf(level));
    this.#memory = memory;
  }

  has(place: number): boolean {
    return this.#places.has(place);
  }
  get places(): Iterable<number> {
    return this.#places.keys();
  }
  /** About how many bytes of memory it takes to know what is where. */
  get bytes(): number {
    let bytes = 0;
    for (const { parts } of this.#places.values()) bytes += 300 + 8 * parts;
    return bytes;
  }

  /** Puts groups there: a key's number, and its slot. They stay in memory until the caller clears it, and then calls `compact`. */
  put(place: number, keys: readonly number[], slots: readonly number[], marks: Uint8Array | null): void {
    const known = this.#places.get(place);
    const into = known ?? new Place(partsFor(keys.length));
    this.#places.set(place, into);
    this.#write(place, into, keys, slots, marks);
    if (!known) into.merged = keys.length;
  }
  #write(place: number, into: Place, keys: readonly number[], slots: readonly number[], marks: Uint8Array | null): void {
    const byPart: number[][] = Array.from({ length: into.parts }, () => []);
    for (const [i, key] of keys.entries()) itemAt(byPart, this.partOf(key, into.parts)).push(i);
    for (const [part, own] of byPart.entries()) {
      if (own.length === 0) continue;
      const chunk: Chunk = {
        count: own.length,
        keys: this.#levels.map((values) => own.map((i) => itemAt(values, itemAt(keys, i)))),
        extracted: this.#slots.extract(Int32Array.from(own, (i) => itemAt(slots, i))),
        marks: marks && own.some((i) => marks[itemAt(slots, i)] === 1) ? Uint8Array.from(own, (i) => itemAt(marks, itemAt(slots, i))) : null,
      };
      const number = itemAt(into.chunks, part);
      into.chunks[part] = number + 1;
      this.#chunks.set(nameOf(place, into, part, number), chunk);
    }
    into.bytes += this.#bytesOf(keys.length);
    into.groups += keys.length;
    this.groups += keys.length;
  }

  /** About what so many groups take in memory. */
  #bytesOf(groups: number): number {
    const inMemory = Math.max(this.#slots.lent, groups);
    return ((this.#slots.bytes() + this.#keys.index.bytes()) * groups) / inMemory;
  }

  /**
   * Merges what has become too much for what it says, and parts what has become too large. Keys and slots have to be clear, and are so
   * again afterwards. Over time the work is as much as that of putting.
   */
  compact(): void {
    for (const [place, before] of this.#places) {
      if (before.groups <= 4 * (before.merged + 1024)) continue;
      const after = new Place(Math.max(before.parts, partsFor(before.groups / 4)));
      for (let part = 0; part < before.parts; part++) {
        const table = new SlotTable();
        const marked = new Set<number>();
        this.read(place, part, before.parts, table, marked);
        const marks = marked.size > 0 ? new Uint8Array(this.#slots.capacity) : null;
        if (marks) for (const key of marked) marks[table.get(key)] = 1;
        this.#remove(place, before, part);
        this.#write(place, after, table.keys, table.slots, marks);
        this.#slots.clear();
        this.#keys.clear();
      }
      this.groups -= before.groups;
      after.merged = after.groups;
      this.#places.set(place, after);
    }
  }

  /** In how many parts to read these places, so that there is room for each. */
  partsOf(places: readonly number[]): number {
    let bytes = 0;
    let groups = 0;
    for (const place of places) {
      bytes += this.#places.get(place)?.bytes ?? 0;
      groups += this.#places.get(place)?.groups ?? 0;
    }
    let parts = 1;
    while (parts * 8 < groups && bytes / parts > this.#memory / 4) parts *= 2;
    return parts;
  }
  /** In how many parts to read these places for a few groups. */
  finest(places: readonly number[]): number {
    return places.reduce((most, place) => Math.max(most, this.#places.get(place)?.parts ?? 1), 1);
  }
  /** Of so many parts the one that a key is in. */
  partOf(key: number, parts: number): number {
    return parts === 1 ? 0 : hashOfLevels(this.#levels, key) & (parts - 1);
  }

  /** Merges a part of a place into slots, which are taken, with `table` and new keys growing; what is marked is noted. */
  read(place: number, part: number, parts: number, table: SlotTable, marked: Set<number> | null = null): void {
    const from = this.#places.get(place);
    if (!from) return;
    // Where the place is parted less finely, only some groups of one of its parts are meant; otherwise several whole ones are.
    for (let own = part & (from.parts - 1); own < from.parts; own += parts) {
      for (let i = 0; i < itemAt(from.chunks, own); i++) {
        const chunk = this.#chunks.get(nameOf(place, from, own, i));
        const chosen = parts > from.parts ? chosenOf(chunk, part, parts) : null;
        this.#merge(chunk, chosen, table, i >= (from.unmarked?.[own] ?? 0) ? marked : null);
      }
    }
  }
  #merge(chunk: Chunk, chosen: readonly number[] | null, table: SlotTable, marked: Set<number> | null): void {
    const count = chosen?.length ?? chunk.count;
    const keys = new Int32Array(count);
    this.#keys.index.assign(chosen ? chunk.keys.map((values) => chosen.map((i) => itemAt(values, i))) : chunk.keys, count, keys);
    const into = new Int32Array(chunk.count).fill(-1);
    for (let j = 0; j < count; j++) {
      const i = chosen ? itemAt(chosen, j) : j;
      const key = keys[j]!;
      let slot = table.get(key);
      if (slot < 0) {
        slot = this.#slots.take();
        table.add(key, slot);
      }
      into[i] = slot;
      if (marked && chunk.marks?.[i] === 1) marked.add(key);
    }
    this.#slots.absorb(into, chunk.extracted);
  }

  /** All that is there: of each place in the order in which it was put. Marks that do not count any more are left out. */
  *chunks(): Iterable<{ readonly place: number; readonly chunk: Chunk }> {
    for (const [place, from] of this.#places) {
      for (let part = 0; part < from.parts; part++) {
        for (let i = 0; i < itemAt(from.chunks, part); i++) {
          const chunk = this.#chunks.get(nameOf(place, from, part, i));
          yield { place, chunk: i >= (from.unmarked?.[part] ?? 0) ? chunk : { ...chunk, marks: null } };
        }
      }
    }
  }

  /** The marks of what is there by now count no more. */
  unmark(place: number): void {
    const found = this.#places.get(place);
    if (found) found.unmarked = found.chunks.slice();
  }
  /** Whether there may be marks. */
  isMarked(place: number): boolean {
    const found = this.#places.get(place);
    if (found === undefined) return false;
    const { chunks, unmarked } = found;
    return unmarked === null || chunks.some((count, part) => count > itemAt(unmarked, part));
  }

  delete(place: number): void {
    const found = this.#places.get(place);
    if (!found) return;
    for (let part = 0; part < found.parts; part++) this.#remove(place, found, part);
    this.#places.delete(place);
    this.groups -= found.groups;
  }
  #remove(place: number, from: Place, part: number): void {
    for (let i = 0; i < itemAt(from.chunks, part); i++) this.#chunks.delete(nameOf(place, from, part, i));
  }

  snapshot(): State {
    return [...this.#places].map(([place, { chunks, unmarked, groups, merged, bytes }]) => ({
      place,
      chunks: chunks.slice(),
      unmarked: unmarked?.slice() ?? null,
      groups,
      merged,
      bytes,
    }));
  }
  restore(state: State): void {
    type Kept = Pick<Place, 'chunks' | 'unmarked' | 'groups' | 'merged' | 'bytes'> & { readonly place: number };
    for (const { place, chunks, unmarked, groups, merged, bytes } of state as readonly Kept[]) {
      const into = new Place(chunks.length);
      into.chunks.set(chunks);
      Object.assign(into, { unmarked, groups, merged, bytes });
      this.#places.set(place, into);
      this.groups += groups;
    }
  }
}

/** Groups in memory as chunks: keys by their numbers, and their slots. */
export function* chunksOf(
  keys: readonly number[],
  groups: readonly number[],
  marks: Uint8Array | null,
  from: { readonly slots: Slots; readonly keys: LiveKeys },
): Iterable<Chunk> {
  const levels = Array.from({ length: from.keys.index.levels }, (_, level) => from.keys.index.valuesOf(level));
  for (let start = 0; start < keys.length; start += chunkSize) {
    const own = keys.slice(start, start + chunkSize);
    const slots = groups.slice(start, start + chunkSize);
    yield {
      count: own.length,
      keys: levels.map((values) => itemsAt(values, own)),
      extracted: from.slots.extract(Int32Array.from(slots)),
      marks: marks && Uint8Array.from(slots, (slot) => marks[slot] ?? 0),
    };
  }
}

/** Adds what a chunk has of owned keys to the slots that `slotOf` gives for the numbers of the keys, and places in the chunk. */
export function absorbOwned(
  chunk: Chunk,
  owns: Owns,
  { slots, keys }: { readonly slots: Slots; readonly keys: LiveKeys },
  slotOf: (key: number, place: number) => number,
): void {
  const into = new Int32Array(chunk.count).fill(-1);
  let isEmpty = true;
  for (let i = 0; i < chunk.count; i++) {
    const key = chunk.keys.map((values) => itemAt(values, i));
    if (!owns(key)) continue;
    isEmpty = false;
    into[i] = slotOf(keys.index.numberOf(key), i);
  }
  if (!isEmpty) slots.absorb(into, chunk.extracted);
}

function partsFor(groups: number): number {
  let parts = 1;
  while (parts < mostParts && parts * chunkSize < groups) parts *= 2;
  return parts;
}
function nameOf(place: number, { parts }: Place, part: number, chunk: number): string {
  return `${place}/${parts}/${part}/${chunk}`;
}
function chosenOf({ count, keys }: Chunk, part: number, parts: number): number[] {
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) if ((hashOfLevels(keys, i) & (parts - 1)) === part) chosen.push(i);
  return chosen;
}
