import { itemAt } from '../../../model/faults/missing.ts';
import type { State, Value } from '../../../model/values/types.ts';
import type { Accumulator } from './accumulator.ts';
import { DistinctNumbers } from './distinct-numbers.ts';

/** Values of some slots, those of each behind those of the one before. */
type Extracted = { readonly sizes: Int32Array; readonly values: Float64Array | readonly Value[] };

/** How many different values a slot has got. */
export class DistinctCount implements Accumulator {
  readonly #numbers = new DistinctNumbers();
  /** What is no number. */
  readonly #seen: (Set<Value> | undefined)[] = [];
  /** Of all slots: how many Sets there are, how many values those have, and how many characters the texts among them. */
  #used = 0;
  #values = 0;
  #characters = 0;
  readonly #keyOf: ((value: Value) => Value) | null;
  /** `keyOf`: what two values have to have in common to be the same. */
  constructor(keyOf: ((value: Value) => Value) | null) {
    this.#keyOf = keyOf;
  }
  reserve(size: number): void {
    this.#numbers.reserve(size);
    for (let slot = this.#seen.length; slot < size; slot++) this.#seen.push(undefined);
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value !== null) this.#addOne(slots[i]!, this.#keyOf === null ? value : this.#keyOf(value));
    }
  }
  #addOne(slot: number, value: Value): void {
    if (typeof value === 'number') {
      this.#numbers.add(slot, value);
      return;
    }
    const seen = this.#of(slot);
    const { size } = seen;
    seen.add(value);
    if (seen.size === size) return;
    this.#values++;
    if (typeof value === 'string') this.#characters += value.length;
  }
  #of(slot: number): Set<Value> {
    const known = this.#seen[slot];
    if (known) return known;
    this.#used++;
    const seen = new Set<Value>();
    this.#seen[slot] = seen;
    return seen;
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const [to, own] = [itemAt(into, i), itemAt(from, i)];
      this.#numbers.merge(to, own);
      for (const value of this.#seen[own] ?? []) this.#addOne(to, value);
    }
  }
  extract(slots: Int32Array): State {
    const sizes = Int32Array.from(slots, (slot) => this.#sizeOf(slot));
    return { sizes, values: this.#valuesOf(slots, sizes) } satisfies Extracted as State;
  }
  #valuesOf(slots: Int32Array, sizes: Int32Array): Extracted['values'] {
    const numbers = new Float64Array(sizes.reduce((sum, size) => sum + size, 0));
    let at = 0;
    if (this.#used === 0) {
      for (const slot of slots) at = this.#numbers.copy(slot, numbers, at);
      return numbers;
    }
    const values: Value[] = [];
    for (const slot of slots) {
      for (const number of numbers.subarray(0, this.#numbers.copy(slot, numbers, 0))) values.push(number);
      for (const value of this.#seen[slot] ?? []) values.push(value);
    }
    return values;
  }
  absorb(into: Int32Array, extracted: State): void {
    const { sizes, values } = extracted as Extracted;
    let at = 0;
    for (let i = 0; i < into.length; i++) {
      const end = at + itemAt(sizes, i);
      const slot = itemAt(into, i);
      if (slot >= 0) for (let own = at; own < end; own++) this.#addOne(slot, itemAt(values, own));
      at = end;
    }
  }
  clear(slot: number): void {
    this.#numbers.clear(slot);
    const seen = this.#seen[slot];
    if (!seen) return;
    this.#used--;
    this.#values -= seen.size;
    for (const value of seen) if (typeof value === 'string') this.#characters -= value.length;
    this.#seen[slot] = undefined;
  }
  reset(): void {
    this.#numbers.reset();
    this.#seen.length = 0;
    this.#used = this.#values = this.#characters = 0;
  }
  result(slot: number): Value {
    return this.#sizeOf(slot);
  }
  #sizeOf(slot: number): number {
    return this.#numbers.size(slot) + (this.#seen[slot]?.size ?? 0);
  }
  bytes(): number {
    return this.#numbers.bytes() + this.#seen.length * 8 + this.#used * 200 + this.#values * 40 + this.#characters;
  }
  snapshot(): State {
    const one = new Int32Array(1);
    return this.#seen.map((_, slot) => {
      const size = this.#sizeOf(slot);
      one[0] = slot;
      return size === 0 ? null : this.#valuesOf(one, Int32Array.of(size));
    }) as State;
  }
  restore(state: State): void {
    const bySlot = state as readonly (Extracted['values'] | null)[];
    this.reserve(bySlot.length);
    for (const [slot, values] of bySlot.entries()) for (const value of values ?? []) this.#addOne(slot, value);
  }
}
