import { itemAt } from '../../../model/faults/missing.ts';
import type { Json, Row, State, Value } from '../../../model/values/types.ts';
import { type KeyColumn, keyColumnReader } from '../rows/key-columns.ts';
import { listBytes } from '../rows/state.ts';

type Level = Map<Value, Level | number>;

/**
 * Numbers the different keys that rows have: 0, 1, 2, … in the order in which they first came; numbers that were released are
 * given again first. A key has one value per level (key column), told apart as a Map does it: null is a value of its own, 1 and
 * "1" differ. Maps in Maps are two to three times as fast as one Map over texts put together, and remembering the last key
 * makes runs of equal ones cheaper yet.
 */
export class KeyIndex {
  readonly levels: number;
  readonly #root: Level = new Map();
  /** By slot, by level. */
  readonly #values: Value[][];
  /** The key that was looked up last, and the map that it led to at each level. */
  readonly #lastValues: (Value | undefined)[];
  readonly #lastMaps: Level[];
  #size = 0;
  /** Numbers below `size` that no key has. */
  readonly #free: number[] = [];
  /** Maps besides the root. */
  #maps = 0;
  readonly #one = new Int32Array(1);

  constructor(levels: number) {
    this.levels = levels;
    this.#values = Array.from({ length: levels }, () => []);
    this.#lastValues = new Array(levels).fill(undefined);
    this.#lastMaps = new Array(levels).fill(this.#root);
  }
  /** All numbers are below this. */
  get size(): number {
    return this.#size;
  }
  /** How many keys there are. */
  get count(): number {
    return this.#size - this.#free.length;
  }
  /** The values of one level, by slot. */
  valuesOf(level: number): readonly Value[] {
    return itemAt(this.#values, level);
  }

  /** The values of the key with this number. */
  keyOf(slot: number): Value[] {
    return this.#values.map((values) => itemAt(values, slot));
  }

  /** Puts each row's slot into `slots`, numbering new keys. `columns` holds the rows' values, by level. */
  assign(columns: readonly (readonly Value[])[], count: number, slots: Int32Array): void {
    if (this.levels === 0) {
      if (count > 0) this.#size = 1;
      slots.fill(0, 0, count);
      return;
    }
    const leaf = this.levels - 1;
    const keys = itemAt(columns, leaf);
    let lastKey: Value | undefined;
    let lastMap: Level | undefined;
    let slot = -1;
    for (let i = 0; i < count; i++) {
      const map = leaf === 0 ? this.#root : this.#leafMap(columns, i);
      const key = keys[i]!;
      if (map !== lastMap || key !== lastKey) {
        const known = map.get(key) as number | undefined;
        slot = known ?? this.#add(map, columns, i);
        lastKey = key;
        lastMap = map;
      }
      slots[i] = slot;
    }
  }

  /** The slot of a row's key, or -1 if it has not been seen. */
  find(columns: readonly (readonly Value[])[], row: number): number {
    if (this.levels === 0) return this.#size - 1;
    const leaf = this.levels - 1;
    let map: Level | undefined = this.#root;
    for (let level = 0; level < leaf && map; level++) map = map.get(columns[level]![row]!) as Level | undefined;
    return (map?.get(columns[leaf]![row]!) as number | undefined) ?? -1;
  }

  #leafMap(columns: readonly (readonly Value[])[], row: number): Level {
    let map = this.#root;
    let same = true;
    for (let level = 0; level < this.levels - 1; level++) {
      const value = columns[level]![row]!;
      if (same && this.#lastValues[level] === value) {
        map = this.#lastMaps[level]!;
        continue;
      }
      same = false;
      const next = (map.get(value) as Level | undefined) ?? new Map();
      if (next.size === 0) {
        map.set(value, next);
        this.#maps++;
      }
      map = next;
      this.#lastValues[level] = value;
      this.#lastMaps[level] = map;
    }
    return map;
  }
  #add(map: Level, columns: readonly (readonly Value[])[], row: number): number {
    const slot = this.#free.pop() ?? this.#size++;
    map.set(columns[this.levels - 1]![row]!, slot);
    for (let level = 0; level < this.levels; level++) this.#values[level]![slot] = columns[level]![row]!;
    return slot;
  }

  /** The number of one key, which it gets if it has none. */
  numberOf(key: readonly Value[]): number {
    this.assign(
      key.map((value) => [value]),
      1,
      this.#one,
    );
    return itemAt(this.#one, 0);
  }

  /** Forgets all keys for whose number this holds. It goes over all of them, so wait until it pays. */
  releaseWhere(isUnused: (slot: number) => boolean): void {
    if (this.levels === 0) return;
    const free = new Set(this.#free);
    for (let slot = 0; slot < this.#size; slot++) {
      if (free.has(slot) || !isUnused(slot)) continue;
      this.#remove(this.#root, 0, slot);
      for (const values of this.#values) values[slot] = null;
      this.#free.push(slot);
    }
    this.#lastValues.fill(undefined);
    this.#lastMaps.fill(this.#root);
  }
  #remove(map: Level, level: number, slot: number): void {
    const value = this.#values[level]![slot]!;
    const next = map.get(value);
    if (next instanceof Map) {
      this.#remove(next, level + 1, slot);
      if (next.size > 0) return;
      this.#maps--;
    }
    map.delete(value);
  }

  /** Forgets all keys. */
  clear(): void {
    this.#root.clear();
    for (const values of this.#values) values.length = 0;
    this.#lastValues.fill(undefined);
    this.#lastMaps.fill(this.#root);
    this.#size = this.#free.length = this.#maps = 0;
  }
  /** About how many bytes it takes. */
  bytes(): number {
    return this.#values.reduce((sum, values) => sum + listBytes(values), this.count * 40 + this.#maps * 200);
  }

  snapshot(): Json {
    return { size: this.#size, values: this.#values.map((values) => values.slice()) as Json, free: [...this.#free] };
  }
  /** Into a new index. */
  restore(state: State): void {
    const { size, values, free } = state as { readonly size: number; readonly values: readonly (readonly Value[])[]; readonly free: readonly number[] };
    if (this.levels === 0) {
      this.#size = size;
      return;
    }
    const isFree = new Set(free);
    for (let slot = 0; slot < size; slot++) {
      this.#size = slot;
      if (isFree.has(slot)) for (const [level, own] of this.#values.entries()) own[slot] = itemAt(itemAt(values, level), slot);
      else this.#add(this.levels === 1 ? this.#root : this.#leafMap(values, slot), values, slot);
    }
    this.#size = size;
    for (const slot of free) this.#free.push(slot);
  }
}

/** The keys of the rows of one batch at a time, read from their key columns. */
export class RowKeys {
  readonly #readers: readonly ((rows: readonly Row[], values: Value[]) => void)[];
  readonly #values: readonly Value[][];
  #slots = new Int32Array(1024);

  constructor(columns: readonly KeyColumn[]) {
    this.#readers = columns.map(keyColumnReader);
    this.#values = columns.map(() => []);
  }
  read(rows: readonly Row[]): void {
    for (const [level, read] of this.#readers.entries()) read(rows, itemAt(this.#values, level));
  }
  /** The rows' slots, valid until the next call; new keys are numbered. */
  assign(rows: readonly Row[], index: KeyIndex): Int32Array {
    this.read(rows);
    if (rows.length > this.#slots.length) this.#slots = new Int32Array(rows.length);
    index.assign(this.#values, rows.length, this.#slots);
    return this.#slots;
  }
  /** The slot of the i-th row that was read last, or -1. */
  find(i: number, index: KeyIndex): number {
    return index.find(this.#values, i);
  }
  /** The key of the i-th row that was read last, for keyed state. */
  text(i: number): string {
    return keyText(this.#values.map((values) => values[i]!));
  }
}

/** A key as text, for keyed state: equal for equal keys, and for no others. Values are those of `keyTypes` columns, decimals as their keys (key-columns.ts). */
export function keyText(values: readonly Value[]): string {
  return JSON.stringify(values);
}
/** The values that `keyText` made the text of. */
export function keyValues(text: string): Value[] {
  return JSON.parse(text);
}
