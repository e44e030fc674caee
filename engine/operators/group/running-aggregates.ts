import type { RunningFunction, RunningSpan } from '@millrace/kit/ops';
import { averageOf, type Scaled, scaledOf, scaledTo, sumOf } from '../../../model/values/decimal.ts';
import type { ColumnType, State, Value } from '../../../model/values/types.ts';
import { keyText } from '../keyed/keys.ts';
import { keyOfType } from '../rows/key-columns.ts';
import { isGreater, isLess } from './accumulators.ts';
import { type DecimalTotal, decimalSum } from './decimal-accumulators.ts';

/** `count` without a column has none. */
export interface RunningAggregate {
  readonly function: RunningFunction;
  /** Which of the columns, or -1 for rows. */
  readonly column: number;
  readonly type: ColumnType;
}

/** Of one key, as plain data. */
export type RunningState = {
  /** Rows that count now, and the number of the oldest of them. */
  length: number;
  first: number;
  /** Of the rows that count, in the order of time, where the span is one of time. */
  times: number[];
  /** By column, from the oldest row on; empty where nothing ever leaves. */
  columns: Value[][];
  parts: State[];
};

/**
 * One aggregate over a window that rows enter at one end and leave at the other. Values of null are not handed to it. `window` has
 * the values from the oldest on, which is the one of row `first`, nulls included; it is empty where nothing ever leaves.
 */
interface Part<S extends State> {
  start(): S;
  add(state: S, value: Value, row: number, window: readonly Value[], first: number): void;
  /** The value is no longer in the window. */
  remove(state: S, value: Value, row: number, window: readonly Value[]): void;
  result(state: S, window: readonly Value[]): Value;
}

/** Aggregates that follow the rows of one key. Each row costs the same, however many count. */
export class RunningAggregates {
  readonly #parts: readonly Part<any>[];
  /** By aggregate: which of the columns, or -1 for rows. */
  readonly #columns: readonly number[];
  readonly #columnCount: number;
  readonly #span: RunningSpan | null;

  constructor(aggregates: readonly RunningAggregate[], span: RunningSpan | null) {
    this.#parts = aggregates.map(({ function: name, type }) => partOf(name, type, span === null));
    this.#columns = aggregates.map(({ column }) => column);
    this.#columnCount = Math.max(-1, ...this.#columns) + 1;
    this.#span = span;
  }

  start(): RunningState {
    const columns = this.#span === null ? [] : Array.from({ length: this.#columnCount }, () => []);
    return { length: 0, first: 0, times: [], columns, parts: this.#parts.map((part) => part.start()) };
  }

  /** `values` by column. `latest` is the latest time of the key's rows, this one's included. */
  add(state: RunningState, values: readonly Value[], time: number, latest: number): void {
    const span = this.#span;
    if (span === null) {
      this.#include(state, values, state.length++);
      return;
    }
    if ('rows' in span) {
      this.#append(state, values);
      if (state.length > span.rows) this.#removeFirst(state);
      return;
    }
    const until = latest - span.duration;
    if (time > until) {
      let at = state.times.length;
      while (at > 0 && (state.times[at - 1] ?? Number.NEGATIVE_INFINITY) > time) at--;
      state.times.splice(at, 0, time);
      if (at === state.length) this.#append(state, values);
      else this.#insert(state, values, at);
    }
    while ((state.times[0] ?? Number.POSITIVE_INFINITY) <= until) {
      state.times.shift();
      this.#removeFirst(state);
    }
  }

  /** Puts the results into `into`, in the order of the aggregates. */
  results(state: RunningState, into: Value[]): void {
    let i = 0;
    for (const part of this.#parts) {
      const column = this.#columns[i] ?? -1;
      into[i] = column < 0 ? state.length : part.result(state.parts[i], state.columns[column] ?? none);
      i++;
    }
  }

  #append(state: RunningState, values: readonly Value[]): void {
    let i = 0;
    for (const column of state.columns) column.push(values[i++] ?? null);
    this.#include(state, values, state.first + state.length++);
  }

  #include(state: RunningState, values: readonly Value[], row: number): void {
    for (let i = 0; i < this.#parts.length; i++) {
      const column = this.#columns[i] ?? -1;
      if (column < 0 || values[column] === null) continue;
      this.#parts[i]!.add(state.parts[i], values[column]!, row, state.columns[column] ?? none, state.first);
    }
  }

  #removeFirst(state: RunningState): void {
    const row = state.first++;
    state.length--;
    const values = state.columns.map((column) => column.shift() ?? null);
    for (let i = 0; i < this.#parts.length; i++) {
      const column = this.#columns[i] ?? -1;
      if (column >= 0 && values[column] !== null) this.#parts[i]!.remove(state.parts[i], values[column]!, row, state.columns[column]!);
    }
  }

  /** A row that came late takes its place among the others, which are counted anew. */
  #insert(state: RunningState, values: readonly Value[], at: number): void {
    state.columns.forEach((column, i) => void column.splice(at, 0, values[i] ?? null));
    state.length++;
    state.parts = this.#parts.map((part) => part.start());
    for (let i = 0; i < state.length; i++) {
      const row = state.columns.map((column) => column[i] ?? null);
      this.#include(state, row, state.first + i);
    }
  }
}
const none: readonly Value[] = [];

/** A sum with what its digits had no room for (Neumaier). */
type Total = { count: number; sum: number; rest: number; removed: number };

function addTo(total: Total, value: number): void {
  const sum = total.sum + value;
  total.rest += Math.abs(total.sum) >= Math.abs(value) ? total.sum - sum + value : value - sum + total.sum;
  total.sum = sum;
}
const total = (result: (total: Total) => Value): Part<Total> => ({
  start: () => ({ count: 0, sum: 0, rest: 0, removed: 0 }),
  add: (state, value) => {
    state.count++;
    addTo(state, value as number);
  },
  remove: (state, value, _, window) => {
    state.count--;
    addTo(state, -(value as number));
    // What rounding left behind goes too, once as many have left as there are, or the sum is beyond what numbers can hold.
    if (state.count > 0 && ++state.removed < Math.max(32, window.length) && Number.isFinite(state.sum + state.rest)) return;
    state.sum = state.rest = state.removed = 0;
    for (const each of window) if (each !== null) addTo(state, each as number);
  },
  result: (state) => (state.count === 0 ? null : result(state)),
});
const sum = total((state) => state.sum + state.rest + 0);
const average = total((state) => (state.sum + state.rest) / state.count + 0);

/** Decimals are exact, so that what leaves is simply taken off again. `scales`: how many of the values have so many decimals. */
type DecimalState = { total: DecimalTotal; scales: { [scale: string]: number } };
const decimalTotal = (result: (sum: Scaled, count: number) => Value): Part<DecimalState> => {
  const include = (state: DecimalState, value: string, sign: 1 | -1): void => {
    const { units, scale, count } = state.total;
    const own = scaledOf(value);
    const sum = sumOf({ units: BigInt(units), scale }, { units: BigInt(sign) * own.units, scale: own.scale });
    state.scales[own.scale] = (state.scales[own.scale] ?? 0) + sign;
    if (state.scales[own.scale] === 0) delete state.scales[own.scale];
    // Of the values that are left none may have as many decimals.
    const left = scaledTo(sum, Math.max(0, ...Object.keys(state.scales).map(Number)));
    state.total = { units: String(left.units), scale: left.scale, count: count + sign };
  };
  return {
    start: () => ({ total: { units: '0', scale: 0, count: 0 }, scales: {} }),
    add: (state, value) => include(state, value as string, 1),
    remove: (state, value) => include(state, value as string, -1),
    result: ({ total: { units, scale, count } }) => (count === 0 ? null : result({ units: BigInt(units), scale }, count)),
  };
};
const decimalSums = decimalTotal(decimalSum);
const decimalAverages = decimalTotal(averageOf);

const count: Part<{ count: number }> = {
  start: () => ({ count: 0 }),
  add: (state) => void state.count++,
  remove: (state) => void state.count--,
  result: ({ count }) => count,
};

const distinctCount = (keyOf: (value: Value) => Value): Part<{ size: number; counts: { [text: string]: number } }> => ({
  start: () => ({ size: 0, counts: {} }),
  add: (state, value) => {
    const text = keyText([keyOf(value)]);
    const before = state.counts[text] ?? 0;
    state.counts[text] = before + 1;
    if (before === 0) state.size++;
  },
  remove: (state, value) => {
    const text = keyText([keyOf(value)]);
    const left = (state.counts[text] ?? 0) - 1;
    state.counts[text] = left;
    if (left > 0) return;
    delete state.counts[text];
    state.size--;
  },
  result: ({ size }) => size,
});

type Better = (a: any, b: any) => boolean;
const less: Better = (a, b) => a < b;
const greater: Better = (a, b) => a > b;
const noRemoval = (): void => {};

const extreme = (better: Better): Part<{ value: Value }> => ({
  start: () => ({ value: null }),
  add: (state, value) => {
    if (state.value === null || better(value, state.value)) state.value = value;
  },
  remove: noRemoval,
  result: ({ value }) => value,
});

/** Keeps the rows that may still become the extreme once those before them have left, best first. */
const slidingExtreme = (better: Better): Part<{ rows: number[]; values: Value[] }> => ({
  start: () => ({ rows: [], values: [] }),
  add: (state, value, row) => {
    while (state.values.length > 0 && !better(state.values.at(-1), value)) {
      state.values.pop();
      state.rows.pop();
    }
    state.values.push(value);
    state.rows.push(row);
  },
  remove: (state, _, row) => {
    if (state.rows[0] !== row) return;
    state.rows.shift();
    state.values.shift();
  },
  result: ({ values }) => values[0] ?? null,
});

const first: Part<{ value: Value }> = {
  start: () => ({ value: null }),
  add: (state, value) => {
    state.value ??= value;
  },
  remove: noRemoval,
  result: ({ value }) => value,
};
const last: Part<{ value: Value }> = {
  ...first,
  add: (state, value) => {
    state.value = value;
  },
};
const found = (value: Value | undefined): Value => value ?? null;
const slidingFirst: Part<null> = { start: () => null, add: noRemoval, remove: noRemoval, result: (_, window) => found(window.find((value) => value !== null)) };
const slidingLast: Part<null> = { ...slidingFirst, result: (_, window) => found(window.findLast((value) => value !== null)) };

/** `isWhole`: nothing ever leaves the window. */
function partOf(name: RunningFunction, type: ColumnType, isWhole: boolean): Part<any> {
  switch (name) {
    case 'count':
      return count;
    case 'sum':
      return type === 'decimal' ? decimalSums : sum;
    case 'average':
      return type === 'decimal' ? decimalAverages : average;
    case 'distinctCount':
      return distinctCount(keyOfType(type) ?? ((value) => value));
    case 'min':
      return (isWhole ? extreme : slidingExtreme)(isLess[type] ?? less);
    case 'max':
      return (isWhole ? extreme : slidingExtreme)(isGreater[type] ?? greater);
    case 'first':
      return isWhole ? first : slidingFirst;
    case 'last':
      return isWhole ? last : slidingLast;
  }
}
