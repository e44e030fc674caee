import type { StatefulOperator } from '@millrace/kit/node';
import type { AnomalyOp } from '@millrace/kit/ops';
import type { Row, State, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { KeyedRows, rowExtender } from './keyed-rows.ts';
import { addAt, addToLast, deviationOf, newRolling, type RollingState, removeUntil } from './rolling-statistics.ts';

/** What rows are scored against: statistics of the values that their key has before them. */
interface Statistics<V extends State> {
  start(): V;
  /** What does not count for a row of this time, whose key's latest row is of `latest`, leaves. */
  prepare(state: V, latest: number): void;
  count(state: V): number;
  deviation(state: V): number | null;
  add(state: V, value: number, time: number, latest: number): void;
}

export function scoring(op: AnomalyOp, context: RowsContext): StatefulOperator {
  const { against } = op;
  switch (against.kind) {
    case 'rows':
      return scored(op, context, ofRows(against.rows));
    case 'duration':
      return scored(op, context, ofDuration(against.duration));
    case 'weighted':
      return scored(op, context, weighted(against.halfLife));
  }
}

function scored<V extends RollingState | Weighted>(op: AnomalyOp, context: RowsContext, statistics: Statistics<V>): StatefulOperator {
  const { inputs, outputs, emit } = context;
  const { column, threshold, warmup } = op;
  const keyed = new KeyedRows<V>(context, { ...op, timed: op.against.kind === 'duration' });
  const extend = rowExtender(inputs.rows, outputs.rows);
  const found: Value[] = [null, null, false];
  let out: Row[] = [];
  const step = (row: Row, before: V | undefined, time: number, latest: number): V => {
    const state = before ?? statistics.start();
    statistics.prepare(state, latest);
    const count = statistics.count(state);
    const value = row[column] as number | null;
    found[0] = count > 0 && Number.isFinite(state.mean) ? state.mean : null;
    found[1] = null;
    found[2] = false;
    if (value !== null) {
      if (count >= warmup) judge(value, state.mean, statistics.deviation(state) ?? 0);
      statistics.add(state, value, time, latest);
    }
    out.push(extend(row, found));
    return state;
  };
  const judge = (value: number, mean: number, deviation: number): void => {
    const score = value === mean ? 0 : (value - mean) / deviation;
    found[1] = Number.isFinite(score) ? score : null;
    found[2] = Math.abs(score) > threshold;
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

const rolling = { start: newRolling, count: ({ values }: RollingState) => values.length, deviation: deviationOf };

function ofRows(rows: number): Statistics<RollingState> {
  return { ...rolling, prepare: () => {}, add: (state, value) => addToLast(state, value, rows) };
}

function ofDuration(duration: number): Statistics<RollingState> {
  return {
    ...rolling,
    prepare: (state, latest) => removeUntil(state, latest - duration),
    add: (state, value, time, latest) => {
      if (time > latest - duration) addAt(state, value, time);
    },
  };
}

type Weighted = { count: number; mean: number; variance: number };

function weighted(halfLife: number): Statistics<Weighted> {
  const alpha = 1 - 2 ** (-1 / halfLife);
  return {
    start: () => ({ count: 0, mean: 0, variance: 0 }),
    prepare: () => {},
    count: ({ count }) => count,
    deviation: ({ variance }) => Math.sqrt(variance),
    add: (state, value) => {
      const distance = value - state.mean;
      // The first value stands for all that might have come before.
      const weight = state.count === 0 ? 1 : alpha;
      state.mean += weight * distance;
      state.variance = (1 - weight) * (state.variance + weight * distance ** 2);
      state.count++;
    },
  };
}
