import type { AggregateFunction } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { compareDecimals } from '../../../model/values/decimal.ts';
import type { ColumnType, State, Value } from '../../../model/values/types.ts';
import { keyOfType } from '../rows/key-columns.ts';
import { listBytes } from '../rows/state.ts';
import type { Accumulator } from './accumulator.ts';
import { DecimalTotals } from './decimal-accumulators.ts';
import { DistinctCount } from './distinct-count.ts';
import { Quantiles, type QuantilesState } from './quantiles.ts';

/** Whether a function needs the `order` of its values. */
export function isOrdered(name: AggregateFunction): boolean {
  return name === 'first' || name === 'last';
}

/** `percent` is the percentile's, 0 to 100; null for all other functions. */
export function createAccumulator(name: AggregateFunction, type: ColumnType, percent: number | null): Accumulator {
  switch (name) {
    case 'count':
      return new Count();
    case 'sum':
      return type === 'decimal' ? new DecimalTotals(false) : new Sum(type === 'integer');
    case 'average':
      return type === 'decimal' ? new DecimalTotals(true) : new Average();
    case 'min':
      return new Extreme(isLess[type] ?? ((a, b) => a < b));
    case 'max':
      return new Extreme(isGreater[type] ?? ((a, b) => a > b));
    case 'first':
      return new AtEnd((time, kept) => time < kept);
    case 'last':
      return new AtEnd((time, kept) => time >= kept);
    case 'distinctCount':
      return new DistinctCount(keyOfType(type));
    case 'percentile':
      return new Percentile((percent ?? missing('the percentile')) / 100);
  }
}

/** Whichever comes first, of equal decimals the one with more digits is the result. */
export const isLess: { readonly [type in ColumnType]?: (a: string, b: string) => boolean } = {
  decimal: (a, b) => (compareDecimals(a, b) || b.length - a.length) < 0,
};
export const isGreater: typeof isLess = { decimal: (a, b) => (compareDecimals(a, b) || a.length - b.length) > 0 };

function grown(values: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(values.subarray(0, size));
  return larger;
}

/** Few numbers are stored faster as a plain list. */
type Numbers = Float64Array | readonly number[];
function picked(values: Float64Array, slots: Int32Array): Numbers {
  if (slots.length < 8) return Array.from(slots, (slot) => itemAt(values, slot));
  const own = new Float64Array(slots.length);
  for (let i = 0; i < slots.length; i++) own[i] = values[slots[i]!]!;
  return own;
}

/** Adds what some slots have to others. */
function merged(values: Float64Array, into: Int32Array, from: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) values[into[i]!]! += values[from[i]!]!;
}

/** Adds `extracted`, in the order of `into`; a slot of -1 is of no interest. */
function absorbed(values: Float64Array, into: Int32Array, extracted: Numbers): void {
  for (const [i, slot] of into.entries()) if (slot >= 0) values[slot] = itemAt(values, slot) + itemAt(extracted, i);
}

class Count implements Accumulator {
  #counts = new Float64Array(0);
  reserve(size: number): void {
    this.#counts = grown(this.#counts, size);
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    const counts = this.#counts;
    for (let i = 0; i < count; i++) if (values[i] !== null) counts[slots[i]!]!++;
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    merged(this.#counts, into, from, count);
  }
  extract(slots: Int32Array): State {
    return picked(this.#counts, slots);
  }
  absorb(into: Int32Array, extracted: State): void {
    absorbed(this.#counts, into, extracted as Numbers);
  }
  clear(slot: number): void {
    this.#counts[slot] = 0;
  }
  reset(): void {
    this.#counts = new Float64Array(0);
  }
  result(slot: number): Value {
    return itemAt(this.#counts, slot);
  }
  bytes(): number {
    return this.#counts.byteLength;
  }
  snapshot(): State {
    return this.#counts.slice();
  }
  restore(state: State): void {
    this.#counts = Float64Array.from(state as Float64Array);
  }
}

/** Sums and counts of numbers: what sum and average have in common. */
class Totals {
  protected sums = new Float64Array(0);
  protected counts = new Float64Array(0);
  reserve(size: number): void {
    this.sums = grown(this.sums, size);
    this.counts = grown(this.counts, size);
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    const { sums, counts } = this;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null) continue;
      const slot = slots[i]!;
      sums[slot]! += value as number;
      counts[slot]!++;
    }
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    merged(this.sums, into, from, count);
    merged(this.counts, into, from, count);
  }
  extract(slots: Int32Array): State {
    return { sums: picked(this.sums, slots), counts: picked(this.counts, slots) };
  }
  absorb(into: Int32Array, extracted: State): void {
    const { sums, counts } = extracted as { readonly sums: Numbers; readonly counts: Numbers };
    absorbed(this.sums, into, sums);
    absorbed(this.counts, into, counts);
  }
  clear(slot: number): void {
    this.sums[slot] = 0;
    this.counts[slot] = 0;
  }
  reset(): void {
    this.sums = new Float64Array(0);
    this.counts = new Float64Array(0);
  }
  bytes(): number {
    return this.sums.byteLength + this.counts.byteLength;
  }
  snapshot(): State {
    return { sums: this.sums.slice(), counts: this.counts.slice() };
  }
  restore(state: State): void {
    const { sums, counts } = state as { readonly sums: Float64Array; readonly counts: Float64Array };
    this.sums = Float64Array.from(sums);
    this.counts = Float64Array.from(counts);
  }
}

class Sum extends Totals implements Accumulator {
  readonly #whole: boolean;
  constructor(whole: boolean) {
    super();
    this.#whole = whole;
  }
  result(slot: number): Value {
    if (this.counts[slot] === 0) return null;
    const sum = itemAt(this.sums, slot);
    if (Number.isFinite(sum) && (!this.#whole || Number.isSafeInteger(sum))) return sum;
    throw new MillraceError({
      code: 'aggregate/overflow',
      message: this.#whole ? 'A sum of integers went beyond 2^53, where whole numbers would be rounded' : 'A sum is too large for a number',
      hint: 'Cast the column to number first, or divide it by a constant.',
    });
  }
}

class Average extends Totals implements Accumulator {
  result(slot: number): Value {
    const count = itemAt(this.counts, slot);
    const average = itemAt(this.sums, slot) / count;
    return count > 0 && Number.isFinite(average) ? average : null;
  }
}

/** One value by slot, undefined where there was none. */
abstract class Kept {
  protected readonly kept: (Value | undefined)[] = [];
  reserve(size: number): void {
    for (let slot = this.kept.length; slot < size; slot++) this.kept.push(undefined);
  }
  extract(slots: Int32Array): State {
    return Array.from(slots, (slot) => this.kept[slot] ?? null);
  }
  clear(slot: number): void {
    this.kept[slot] = undefined;
  }
  reset(): void {
    this.kept.length = 0;
  }
  result(slot: number): Value {
    return this.kept[slot] ?? null;
  }
  bytes(): number {
    return listBytes(this.kept);
  }
  snapshot(): State {
    return this.kept.map((value) => value ?? null);
  }
  restore(state: State): void {
    for (const value of state as readonly Value[]) this.kept.push(value ?? undefined);
  }
}

class Extreme extends Kept implements Accumulator {
  readonly #isBetter: (a: Value, b: Value) => boolean;
  constructor(isBetter: (a: any, b: any) => boolean) {
    super();
    this.#isBetter = isBetter;
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) if (values[i] !== null) this.#offer(slots[i]!, values[i]!);
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = this.kept[from[i]!];
      if (value !== undefined) this.#offer(into[i]!, value);
    }
  }
  absorb(into: Int32Array, extracted: State): void {
    const kept = extracted as readonly Value[];
    for (const [i, value] of kept.entries()) {
      const slot = itemAt(into, i);
      if (slot >= 0 && value !== null) this.#offer(slot, value);
    }
  }
  #offer(slot: number, value: Value): void {
    const best = this.kept[slot];
    if (best === undefined || this.#isBetter(value, best)) this.kept[slot] = value;
  }
}

/** The first or the last value. */
class AtEnd extends Kept implements Accumulator {
  readonly #replaces: (time: number, kept: number) => boolean;
  #times = new Float64Array(0);
  constructor(replaces: (time: number, kept: number) => boolean) {
    super();
    this.#replaces = replaces;
  }
  override reserve(size: number): void {
    super.reserve(size);
    this.#times = grown(this.#times, size);
  }
  add(slots: Int32Array, values: readonly Value[], count: number, order: Float64Array): void {
    for (let i = 0; i < count; i++) if (values[i] !== null) this.#offer(slots[i]!, values[i]!, order[i]!);
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = this.kept[from[i]!];
      if (value !== undefined) this.#offer(into[i]!, value, this.#times[from[i]!]!);
    }
  }
  override extract(slots: Int32Array): State {
    return { kept: super.extract(slots), times: picked(this.#times, slots) };
  }
  absorb(into: Int32Array, extracted: State): void {
    const { kept, times } = extracted as { readonly kept: readonly Value[]; readonly times: Numbers };
    for (const [i, value] of kept.entries()) {
      const slot = itemAt(into, i);
      if (slot >= 0 && value !== null) this.#offer(slot, value, itemAt(times, i));
    }
  }
  override reset(): void {
    super.reset();
    this.#times = new Float64Array(0);
  }
  #offer(slot: number, value: Value, time: number): void {
    if (this.kept[slot] !== undefined && !this.#replaces(time, this.#times[slot]!)) return;
    this.kept[slot] = value;
    this.#times[slot] = time;
  }
  override bytes(): number {
    return super.bytes() + this.#times.byteLength;
  }
  override snapshot(): State {
    return { kept: super.snapshot(), times: this.#times.slice() };
  }
  override restore(state: State): void {
    const { kept, times } = state as { readonly kept: State; readonly times: Float64Array };
    super.restore(kept);
    this.#times = Float64Array.from(times);
  }
}

class Percentile implements Accumulator {
  readonly #quantiles: (Quantiles | undefined)[] = [];
  readonly #fraction: number;
  /** Of all slots: how many there are, and how many numbers they keep. */
  #used = 0;
  #kept = 0;
  constructor(fraction: number) {
    this.#fraction = fraction;
  }
  reserve(size: number): void {
    for (let slot = this.#quantiles.length; slot < size; slot++) this.#quantiles.push(undefined);
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value === null) continue;
      const quantiles = this.#of(slots[i]!);
      const { size } = quantiles;
      quantiles.add(typeof value === 'string' ? Number(value) : (value as number));
      this.#kept += quantiles.size - size;
    }
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const quantiles = this.#quantiles[from[i]!];
      if (quantiles) this.#mergeInto(into[i]!, quantiles);
    }
  }
  extract(slots: Int32Array): State {
    return Array.from(slots, (slot) => (this.#quantiles[slot]?.snapshot() ?? null) as State);
  }
  absorb(into: Int32Array, extracted: State): void {
    for (const [i, each] of (extracted as readonly (QuantilesState | null)[]).entries()) {
      if (into[i]! >= 0 && each !== null) this.#mergeInto(into[i]!, Quantiles.restore(each));
    }
  }
  clear(slot: number): void {
    const quantiles = this.#quantiles[slot];
    if (!quantiles) return;
    this.#used--;
    this.#kept -= quantiles.size;
    this.#quantiles[slot] = undefined;
  }
  reset(): void {
    this.#quantiles.length = 0;
    this.#used = this.#kept = 0;
  }
  result(slot: number): Value {
    return this.#quantiles[slot]?.at(this.#fraction) ?? null;
  }
  #of(slot: number): Quantiles {
    const known = this.#quantiles[slot];
    if (known) return known;
    this.#used++;
    const quantiles = new Quantiles();
    this.#quantiles[slot] = quantiles;
    return quantiles;
  }
  #mergeInto(slot: number, other: Quantiles): void {
    const quantiles = this.#of(slot);
    const { size } = quantiles;
    quantiles.merge(other);
    this.#kept += quantiles.size - size;
  }
  bytes(): number {
    return this.#quantiles.length * 8 + this.#used * 200 + this.#kept * 16;
  }
  snapshot(): State {
    return this.#quantiles.map((quantiles) => (quantiles?.snapshot() ?? null) as State);
  }
  restore(state: State): void {
    for (const [slot, each] of (state as readonly (QuantilesState | null)[]).entries()) {
      this.#quantiles.push(undefined);
      if (each !== null) this.#mergeInto(slot, Quantiles.restore(each));
    }
  }
}
