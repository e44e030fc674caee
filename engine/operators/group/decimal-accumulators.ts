/** Aggregates of decimals: exact, whatever the order of the values. */

import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { averageOf, type Scaled, scaledOf, scaledZero, sumOf, textOf } from '../../../model/values/decimal.ts';
import type { State, Value } from '../../../model/values/types.ts';
import type { Slotted } from './windows.ts';

/** A sum as plain data: its units, its scale, and of how many values it is. */
export type DecimalTotal = { readonly units: string; readonly scale: number; readonly count: number };

/** The sum as it is written; throws a MillraceError where it has more digits than decimals may have. */
export function decimalSum(sum: Scaled): string {
  try {
    return textOf(sum);
  } catch (error) {
    throw new MillraceError({
      code: 'aggregate/overflow',
      message: `${(error as Error).message}, and a sum has more`,
      hint: 'Round the column first, or cast it to number.',
    });
  }
}

/** Sums and averages. */
export class DecimalTotals implements Slotted {
  readonly #sums: Scaled[] = [];
  readonly #counts: number[] = [];
  readonly #isAverage: boolean;

  constructor(isAverage: boolean) {
    this.#isAverage = isAverage;
  }
  reserve(size: number): void {
    for (let slot = this.#sums.length; slot < size; slot++) {
      this.#sums.push(scaledZero);
      this.#counts.push(0);
    }
  }
  add(slots: Int32Array, values: readonly Value[], count: number): void {
    for (let i = 0; i < count; i++) if (values[i] !== null) this.#include(slots[i]!, scaledOf(values[i] as string), 1);
  }
  merge(into: Int32Array, from: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const slot = itemAt(from, i);
      this.#include(itemAt(into, i), itemAt(this.#sums, slot), itemAt(this.#counts, slot));
    }
  }
  #include(slot: number, sum: Scaled, count: number): void {
    this.#sums[slot] = this.#counts[slot] === 0 ? sum : sumOf(this.#sums[slot]!, sum);
    this.#counts[slot]! += count;
  }
  extract(slots: Int32Array): State {
    return Array.from(slots, (slot) => this.#plain(slot));
  }
  absorb(into: Int32Array, extracted: State): void {
    for (const [i, { units, scale, count }] of (extracted as readonly DecimalTotal[]).entries()) {
      const slot = itemAt(into, i);
      if (slot >= 0 && count > 0) this.#include(slot, { units: BigInt(units), scale }, count);
    }
  }
  clear(slot: number): void {
    this.#sums[slot] = scaledZero;
    this.#counts[slot] = 0;
  }
  reset(): void {
    this.#sums.length = this.#counts.length = 0;
  }
  result(slot: number): Value {
    const count = itemAt(this.#counts, slot);
    if (count === 0) return null;
    const sum = itemAt(this.#sums, slot);
    return this.#isAverage ? averageOf(sum, count) : decimalSum(sum);
  }
  bytes(): number {
    return this.#sums.length * 64;
  }
  snapshot(): State {
    return this.#sums.map((_, slot) => this.#plain(slot));
  }
  restore(state: State): void {
    for (const { units, scale, count } of state as readonly DecimalTotal[]) {
      this.#sums.push({ units: BigInt(units), scale });
      this.#counts.push(count);
    }
  }
  #plain(slot: number): DecimalTotal {
    const { units, scale } = itemAt(this.#sums, slot);
    return { units: String(units), scale, count: itemAt(this.#counts, slot) };
  }
}
