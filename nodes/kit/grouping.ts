import { MillraceError } from '../../engine/schema/problem.ts';
import type { Json, Row, Schema, Value } from '../../engine/schema/types.ts';
import { type AggregateFunction, createAccumulator } from './aggregates.ts';
import { emitInBatches } from './batches.ts';
import { findColumn } from './columns.ts';
import { KeyIndex } from './keys.ts';
import type { RowFailure, StatefulOperator } from './node.ts';
import { columnReader, compile, rowSource } from './rows.ts';

export interface GroupingOptions {
  readonly input: Schema;
  /** The window's start and end if there is one, the keys, then one column for each aggregate. */
  readonly output: Schema;
  readonly keys: readonly string[];
  readonly window: { readonly column: string; readonly every: number } | null;
  /** `column` is null for a count of rows. */
  readonly aggregates: readonly { readonly function: AggregateFunction; readonly column: string | null; readonly percent: number }[];
  emit(rows: readonly Row[]): void;
  fail(failure: RowFailure): void;
}

/**
 * Groups rows and aggregates them. A batch is worked column by column: the key columns give each row its slot, then each
 * aggregate goes over one column in one tight loop.
 *
 * Windows are the first level of the key. Once there are watermarks, a window's slots can be emitted and given back as
 * soon as one has passed its end; until then all wait for the end of the input.
 */
export function grouping({ input, output, keys, window, aggregates, emit, fail }: GroupingOptions): StatefulOperator {
  const index = new KeyIndex(keys.length + (window ? 1 : 0));
  const keyValues: Value[][] = Array.from({ length: index.levels }, () => []);
  const keyColumns = keys.map((name, i) => ({ read: columnReader(name), values: keyValues[i + (window ? 1 : 0)]! }));
  const readTimes = window && columnReader(window.column);
  // Each column is read once per batch, however many aggregates it has.
  const names = new Set(aggregates.flatMap(({ column }) => column ?? []));
  const columns = new Map([...names].map((name) => [name, { read: columnReader(name), values: [] as Value[] }]));
  const running = aggregates.map(({ function: name, column, percent }) => ({
    values: column === null ? null : columns.get(column)!.values,
    accumulator: createAccumulator(name, findColumn(input, column ?? '')?.type ?? 'integer', percent),
  }));
  let slots = new Int32Array(1024);

  return {
    process(batch) {
      const rows = window ? inWindows(batch) : batch;
      if (rows.length > slots.length) slots = new Int32Array(rows.length);
      for (const { read, values } of keyColumns) read(rows, values);
      index.assign(keyValues, rows.length, slots);
      for (const { read, values } of columns.values()) read(rows, values);
      // A count without a column counts rows, which are never null.
      for (const { values, accumulator } of running) accumulator.add(slots, values ?? (rows as unknown as Value[]), rows.length);
    },
    finish() {
      // Without keys there is one group, also when no row came.
      if (index.levels === 0) index.assign([], 1, slots);
      emitInBatches(results(), emit);
    },
    snapshot: () => ({ index: index.snapshot(), accumulators: running.map(({ accumulator }) => accumulator.snapshot()) }),
    restore(state) {
      const before = state as { readonly index: Json; readonly accumulators: readonly Json[] };
      index.restore(before.index);
      for (const [i, { accumulator }] of running.entries()) accumulator.restore(before.accumulators[i]!);
    },
  };

  /** The rows that have a time; the first level of the key then holds the start of each one's window. */
  function inWindows(batch: readonly Row[]): readonly Row[] {
    const { column, every } = window!;
    const starts = keyValues[0]!;
    let rows = batch;
    readTimes!(rows, starts);
    if (starts.indexOf(null) >= 0) {
      rows = batch.filter((row) => {
        if (row[column] !== null) return true;
        const message = `The row has no time in column "${column}", so it belongs to no window`;
        fail({ code: 'aggregate/no-time', message, hint: 'Filter such rows out before, or skip rows that fail.', field: 'timeColumn', row });
        return false;
      });
      readTimes!(rows, starts);
    }
    for (let i = 0; i < rows.length; i++) starts[i] = Math.floor((starts[i] as number) / every) * every;
    return rows;
  }

  function* results(): Iterable<Row> {
    const toRow = rowOfSlot();
    const groups = Array.from({ length: index.size }, (_, slot) => slot);
    const starts = window ? (index.valuesOf(0) as readonly number[]) : [];
    if (window) groups.sort((a, b) => starts[a]! - starts[b]! || a - b);
    for (const slot of groups) {
      try {
        yield toRow(slot);
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        const { code, message, hint } = error.problem;
        fail({ code, message, hint });
      }
    }
  }

  /** There may be hundreds of thousands of groups, so their rows are made by a literal too. */
  function rowOfSlot(): (slot: number) => Row {
    const levels = Array.from({ length: index.levels }, (_, level) => index.valuesOf(level));
    const sources = [
      ...(window ? ['levels[0][slot]', 'levels[0][slot] + every'] : []),
      ...keys.map((_, i) => `levels[${i + (window ? 1 : 0)}][slot]`),
      ...running.map((_, i) => `a${i}.result(slot)`),
    ];
    const columns = output.columns.map(({ name }, i) => ({ name, source: sources[i]! }));
    const accumulators = Object.fromEntries(running.map(({ accumulator }, i) => [`a${i}`, accumulator]));
    return compile(`(slot) => (${rowSource(columns)})`, { levels, every: window?.every, ...accumulators });
  }
}
