import { findColumn } from '@millrace/kit/columns';
import type { StatefulOperator } from '@millrace/kit/node';
import type { RunningAggregateOp } from '@millrace/kit/ops';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Row, Value } from '../../../model/values/types.ts';
import { KeyedRows, rowExtender } from '../keyed/keyed-rows.ts';
import type { RowsContext } from '../ports.ts';
import { RunningAggregates, type RunningState } from './running-aggregates.ts';

export function runningAggregation({ keys, aggregates, over, ttl }: RunningAggregateOp, context: RowsContext): StatefulOperator {
  const { inputs, outputs, emit, fail } = context;
  const names = [...new Set(aggregates.flatMap(({ column }) => column ?? []))];
  const running = new RunningAggregates(
    aggregates.map(({ function: name, column }) => ({
      function: name,
      column: column === null ? -1 : names.indexOf(column),
      type: findColumn(inputs.rows, column ?? '')?.type ?? 'integer',
    })),
    over,
  );
  const sums = aggregates.map(({ function: name, column }) => name === 'sum' && (findColumn(inputs.rows, column ?? '')?.type ?? null));
  const keyed = new KeyedRows<RunningState>(context, { keys, ttl, timed: over !== null && 'duration' in over });
  const extend = rowExtender(inputs.rows, outputs.rows);
  const values: Value[] = [];
  const results: Value[] = [];
  let out: Row[] = [];

  /** Numbers that none can hold: a sum fails the row, an average is null, as in an aggregate. */
  const isSound = (row: Row): boolean => {
    for (let i = 0; i < results.length; i++) {
      const result = results[i];
      if (typeof result !== 'number') continue;
      const isWhole = sums[i] === 'integer';
      if (isWhole ? Number.isSafeInteger(result) : Number.isFinite(result)) continue;
      if (sums[i] === false) {
        results[i] = null;
        continue;
      }
      const message = isWhole ? 'A sum of integers went beyond 2^53, where whole numbers would be rounded' : 'A sum is too large for a number';
      fail({
        code: 'aggregate/overflow',
        message,
        hint: 'Cast the column to number first, or divide it by a constant.',
        field: itemAt(aggregates, i).field,
        row,
      });
      return false;
    }
    return true;
  };
  const step = (row: Row, before: RunningState | undefined, time: number, latest: number): RunningState => {
    const state = before ?? running.start();
    let i = 0;
    for (const name of names) values[i++] = row[name] ?? null;
    running.add(state, values, time, latest);
    running.results(state, results);
    if (isSound(row)) out.push(extend(row, results));
    return state;
  };
  return {
    process(rows) {
      out = [];
      keyed.each(rows, step);
      if (out.length > 0) emit('rows', out);
    },
    advance: keyed.advance,
    tick: keyed.tick,
    takeOver: keyed.takeOver,
  };
}
