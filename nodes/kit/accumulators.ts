import { MillraceError } from '../../engine/schema/problem.ts';
import type { ColumnType, State, Value } from '../../engine/schema/types.ts';
import type { AggregateFunction } from './aggregates.ts';
import { Quantiles, type QuantilesState } from './quantiles.ts';

/**
 * One aggregate over many groups at once. Groups are slots, numbered from 0 with few gaps; a batch is given as the slot
 * and the value of each row, so that the loop over it is one tight loop per aggregate. Null values count for nothing.
 */
export interface Accumulator {
  /** Makes room for slots below `size`; called before any of them is named. */
  reserve(size: number): void;
  /** `order` says which of two values came first, for what depends on that. Equal ones are in the order of the rows. */
  add(slots: Int32Array, values: readonly Value[], count: number, order: Float64Array): void;
  /** Adds what slot `from[i]` has got to slot `into[i]`; `from` keeps it. */
  merge(into: Int32Array, from: Int32Array, count: number): void;
  /** Makes a slot like new. */
  clear(slot: number): void;
  /** Of a slot that may not have got any value. */
  result(slot: number): Value;
  /** About how many bytes it holds. */
  bytes(): number;
  snapshot(): State;
  /** Into a new accumulator. */
  restore(state: State): void;
}

/** Whether a function needs the `order` of its values. */
export function isOrdered(name: AggregateFunction): boolean {
  return name === 'first' || name === 'last';
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
      return new AtEnd((time, kept) => time < kept);
    case 'last':
      return new AtEnd((time, kept) => time >= kept);
    case 'distinctCount':
      return new DistinctCount();
    case 'percentile':
      return new Percentile(percent / 100);
  }
}

function grown(values: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(values.subarray(0, size));
  return larger;
}

/** The sum over all slots, told from a thousand of them. */
function sampled<T>(slots: readonly (T | undefined)[], bytes: (of: T) => number): number {
  const step = Math.ceil(slots.length / 1000);
  let sum = 0;
  for (let slot = 0; slot < slots.length; slot += step) if (slots[slot] !== undefined) sum += bytes(slots[slot]!);
  return sum * step;
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
    const counts = this.#counts;
    for (let i = 0; i < count; i++) counts[into[i]!]! += counts[from[i]!]!;
  }
  clear(slot: number): void {
    this.#counts[slot] = 0;
  }
  result(slot: number): Value {
    return this.#counts[slot]!;
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
    const { sums, counts } = this;
    for (let i = 0; i < count; i++) {
      sums[into[i]!]! += sums[from[i]!]!;
      counts[into[i]!]! += counts[from[i]!]!;
    }
  }
  clear(slot: number): void {
    this.sums[slot] = 0;
    this.counts[slot] = 0;
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
    const sum = this.sums[slot]!;
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
    const count = this.counts[slot]!;
    const average = this.sums[slot]! / count;
    return count > 0 && Number.isFinite(average) ? average : null;
  }
}

/** One value by slot, undefined where there was none. */
abstract class Kept {
  protected readonly kept: (Value | undefined)[] = [];
  reserve(size: number): void {
    for (let slot = this.kept.length; slot < size; slot++) this.kept.push(undefined);
  }
  clear(slot: number): void {
    this.kept[slot] = undefined;
  }
  result(slot: number): Value {
    return this.kept[slot] ?? null;
  }
  bytes(): number {
    return this.kept.length * 32;
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

class DistinctCount implements Accumulator {
  readonly #seen: (Set<Value> | undefined)[] = [];
  reserve(size: number): void {
    for (let slot = this.#seen.length; slot < size; slot++) this.#seen.push(undefined);
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value !== null) this.#of(slots[i]!).add(value);
    }
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const values = this.#seen[from[i]!];
      if (!values) continue;
      const seen = this.#of(into[i]!);
      for (const value of values) seen.add(value);
    }
  }
  clear(slot: number): void {
    this.#seen[slot] = undefined;
  }
  result(slot: number): Value {
    return this.#seen[slot]?.size ?? 0;
  }
  #of(slot: number): Set<Value> {
    const seen = this.#seen[slot] ?? new Set();
    this.#seen[slot] = seen;
    return seen;
  }
  bytes(): number {
    return sampled(this.#seen, (seen) => 200 + seen.size * 40);
  }
  snapshot(): State {
    return this.#seen.map((seen) => (seen ? [...seen] : null));
  }
  restore(state: State): void {
    for (const values of state as readonly (readonly Value[] | null)[]) this.#seen.push(values ? new Set(values) : undefined);
  }
}

class Percentile implements Accumulator {
  readonly #quantiles: (Quantiles | undefined)[] = [];
  readonly #fraction: number;
  constructor(fraction: number) {
    this.#fraction = fraction;
  }
  reserve(size: number): void {
    for (let slot = this.#quantiles.length; slot < size; slot++) this.#quantiles.push(undefined);
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value !== null) this.#of(slots[i]!).add(value as number);
    }
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const quantiles = this.#quantiles[from[i]!];
      if (quantiles) this.#of(into[i]!).merge(quantiles);
    }
  }
  clear(slot: number): void {
    this.#quantiles[slot] = undefined;
  }
  result(slot: number): Value {
    return this.#quantiles[slot]?.at(this.#fraction) ?? null;
  }
  #of(slot: number): Quantiles {
    const quantiles = this.#quantiles[slot] ?? new Quantiles();
    this.#quantiles[slot] = quantiles;
    return quantiles;
  }
  bytes(): number {
    return sampled(this.#quantiles, (quantiles) => 200 + quantiles.size * 8);
  }
  snapshot(): State {
    return this.#quantiles.map((quantiles) => (quantiles?.snapshot() ?? null) as State);
  }
  restore(state: State): void {
    for (const each of state as readonly (QuantilesState | null)[]) this.#quantiles.push(each ? Quantiles.restore(each) : undefined);
  }
}
