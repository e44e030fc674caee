import { acceptedTypes, aggregateFunctions, countColumn, resultType } from '@millrace/kit/aggregates';
import { findColumn } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { keysField, ttlDocs, ttlField, withColumns } from '@millrace/kit/keys';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { RunningFunction } from '@millrace/kit/ops';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { durationText } from '../../model/time/duration.ts';
import type { Schema } from '../../model/values/types.ts';

const functions = aggregateFunctions.filter(
  (option): option is Extract<(typeof aggregateFunctions)[number], { value: RunningFunction }> => option.value !== 'percentile',
);

const params = {
  keys: keysField,
  aggregations: f.list({
    label: 'Aggregations',
    itemLabel: 'Aggregation',
    item: {
      function: f.choice({ label: 'Function', default: 'count', options: functions }),
      column: f.column({ label: 'Column', optional: true, help: 'Count without a column counts rows.' }),
      name: f.text({ label: 'Name', optional: true, placeholder: 'running_sum_amount' }),
    },
    default: [],
  }),
  over: f.choice({
    label: 'Over',
    default: 'all',
    options: [
      { value: 'all', label: 'All rows so far' },
      { value: 'rows', label: 'The last rows' },
      { value: 'duration', label: 'The last period of time', help: "By the rows' event time." },
    ],
  }),
  rows: f.number({ label: 'Rows', default: 10, min: 1, max: 100_000, integer: true, help: 'Including this one.', when: { param: 'over', is: ['rows'] } }),
  duration: f.duration({ label: 'Time', default: 3_600_000, min: 1, when: { param: 'over', is: ['duration'] } }),
  ttl: ttlField,
};
type Params = ParamsOf<typeof params>;
type Aggregation = Params['aggregations'][number];

export default defineNode({
  type: 'running-aggregate',
  kind: 'transform',
  title: 'Running aggregate',
  summary: 'Adds running totals, averages and more to each row: over all rows so far, or over the latest ones.',
  category: 'Aggregate',
  icon: 'trending-up',
  version: 1,
  keywords: ['running total', 'cumulative', 'moving average', 'rolling', 'balance', 'window function', 'count', 'sum'],
  docs: `
Every row leaves unchanged, with an aggregate of the rows with the same key up to and including this one: a balance for each payment, a moving average for each reading.

| over | rows that count |
|---|---|
| all rows so far | all of the key |
| the last rows | the latest N of the key, including this one |
| the last period of time | those of the key whose event time is less than *Time* before the latest of them |

Rows are processed in the order in which they arrive, and leave at once. Over the last period of time, a row that comes late takes its place among the others by its time, and does not count if it is too old; *first* and *last* then mean the order of time. For results that do not depend on the order in which rows come, use *Aggregate* with windows.

Functions and their types are those of *Aggregate*: null values count for nothing, and where no value counts the result is null (counts are 0). A row at which a sum of integers is beyond 2^53 fails instead of being rounded; it still counts for the rows after it.

${ttlDocs} For *all rows so far* each aggregate keeps a number or a value, and a distinct count keeps all values. Otherwise the values that count are kept.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ keys, aggregations, over, rows, duration }) => {
    if (aggregations.length === 0) return 'Add an aggregation';
    const span = over === 'rows' ? ` of ${rows} rows` : over === 'duration' ? ` of ${durationText(duration)}` : '';
    const what = `${aggregations.map(outputName).join(', ')}${span}`;
    return keys.length > 0 ? `${what}\nby ${keys.join(', ')}` : what;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const { aggregations } = params;
    const added = aggregations.map((aggregation) => {
      const column = findColumn(rows, aggregation.column ?? '') ?? countColumn;
      return { name: outputName(aggregation), ...resultType(aggregation.function, column) };
    });
    const { schema, problems } = withColumns(rows, added, (i) => `aggregations.${i}.name`);
    return { outputs: { rows: schema }, problems: [...problems, ...aggregationProblems(params, rows)] };
  },
  lower: ({ params: { keys, aggregations, over, rows, duration, ttl } }) => ({
    op: 'runningAggregate',
    keys,
    aggregates: aggregations.map((aggregation, i) => {
      const { function: name, column } = aggregation;
      return { name: outputName(aggregation), function: name, column, field: `aggregations.${i}.column` };
    }),
    over: over === 'rows' ? { rows } : over === 'duration' ? { duration } : null,
    ttl,
  }),
  examples: [
    {
      title: 'The balance of each account',
      params: { keys: ['account'], aggregations: [{ function: 'sum', column: 'amount', name: 'balance' }] },
      inputs: {
        rows: [
          { account: 'a', amount: 100 },
          { account: 'b', amount: 20 },
          { account: 'a', amount: -30 },
          { account: 'a', amount: null },
        ],
      },
      outputs: {
        rows: [
          { account: 'a', amount: 100, balance: 100 },
          { account: 'b', amount: 20, balance: 20 },
          { account: 'a', amount: -30, balance: 70 },
          { account: 'a', amount: null, balance: 70 },
        ],
      },
    },
    {
      title: 'Moving average and maximum of three rows',
      params: {
        over: 'rows',
        rows: 3,
        aggregations: [
          { function: 'average', column: 'n', name: null },
          { function: 'max', column: 'n', name: 'peak' },
        ],
      },
      inputs: { rows: [{ n: 9 }, { n: 3 }, { n: 6 }, { n: 0 }, { n: 3 }] },
      outputs: {
        rows: [
          { n: 9, running_average_n: 9, peak: 9 },
          { n: 3, running_average_n: 6, peak: 9 },
          { n: 6, running_average_n: 6, peak: 9 },
          { n: 0, running_average_n: 3, peak: 6 },
          { n: 3, running_average_n: 3, peak: 6 },
        ],
      },
    },
    {
      title: 'Logins of the last minute; a row without a time fails',
      params: { keys: ['user'], over: 'duration', duration: 60_000, aggregations: [{ function: 'count', column: null, name: 'logins' }] },
      inputs: {
        rows: [
          { time: 0, user: 'a' },
          { time: 40_000, user: 'a' },
          { time: null, user: 'a' },
          { time: 60_000, user: 'a' },
          { time: 0, user: 'b' },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: true },
            { name: 'user', type: 'string', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { time: 0, user: 'a', logins: 1 },
          { time: 40_000, user: 'a', logins: 2 },
          { time: 60_000, user: 'a', logins: 2 },
          { time: 0, user: 'b', logins: 1 },
        ],
      },
      failures: ['no time'],
    },
  ],
});

function outputName({ function: name, column, name: own }: Aggregation): string {
  if (own) return own;
  const word = name === 'distinctCount' ? 'distinct' : name;
  return column ? `running_${word}_${column}` : `running_${word}`;
}

function aggregationProblems({ aggregations, over }: Params, rows: Schema | null): NodeProblem[] {
  const problems: NodeProblem[] = [];
  const error = (code: ProblemCode, message: string, hint: string, field: string) => void problems.push({ code, severity: 'error', message, hint, field });
  if (aggregations.length === 0) error('aggregate/nothing', 'There is nothing to aggregate', 'Add an aggregation.', 'aggregations');
  if (over === 'duration' && rows && !rows.eventTime) {
    const hint = 'Choose the event time at their source, or aggregate over the last rows.';
    error('running-aggregate/no-event-time', 'The rows have no event time, so the rows of the last period of time are not known', hint, 'over');
  }
  aggregations.forEach(({ function: name, column }, i) => {
    const field = `aggregations.${i}.column`;
    const found = column === null ? undefined : findColumn(rows, column);
    if (column === null && name !== 'count') error('aggregate/no-column', `"${name}" needs a column`, 'Choose one.', field);
    if (!found || acceptedTypes(name).includes(found.type)) return;
    const message = `"${name}" does not work on ${found.type} columns such as "${found.name}"`;
    error('aggregate/column-type', message, `It takes ${acceptedTypes(name).join(', ')}: choose another column, or cast this one first.`, field);
  });
  return problems;
}
