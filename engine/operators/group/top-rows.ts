import type { KeyedState, Owns } from '@millrace/kit/keyed-state';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Row, Schema, State } from '../../../model/values/types.ts';
import { keyText, RowKeys } from '../keyed/keys.ts';
import { keyColumns } from '../rows/key-columns.ts';
import { type PackedRow, type RowPacker, rowPacker } from '../rows/packed-rows.ts';
import { stateBytes } from '../rows/state.ts';
import { absorbOwned, type Chunk, chunksOf, SpilledGroups } from './spilled-groups.ts';
import { LiveKeys, Slots, SlotTable, type Slotted } from './windows.ts';

/** Below zero where the first row ranks before the second. */
export type Order = (a: Row, b: Row) => number;

/** The best rows of each slot, best first; of equal ones those that came first. */
class BestRows implements Slotted {
  readonly #order: Order;
  readonly #most: number;
  readonly #packer: RowPacker;
  readonly #bySlot: Row[][] = [];
  count = 0;

  constructor(order: Order, most: number, schema: Schema) {
    this.#order = order;
    this.#most = most;
    this.#packer = rowPacker(schema.columns);
  }
  of(slot: number): readonly Row[] {
    return itemAt(this.#bySlot, slot);
  }
  add(slot: number, row: Row): void {
    const best = itemAt(this.#bySlot, slot);
    const order = this.#order;
    if (best.length === this.#most && order(itemAt(best, best.length - 1), row) <= 0) return;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (order(best[middle]!, row) <= 0) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, row);
    if (best.length > this.#most) best.pop();
    else this.count++;
  }

  reserve(size: number): void {
    while (this.#bySlot.length < size) this.#bySlot.push([]);
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) for (const row of itemAt(this.#bySlot, itemAt(from, i))) this.add(itemAt(into, i), row);
  }
  extract(slots: Int32Array): State {
    return Array.from(slots, (slot) => itemAt(this.#bySlot, slot).map(this.#packer.pack));
  }
  absorb(into: Int32Array, extracted: State): void {
    for (const [i, rows] of (extracted as readonly (readonly PackedRow[])[]).entries()) {
      const slot = itemAt(into, i);
      if (slot >= 0) for (const row of rows) this.add(slot, this.#packer.unpack(row));
    }
  }
  clear(slot: number): void {
    this.count -= itemAt(this.#bySlot, slot).length;
    this.#bySlot[slot] = [];
  }
  reset(): void {
    this.#bySlot.length = 0;
    this.count = 0;
  }
  /** Told from some rows. */
  bytes(): number {
    const step = Math.ceil(this.#bySlot.length / 20);
    let seen = 0;
    let bytes = 0;
    for (let slot = 0; slot < this.#bySlot.length; slot += step) {
      const row = this.#bySlot[slot]?.[0];
      if (row === undefined) continue;
      bytes += stateBytes(row);
      seen++;
    }
    return this.#bySlot.length * 40 + (seen > 0 ? (this.count / seen) * bytes : 0);
  }
  snapshot(): State {
    return this.#bySlot.map((rows) => rows.map(this.#packer.pack));
  }
  restore(state: State): void {
    for (const rows of state as readonly (readonly PackedRow[])[]) {
      this.#bySlot.push(rows.map(this.#packer.unpack));
      this.count += rows.length;
    }
  }
}

export interface TopRowsOptions {
  readonly schema: Schema;
  readonly keys: readonly string[];
  readonly order: Order;
  /** Rows of a key that are kept. */
  readonly most: number;
  /** As of `TransformContext`. */
  readonly memory: number;
  state(name: string): KeyedState<State>;
}

/** The best rows of each key, in places of their own (windows, or one for all). */
export class TopRows {
  readonly #memory: number;
  readonly #rowKeys: RowKeys;
  readonly #keys: LiveKeys;
  readonly #best: BestRows;
  readonly #slots: Slots;
  readonly #disk: SpilledGroups;
  /** What is in memory, by place. There may be more on disk, of the same keys too: that came before. */
  readonly #tables = new Map<number, SlotTable>();

  constructor({ schema, keys, order, most, memory, state }: TopRowsOptions) {
    this.#memory = memory;
    this.#rowKeys = new RowKeys(keyColumns(schema, keys));
    this.#keys = new LiveKeys(keys.length);
    this.#best = new BestRows(order, most, schema);
    this.#slots = new Slots([this.#best]);
    this.#disk = new SpilledGroups(state('rows'), this.#slots, this.#keys, memory);
  }

  /** `placeOf` gives the i-th row's place. */
  add(rows: readonly Row[], placeOf: (index: number) => number): void {
    const keys = this.#rowKeys.assign(rows, this.#keys.index);
    for (const [i, row] of rows.entries()) this.#best.add(this.#slotOf(placeOf(i), keys[i]!), row);
    if (this.#bytes() > this.#memory) this.#spill();
  }
  #slotOf(place: number, key: number): number {
    let table = this.#tables.get(place);
    if (!table) {
      table = new SlotTable();
      this.#tables.set(place, table);
    }
    const known = table.get(key);
    if (known >= 0) return known;
    const slot = this.#slots.take();
    table.add(key, slot);
    this.#keys.hold(key);
    return slot;
  }

  /** All that have rows. */
  get places(): number[] {
    return [...new Set([...this.#tables.keys(), ...this.#disk.places])];
  }

  /**
   * Takes a place's rows out, key by key: in the order of the keys' texts, or in that in which the keys came. Where some are on disk
   * that order is one of parts of the keys.
   */
  *take(place: number, byText: boolean): Iterable<readonly Row[]> {
    const table = this.#tables.get(place) ?? new SlotTable();
    this.#tables.delete(place);
    if (!this.#disk.has(place)) {
      yield* this.#rowsOf(table, byText);
      this.#release(table);
      return;
    }
    if (table.size > 0) this.#disk.put(place, table.keys, table.slots, null);
    this.#release(table);
    const parts = this.#disk.partsOf([place]);
    for (let part = 0; part < parts; part++) {
      const whole = new SlotTable();
      this.#disk.read(place, part, parts, whole);
      for (const key of whole.keys) this.#keys.hold(key);
      yield* this.#rowsOf(whole, byText);
      this.#release(whole);
    }
    this.#disk.delete(place);
  }
  *#rowsOf({ keys, slots }: SlotTable, byText: boolean): Iterable<readonly Row[]> {
    if (!byText) {
      for (const slot of slots) yield this.#best.of(slot);
      return;
    }
    const texts = keys.map((key, i) => [keyText(this.#keys.index.keyOf(key)), itemAt(slots, i)] as const);
    for (const [, slot] of texts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) yield this.#best.of(slot);
  }
  #release({ keys, slots }: SlotTable): void {
    for (const slot of slots) this.#slots.give(slot);
    for (const key of keys) this.#keys.drop(key);
    this.#keys.sweep();
  }

  /** Adds what others have of owned keys; each of them is there until the next one is asked for. */
  takeOver(earlier: Iterable<TopRows>, owns: Owns): void {
    for (const before of earlier) {
      for (const { place, chunk } of before.#disk.chunks()) this.#takeChunk(place, chunk, owns);
      for (const [place, { keys, slots }] of before.#tables) {
        for (const chunk of chunksOf(keys, slots, null, { slots: before.#slots, keys: before.#keys })) this.#takeChunk(place, chunk, owns);
      }
    }
  }
  #takeChunk(place: number, chunk: Chunk, owns: Owns): void {
    absorbOwned(chunk, owns, { slots: this.#slots, keys: this.#keys }, (key) => this.#slotOf(place, key));
    if (this.#bytes() > this.#memory) this.#spill();
  }

  #spill(): void {
    for (const [place, { keys, slots }] of this.#tables) this.#disk.put(place, keys, slots, null);
    this.#tables.clear();
    this.#slots.clear();
    this.#keys.clear();
    this.#disk.compact();
  }
  #bytes(): number {
    return this.#best.bytes() + this.#keys.index.bytes() + this.#slots.lent * 24;
  }
  /** Rows in memory, and keys on disk. */
  size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#best.count + this.#disk.groups, bytes: this.#bytes() + this.#disk.bytes };
  }

  snapshot(): State {
    const tables = [...this.#tables].map(([place, { keys, slots }]) => ({ place, keys: Int32Array.from(keys), slots: Int32Array.from(slots) }));
    return { keys: this.#keys.snapshot(), slots: this.#slots.snapshot(), best: this.#best.snapshot(), tables, disk: this.#disk.snapshot() };
  }
  /** Into a new one. */
  restore(state: State): void {
    type Table = { readonly place: number; readonly keys: Int32Array; readonly slots: Int32Array };
    const { keys, slots, best, tables, disk } = state as { readonly [name: string]: State };
    this.#keys.restore(keys);
    this.#slots.restore(slots);
    this.#best.restore(best);
    this.#disk.restore(disk);
    for (const kept of tables as readonly Table[]) {
      const table = new SlotTable();
      for (const [i, key] of kept.keys.entries()) table.add(key, itemAt(kept.slots, i));
      this.#tables.set(kept.place, table);
    }
  }
}
