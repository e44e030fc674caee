/** How many values are kept as they are, per group. */
import { itemAt } from '../../../model/faults/missing.ts';

const exactUpTo = 10_000;
/** Beyond that, how far an answer may be from a value of the right rank, relative to it. */
const accuracy = 0.005;

export type QuantilesState =
  | { readonly values: readonly number[] }
  | {
      readonly zeros: number;
      readonly above: readonly (readonly [number, number])[];
      readonly below: readonly (readonly [number, number])[];
      readonly least: number;
      readonly most: number;
    };

/**
 * The quantiles of a stream of numbers in bounded memory.
 *
 * Up to 10,000 values: exact, with linear interpolation between neighbours (definition 7 of Hyndman and Fan, "Sample
 * quantiles in statistical packages", 1996; what NumPy, R and SQL's percentile_cont answer). From then on a sketch of
 * counts in logarithmic buckets, whose answers are within 0.5 % of a value of the right rank whatever the
 * distribution (DDSketch: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
 * guarantees", 2019); its memory grows with the logarithm of the values' range, about 230 buckets for each factor of ten.
 */
export class Quantiles {
  #values: number[] | null = [];
  readonly #above = new Map<number, number>();
  readonly #below = new Map<number, number>();
  #zeros = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    if (this.#values === null) {
      this.#count(value, 1);
      return;
    }
    this.#values.push(value);
    if (this.#values.length <= exactUpTo) return;
    for (const each of this.#values) this.#count(each, 1);
    this.#values = null;
  }

  /** Adds all values of another one, which stays as it is. The same as if they had been added one by one. */
  merge(other: Quantiles): void {
    if (other.#values !== null) {
      for (const value of other.#values) this.add(value);
      return;
    }
    if (this.#values !== null) {
      const values = this.#values;
      this.#values = null;
      for (const value of values) this.#count(value, 1);
    }
    this.#zeros += other.#zeros;
    for (const [bucket, count] of other.#above) this.#above.set(bucket, (this.#above.get(bucket) ?? 0) + count);
    for (const [bucket, count] of other.#below) this.#below.set(bucket, (this.#below.get(bucket) ?? 0) + count);
    this.#least = Math.min(this.#least, other.#least);
    this.#most = Math.max(this.#most, other.#most);
  }

  /** How many numbers are kept. */
  get size(): number {
    return this.#values?.length ?? 2 * (this.#above.size + this.#below.size);
  }

  /** The value below which `fraction` (0 to 1) of the values lie; null without values. */
  at(fraction: number): number | null {
    return this.#values === null ? this.#fromBuckets(fraction) : this.#exactly(this.#values, fraction);
  }

  #exactly(values: number[], fraction: number): number | null {
    if (values.length === 0) return null;
    const sorted = Float64Array.from(values).sort();
    const rank = fraction * (sorted.length - 1);
    const lower = itemAt(sorted, Math.floor(rank));
    const upper = itemAt(sorted, Math.ceil(rank));
    return lower + (upper - lower) * (rank - Math.floor(rank));
  }

  #count(value: number, times: number): void {
    if (value < this.#least) this.#least = value;
    if (value > this.#most) this.#most = value;
    if (value === 0) this.#zeros += times;
    else {
      const buckets = value > 0 ? this.#above : this.#below;
      const bucket = Math.ceil(Math.log(Math.abs(value)) / Quantiles.#logBase);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + times);
    }
  }
  #fromBuckets(fraction: number): number {
    const up = (a: readonly [number, number], b: readonly [number, number]) => a[0] - b[0];
    const below = [...this.#below]
      .sort(up)
      .reverse()
      .map(([bucket, count]) => [-Quantiles.#middle(bucket), count] as const);
    const above = [...this.#above].sort(up).map(([bucket, count]) => [Quantiles.#middle(bucket), count] as const);
    const all = [...below, [0, this.#zeros] as const, ...above];
    const total = all.reduce((sum, [, count]) => sum + count, 0);
    const rank = fraction * (total - 1);
    let seen = 0;
    let found = this.#most;
    for (const [value, count] of all) {
      seen += count;
      if (seen > rank) {
        found = value;
        break;
      }
    }
    return Math.min(Math.max(found, this.#least), this.#most);
  }
  /** Buckets lie between powers of this base: their middle is within `accuracy` of everything in them. */
  static readonly #logBase = Math.log((1 + accuracy) / (1 - accuracy));
  static #middle(bucket: number): number {
    const base = (1 + accuracy) / (1 - accuracy);
    return (2 * base ** bucket) / (base + 1);
  }

  snapshot(): QuantilesState {
    if (this.#values !== null) return { values: [...this.#values] };
    return { zeros: this.#zeros, above: [...this.#above], below: [...this.#below], least: this.#least, most: this.#most };
  }
  static restore(state: QuantilesState): Quantiles {
    const quantiles = new Quantiles();
    if ('values' in state) {
      quantiles.#values = [...state.values];
      return quantiles;
    }
    quantiles.#values = null;
    for (const [bucket, count] of state.above) quantiles.#above.set(bucket, count);
    for (const [bucket, count] of state.below) quantiles.#below.set(bucket, count);
    quantiles.#zeros = state.zeros;
    quantiles.#least = state.least;
    quantiles.#most = state.most;
    return quantiles;
  }
}
