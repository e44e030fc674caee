import type { Column, Row, Value } from '../../engine/schema/types.ts';
import { numericTypes } from '../kit/columns.ts';
import { f, type ParamsOf } from '../kit/fields.ts';
import { KeyedRows, keysField, rowExtender, ttlDocs, ttlField, withColumns } from '../kit/keyed-rows.ts';
import { defineNode, type NodeProblem, type StatefulOperator, type TransformContext } from '../kit/node.ts';
import { addAt, addToLast, deviationOf, newRolling, type RollingState, removeUntil } from '../kit/rolling-statistics.ts';

const params = {
  keys: keysField,
  column: f.column({ label: 'Column', types: numericTypes }),
  compare: f.choice({
    label: 'Compare with',
    default: 'rows',
    options: [
      { value: 'rows', label: 'The last rows' },
      { value: 'duration', label: 'The last while', help: "By the rows' event time." },
      { value: 'weighted', label: 'All before, the latest most', help: 'An exponentially weighted mean (EWMA): old values fade.' },
    ],
  }),
  rows: f.number({ label: 'Rows', default: 100, min: 2, max: 100_000, integer: true, when: { param: 'compare', is: ['rows'] } }),
  duration: f.duration({ label: 'Time', default: 3_600_000, min: 1, when: { param: 'compare', is: ['duration'] } }),
  halfLife: f.number({
    label: 'Half-life',
    help: 'After so many rows a value counts half as much.',
    default: 20,
    min: 0.1,
    unit: 'rows',
    when: { param: 'compare', is: ['weighted'] },
  }),
  threshold: f.number({ label: 'Anomaly above', help: 'How many standard deviations from what was expected.', default: 3, min: 0, unit: 'σ' }),
  warmup: f.number({ label: 'Values before the first score', default: 10, min: 2, integer: true, advanced: true }),
  ttl: ttlField,
};
type Params = ParamsOf<typeof params>;

const added: readonly Column[] = [
  { name: 'expected', type: 'number', nullable: true },
  { name: 'score', type: 'number', nullable: true },
  { name: 'is_anomaly', type: 'boolean', nullable: false },
];

export default defineNode({
  type: 'anomaly',
  kind: 'transform',
  title: 'Find anomalies',
  summary: 'Scores how far each value is from what came before it with the same key.',
  category: 'Aggregate',
  icon: 'activity',
  version: 1,
  keywords: ['outlier', 'anomaly', 'z-score', 'sigma', 'deviation', 'ewma', 'monitoring', 'alert', 'rolling'],
  docs: `
Compares each value of a number column with the values that came before it with the same key, and adds three columns:

- \`expected\`: their mean.
- \`score\`: how many of their standard deviations the value is above it, or below if negative.
- \`is_anomaly\`: whether the score is beyond *Anomaly above*, in either direction.

The value itself is not among those that it is compared with. Until a key has had *Values before the first score*, \`score\` is null and nothing is an anomaly. Where all values before were equal, another one is an anomaly without a score, as nothing says how far is far.

| compare with | mean and standard deviation |
|---|---|
| the last rows | of so many values before, each counting the same |
| the last while | of the values up to so long before the latest row of the key, by event time |
| all before, the latest most | weighted: after *Half-life* rows a value counts half |

Null is not a value: such a row gets what is expected, no score, and changes nothing. Rows leave in the order in which they come. An anomaly counts among the values that later rows are compared with.

Filter by \`is_anomaly\` behind to keep the anomalies alone.

${ttlDocs} A window of rows or time keeps its values; the weighted mean needs three numbers for each key.
`,
  inputs: [{ name: 'rows' }],
  stateful: true,
  outputs: [{ name: 'rows' }],
  params,
  card: ({ keys, column, threshold }) => {
    if (column === '') return 'Choose a column';
    const what = `${column} beyond ${threshold} σ`;
    return keys.length > 0 ? `${what}\nby ${keys.join(', ')}` : what;
  },
  infer: ({ params: { compare }, inputs }) => {
    const rows = inputs['rows'] ?? null;
    const { schema, problems } = withColumns(rows, added, () => 'column');
    return { outputs: { rows: schema }, problems: [...problems, ...(compare === 'duration' && rows && !rows.eventTime ? [noEventTime] : [])] };
  },
  run: (context) => (context.params.compare === 'weighted' ? weighted(context) : windowed(context)),
  examples: [
    {
      title: 'A value far from the last ones',
      params: { column: 'temperature', rows: 4, warmup: 3 },
      inputs: {
        rows: [{ temperature: 20 }, { temperature: 22 }, { temperature: 24 }, { temperature: 22 }, { temperature: 90 }, { temperature: null }],
      },
      outputs: {
        rows: [
          { temperature: 20, expected: null, score: null, is_anomaly: false },
          { temperature: 22, expected: 20, score: null, is_anomaly: false },
          { temperature: 24, expected: 21, score: null, is_anomaly: false },
          { temperature: 22, expected: 22, score: 0, is_anomaly: false },
          { temperature: 90, expected: 22, score: 41.641325627314025, is_anomaly: true },
          { temperature: null, expected: 39.5, score: null, is_anomaly: false },
        ],
      },
    },
    {
      title: 'All before, the latest most; another value than always',
      params: { keys: ['sensor'], column: 'n', compare: 'weighted', halfLife: 1, warmup: 2 },
      inputs: {
        rows: [
          { sensor: 'a', n: 4 },
          { sensor: 'b', n: 7 },
          { sensor: 'a', n: 8 },
          { sensor: 'b', n: 7 },
          { sensor: 'a', n: 16 },
          { sensor: 'b', n: 8 },
        ],
      },
      outputs: {
        rows: [
          { sensor: 'a', n: 4, expected: null, score: null, is_anomaly: false },
          { sensor: 'b', n: 7, expected: null, score: null, is_anomaly: false },
          { sensor: 'a', n: 8, expected: 4, score: null, is_anomaly: false },
          { sensor: 'b', n: 7, expected: 7, score: null, is_anomaly: false },
          { sensor: 'a', n: 16, expected: 6, score: 5, is_anomaly: true },
          { sensor: 'b', n: 8, expected: 7, score: null, is_anomaly: true },
        ],
      },
    },
  ],
});

const noEventTime: NodeProblem = {
  code: 'anomaly/no-event-time',
  severity: 'error',
  message: 'The rows have no event time, so nobody knows which are of the last while',
  hint: 'Choose the event time at their source, or compare with the last rows.',
  field: 'compare',
};

/** Scores rows against what their key has before them, and sends them on. */
function scoring<V extends RollingState | Weighted>(
  context: TransformContext<Params>,
  statistics: {
    start(): V;
    /** What does not count for a row of this time, whose key's latest row is of `latest`, leaves. */
    prepare(state: V, latest: number): void;
    count(state: V): number;
    deviation(state: V): number | null;
    add(state: V, value: number, time: number, latest: number): void;
  },
): StatefulOperator {
  const { params, inputs, outputs, emit } = context;
  const { column, threshold, warmup } = params;
  const keyed = new KeyedRows<V>(context, { ...params, timed: params.compare === 'duration' });
  const extend = rowExtender(inputs['rows']!, outputs['rows']!);
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
  };
}

function windowed(context: TransformContext<Params>): StatefulOperator {
  const { compare, rows, duration } = context.params;
  const byTime = compare === 'duration';
  return scoring<RollingState>(context, {
    start: newRolling,
    prepare: (state, latest) => byTime && removeUntil(state, latest - duration),
    count: ({ values }) => values.length,
    deviation: deviationOf,
    add: (state, value, time, latest) => {
      if (!byTime) addToLast(state, value, rows);
      else if (time > latest - duration) addAt(state, value, time);
    },
  });
}

type Weighted = { count: number; mean: number; variance: number };

function weighted(context: TransformContext<Params>): StatefulOperator {
  const alpha = 1 - 2 ** (-1 / context.params.halfLife);
  return scoring<Weighted>(context, {
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
  });
}
