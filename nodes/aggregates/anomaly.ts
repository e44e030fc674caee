import { numericTypes } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { keysField, ttlDocs, ttlField, withColumns } from '@millrace/kit/keys';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { AnomalyOp } from '@millrace/kit/ops';
import type { Column } from '../../model/values/types.ts';

const params = {
  keys: keysField,
  column: f.column({ label: 'Column', types: numericTypes }),
  compare: f.choice({
    label: 'Compare with',
    default: 'rows',
    options: [
      { value: 'rows', label: 'The last rows' },
      { value: 'duration', label: 'The last period of time', help: "By the rows' event time." },
      { value: 'weighted', label: 'All earlier values, recent ones weighted most', help: 'An exponentially weighted mean (EWMA): old values fade.' },
    ],
  }),
  rows: f.number({ label: 'Rows', default: 100, min: 2, max: 100_000, integer: true, when: { param: 'compare', is: ['rows'] } }),
  duration: f.duration({ label: 'Time', default: 3_600_000, min: 1, when: { param: 'compare', is: ['duration'] } }),
  halfLife: f.number({
    label: 'Half-life',
    help: 'After this many rows a value counts half as much.',
    default: 20,
    min: 0.1,
    unit: 'rows',
    when: { param: 'compare', is: ['weighted'] },
  }),
  threshold: f.number({ label: 'Anomaly above', help: 'Number of standard deviations from the expected value.', default: 3, min: 0, unit: 'σ' }),
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
  summary: 'Scores how far each value is from earlier values with the same key.',
  category: 'Aggregate',
  icon: 'activity',
  version: 1,
  keywords: ['outlier', 'anomaly', 'z-score', 'sigma', 'deviation', 'ewma', 'monitoring', 'alert', 'rolling'],
  docs: `
Compares each value of a number column with earlier values with the same key, and adds three columns:

- \`expected\`: their mean.
- \`score\`: how many of their standard deviations the value is above it, or below if negative.
- \`is_anomaly\`: whether the score is beyond *Anomaly above*, in either direction.

The value itself is not among those that it is compared with. Until a key has had *Values before the first score*, \`score\` is null and nothing is an anomaly. If all earlier values were equal, a different one is an anomaly without a score, because their standard deviation is 0.

| compare with | mean and standard deviation |
|---|---|
| the last rows | of that many earlier values, all with the same weight |
| the last period of time | of the values up to that long before the latest row of the key, by event time |
| all earlier values, recent ones weighted most | weighted: after *Half-life* rows a value counts half |

Null is not a value: such a row gets the expected value and no score, and changes nothing. Rows leave in the order in which they arrive. An anomaly is one of the values that later rows are compared with.

To keep only the anomalies, filter by \`is_anomaly\` after this node.

${ttlDocs} A window of rows or time keeps its values; the weighted mean needs three numbers for each key.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ keys, column, threshold }) => {
    if (column === '') return 'Choose a column';
    const what = `${column} beyond ${threshold} σ`;
    return keys.length > 0 ? `${what}\nby ${keys.join(', ')}` : what;
  },
  infer: ({ params: { compare }, inputs }) => {
    const rows = inputs.rows;
    const { schema, problems } = withColumns(rows, added, () => 'column');
    return { outputs: { rows: schema }, problems: [...problems, ...(compare === 'duration' && rows && !rows.eventTime ? [noEventTime] : [])] };
  },
  lower: ({ params }) => {
    const { keys, ttl, column, threshold, warmup } = params;
    return { op: 'anomaly', keys, ttl, column, against: baseline(params), threshold, warmup };
  },
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
      title: 'All earlier values, recent ones weighted most; a value that differs from all others',
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
  message: 'The rows have no event time, so the rows of the last period of time are not known',
  hint: 'Choose the event time at their source, or compare with the last rows.',
  field: 'compare',
};

function baseline({ compare, rows, duration, halfLife }: Params): AnomalyOp['against'] {
  if (compare === 'rows') return { kind: 'rows', rows };
  return compare === 'duration' ? { kind: 'duration', duration } : { kind: 'weighted', halfLife };
}
