import { MillraceError } from '../../engine/schema/problem.ts';
import type { Column, ColumnType, Json, Value } from '../../engine/schema/types.ts';
import { keyTypes, numericTypes } from './columns.ts';
import { Quantiles, type QuantilesState } from './quantiles.ts';

export const aggregateFunctions = [
  { value: 'count', label: 'Count', help: 'Rows, or values of a column that are not null.' },
  { value: 'sum', label: 'Sum' },
  { value: 'average', label: 'Average' },
  { value: 'min', label: 'Minimum' },
  { value: 'max', label: 'Maximum' },
  { value: 'first', label: 'First', help: 'The first value that is not null.' },
  { value: 'last', label: 'Last', help: 'The last value that is not null.' },
  { value: 'distinctCount', label: 'Distinct count' },
  { value: 'percentile', label: 'Percentile' },
] as const;
export type AggregateFunction = (typeof aggregateFunctions)[number]['value'];

/**
 * One aggregate over many groups at once. Groups are slots, numbered from 0 without gaps; a batch is given as the slot
 * and the value of each row, so that the loop over it is one tight loop per aggregate. Null values count for nothing.
 */
export interface Accumulator {
  add(slots: Int32Array, values: readonly Value[], count: number): void;
  /** Of a slot that may not have got any value. */
  result(slot: number): Value;
  snapshot(): Json;
  /** Into a new accumulator. */
  restore(state: Json): void;
}

/** The column types that a function takes. */
export function acceptedTypes(name: AggregateFunction): readonly ColumnType[] {
  if (name === 'sum' || name === 'average' || name === 'percentile') return numericTypes;
  return name === 'min' || name === 'max' || name === 'distinctCount' ? keyTypes : [...keyTypes, 'json', 'bytes'];
}

/** What comes out for a column of this type. */
export function resultType(name: AggregateFunction, type: ColumnType): Pick<Column, 'type' | 'nullable'> {
  if (name === 'count' || name === 'distinctCount') return { type: 'integer', nullable: false };
  if (name === 'average' || name === 'percentile') return { type: 'number', nullable: true };
  return { type, nullable: true };
}

/** `percent` is the percentile's, 0 to 100. */
export function createAccumulator(name: AggregateFunction, type: ColumnType, percent: number): Accumulator {
  switch (name) {
    case 'count':
      return new Count();
    case 'sum':
      return new Sum(type === 'integer');
    case 'average':
      return new Average();
    case 'min':
      return new Extreme((a, b) => a < b);
    case 'max':
      return new Extreme((a, b) => a > b);
    case 'first':
      return new First();
    case 'last':
      return new Last();
    case 'distinctCount':
      return new DistinctCount();
    case 'percentile':
      return new Percentile(percent / 100);
  }
}

/** Numbers by slot, in one typed array that doubles. */
class Numbers {
  values = new Float64Array(16);
  size = 0;
  /** Makes sure that these slots exist; their numbers are 0. */
  reach(slots: Int32Array, count: number): Float64Array {
    let highest = this.size - 1;
    for (let i = 0; i < count; i++) if (slots[i]! > highest) highest = slots[i]!;
    this.size = highest + 1;
    if (this.size > this.values.length) {
      const larger = new Float64Array(Math.max(this.size, this.values.length * 2));
      larger.set(this.values);
      this.values = larger;
    }
    return this.values;
  }
  get(slot: number): number {
    return slot < this.size ? this.values[slot]! : 0;
  }
  snapshot(): Json {
    return [...this.values.subarray(0, this.size)];
  }
  restore(state: Json): void {
    this.values = Float64Array.from(state as number[]);
    this.size = this.values.length;
  }
}

class Count implements Accumulator {
  readonly #counts = new Numbers();
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    const counts = this.#counts.reach(slots, count);
    for (let i = 0; i < count; i++) if (values[i] !== null) counts[slots[i]!]!++;
  }
  result(slot: number): Value {
    return this.#counts.get(slot);
  }
  snapshot(): Json {
    return this.#counts.snapshot();
  }
  restore(state: Json): void {
    this.#counts.restore(state);
  }
}

/** Sums and counts of numbers: what sum and average have in common. */
class Totals {
  readonly sums = new Numbers();
  readonly counts = new Numbers();
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    const sums = this.sums.reach(slots, count);
    const counts = this.counts.reach(slots, count);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null) continue;
      const slot = slots[i]!;
      sums[slot]! += value as number;
      counts[slot]!++;
    }
  }
  snapshot(): Json {
    return { sums: this.sums.snapshot(), counts: this.counts.snapshot() };
  }
  restore(state: Json): void {
    const { sums, counts } = state as { readonly [name: string]: Json };
    this.sums.restore(sums!);
    this.counts.restore(counts!);
  }
}

class Sum extends Totals implements Accumulator {
  readonly #whole: boolean;
  constructor(whole: boolean) {
    super();
    this.#whole = whole;
  }
  result(slot: number): Value {
    if (this.counts.get(slot) === 0) return null;
    const sum = this.sums.get(slot);
    if (Number.isFinite(sum) && (!this.#whole || Number.isSafeInteger(sum))) return sum;
    throw new MillraceError({
      code: 'aggregate/overflow',
      message: this.#whole ? 'A sum of integers went beyond 2^53, where whole numbers would be rounded' : 'A sum is too large for a number',
      hint: 'Cast the column to number before, or divide it by a constant.',
    });
  }
}

class Average extends Totals implements Accumulator {
  result(slot: number): Value {
    const count = this.counts.get(slot);
    const average = this.sums.get(slot) / count;
    return count > 0 && Number.isFinite(average) ? average : null;
  }
}

/** Values by slot; undefined where there was none. */
abstract class Kept {
  protected readonly kept: (Value | undefined)[] = [];
  abstract add(slots: Int32Array, values: readonly Value[], count: number): void;
  result(slot: number): Value {
    return this.kept[slot] ?? null;
  }
  snapshot(): Json {
    return Array.from(this.kept, (value) => (value instanceof Uint8Array ? { $bytes: [...value] } : [value ?? null])) as Json;
  }
  restore(state: Json): void {
    (state as ([Value] | { $bytes: number[] })[]).forEach((value, slot) => {
      const kept = Array.isArray(value) ? value[0] : Uint8Array.from(value.$bytes);
      if (kept !== null) this.kept[slot] = kept;
    });
  }
}

class Extreme extends Kept implements Accumulator {
  readonly #isBetter: (a: Value, b: Value) => boolean;
  constructor(isBetter: (a: any, b: any) => boolean) {
    super();
    this.#isBetter = isBetter;
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    const { kept } = this;
    const isBetter = this.#isBetter;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value === null) continue;
      const best = kept[slots[i]!];
      if (best === undefined || isBetter(value, best)) kept[slots[i]!] = value;
    }
  }
}

class First extends Kept implements Accumulator {
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      if (values[i] !== null && this.kept[slots[i]!] === undefined) this.kept[slots[i]!] = values[i]!;
    }
  }
}

class Last extends Kept implements Accumulator {
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) if (values[i] !== null) this.kept[slots[i]!] = values[i]!;
  }
}

class DistinctCount implements Accumulator {
  readonly #seen: (Set<Value> | undefined)[] = [];
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value === null) continue;
      const seen = this.#seen[slots[i]!];
      if (seen) seen.add(value);
      else this.#seen[slots[i]!] = new Set([value]);
    }
  }
  result(slot: number): Value {
    return this.#seen[slot]?.size ?? 0;
  }
  snapshot(): Json {
    return Array.from(this.#seen, (seen) => [...(seen ?? [])]) as Json;
  }
  restore(state: Json): void {
    (state as Value[][]).forEach((values, slot) => {
      if (values.length > 0) this.#seen[slot] = new Set(values);
    });
  }
}

class Percentile implements Accumulator {
  readonly #quantiles: (Quantiles | undefined)[] = [];
  readonly #fraction: number;
  constructor(fraction: number) {
    this.#fraction = fraction;
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value === null) continue;
      let quantiles = this.#quantiles[slots[i]!];
      if (!quantiles) this.#quantiles[slots[i]!] = quantiles = new Quantiles();
      quantiles.add(value as number);
    }
  }
  result(slot: number): Value {
    return this.#quantiles[slot]?.at(this.#fraction) ?? null;
  }
  snapshot(): Json {
    return Array.from(this.#quantiles, (quantiles) => quantiles?.snapshot() ?? null) as Json;
  }
  restore(state: Json): void {
    (state as (QuantilesState | null)[]).forEach((each, slot) => {
      if (each) this.#quantiles[slot] = Quantiles.restore(each);
    });
  }
}
