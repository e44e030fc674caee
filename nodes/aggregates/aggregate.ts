import { acceptedTypes, aggregateFunctions, countColumn, resultType } from '@millrace/kit/aggregates';
import { duplicateNames, findColumn, keyTypes } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { windowColumns, windowFields, windowOf, windowProblems, windowText } from '@millrace/kit/windows';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { Schema } from '../../model/values/types.ts';

const params = {
  groupBy: f.columns({
    label: 'Group by',
    help: 'There is one output row for each combination of their values. None: one row in all.',
    types: keyTypes,
    default: [],
  }),
  aggregations: f.list({
    label: 'Aggregations',
    itemLabel: 'Aggregation',
    item: {
      function: f.choice({ label: 'Function', default: 'count', options: aggregateFunctions }),
      column: f.column({ label: 'Column', optional: true, help: 'Count without a column counts rows.' }),
      percent: f.number({ label: 'Percentile', default: 95, min: 0, max: 100, unit: '%', when: { param: 'function', is: ['percentile'] } }),
      name: f.text({ label: 'Name', optional: true, placeholder: 'average_temperature' }),
    },
    default: [],
  }),
  ...windowFields,
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'aggregate',
  kind: 'transform',
  title: 'Aggregate',
  summary: 'Aggregates groups of rows: count, sum, average, percentile and more, optionally by time window.',
  category: 'Aggregate',
  icon: 'sum',
  version: 1,
  keywords: [
    'group by',
    'count',
    'sum',
    'average',
    'mean',
    'min',
    'max',
    'percentile',
    'median',
    'window',
    'sliding',
    'hopping',
    'session',
    'calendar',
    'day',
    'month',
    'time zone',
    'watermark',
    'summarize',
    'empty windows',
    'fill gaps',
  ],
  docs: `
Makes one row from each group of rows. The output columns are those of *Group by*, then one for each aggregation; its default name is of the form \`average_temperature\`.

| function | of | gives |
|---|---|---|
| count | rows, or a column's values | integer |
| sum | integer, number, decimal | the column's type |
| average | integer, number, decimal | number, or decimal with six decimals more |
| min, max | anything that has an order (text by its code units) | the column's type |
| first, last | anything | the column's type |
| distinct count | anything that can be compared | integer |
| percentile | integer, number, decimal | number |

Null values are ignored: the average of 10, null and 20 is 15, and a group without any value gives null (its counts are 0). In *Group by*, null is a group like any other. Without *Group by* there is exactly one output row, even for an empty input.

A percentile is exact up to 10,000 values in a group, interpolated between neighbours; for more it is within 0.5 %.

### Windows
With windows, rows are aggregated by intervals of time. The columns \`window_start\` and \`window_end\` come first. A window holds the rows from its start up to, but not including, its end. Windows without rows give no result, unless you ask for them.

- **Tumbling** windows follow each other without a gap and without overlap. Of one minute: 12:00:00.000 up to 12:01:00.000, and so on.
- **The calendar** has hours, days, weeks (from Monday), months, quarters and years of a time zone. A day of Europe/Berlin has 23 or 25 hours when the clocks are changed. A day begins at the first instant of its date; where the clocks are put back across midnight, what comes after the first midnight belongs to the new day.
- **Sliding** windows overlap. Of 10 minutes every 5 minutes: 12:00 to 12:10, 12:05 to 12:15; each row counts in two of them.
- **Sessions** are different for each group: rows that are less than *Gap* apart belong together. A session ends a gap after its last row.

Tumbling and sliding windows are aligned to 1970-01-01T00:00Z (plus *Offset*), whatever the first row is.

Rows belong to windows by their event time: the column that is set at their source, or by *Set event time*, or another one under *Time*. A row without a time belongs to no window and fails.

With **Include windows without rows**, each group has a row in every tumbling or calendar window from its first one on: counts and sums are 0, other results null. Such a row is emitted on time, when the watermark passes its window, so a silent sensor is visible at once. If the input ends, the last window is the last one that has rows of any group. All groups are remembered, and each costs a row in each window. More than 100,000 windows without rows between two rows are treated as a wrong time, and fail.

### When results are emitted
A window gives its result once it is complete: when the watermark of the source says that no row from before the window's end is still to come. How long that takes is set at the source (*Out of order by at most*). Rows of files and tables, which end, are never late because of their order. A result has an event time itself, the last millisecond of its window, so that windows of windows work.

| rows of the window 12:00 to 12:01 | what happens |
|---|---|
| come before the watermark has reached its end | count; the window gives its result when it does |
| come later, but within *Wait for late rows* | count; the window gives its result again, once for each batch of such rows |
| come later still | leave by the port *Late*, unchanged |
| have come so far, with *Early results every* | the window gives its present result that often, if it has changed |
| wait when the input ends | the window gives its result |

With *Wait for late rows* or *Early results every* there is one more column, \`pane\`: \`early\`, \`on-time\` or \`late\`. Each result replaces the one before it with the same group, start and end: write them to a table whose key these are. A late result is itself late for windows downstream, which need their own *Wait for late rows*. When a late row extends or merges sessions whose results were already emitted, the new result has another start or end, and the earlier results are not retracted.

In sliding windows, a late row counts in the windows that are still open; it leaves by *Late* only when all windows that contain it are closed.

If the rows have no event time, or *Time* is another column, all windows give their results when the input ends, and no row is late.

*First* and *last* go by event time in windows, and otherwise by the order of the rows.

### Memory
The node keeps what each group needs for its result, not the rows: a few numbers, the values seen for a distinct count, up to 10,000 values for a percentile. A window's groups are dropped once it is complete and no longer waits for late rows; without windows they leave when the input ends. A sum of integers beyond 2^53 fails instead of being rounded; sums of decimals are exact.

Groups that do not fit in memory are moved to disk; the size of the state that the run shows includes them. Results are the same, with two exceptions: the groups of one window, or those of an aggregation without windows, are then emitted in no particular order; and a sum or average of fractions may differ in its last digit, which depends on the order of adding. A single group must fit in memory: the distinct count of one group with 10 million numbers takes about 400 MB.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }, { name: 'late', late: true, absentWhen: { param: 'window', is: ['none'] } }],
  params,
  card: (given) => {
    const { groupBy, aggregations } = given;
    if (aggregations.length === 0 && groupBy.length === 0) return 'Add an aggregation';
    const what = aggregations.map(outputName).join(', ') || 'groups';
    const window = windowText(given).join();
    // `every 1 min` alone needs no `by`.
    if (groupBy.length === 0 && given.window === 'tumbling') return `${what}\n${window}`;
    const by = window === '' ? groupBy : [...groupBy, window];
    return by.length > 0 ? `${what}\nby ${by.join(', ')}` : what;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const problems = [...aggregationProblems(params, rows), ...windowProblems(params, rows)];
    return { outputs: { rows: rows && outputSchema(params, rows), late: rows }, problems };
  },
  lower: ({ params }) => ({
    op: 'combine',
    keys: params.groupBy,
    aggregates: params.aggregations.map((aggregation) => {
      const { function: name, column, percent } = aggregation;
      return { name: outputName(aggregation), function: name, column, percent: name === 'percentile' ? percent : null };
    }),
    window: windowOf(params),
  }),
  examples: [
    {
      title: 'Average and count by region',
      params: {
        groupBy: ['region'],
        aggregations: [
          { function: 'average', column: 'temperature', percent: 95, name: null },
          { function: 'count', column: null, percent: 95, name: 'readings' },
        ],
      },
      inputs: {
        rows: [
          { region: 'north', temperature: 10 },
          { region: 'south', temperature: 25 },
          { region: 'north', temperature: null },
          { region: 'north', temperature: 20 },
        ],
      },
      outputs: {
        rows: [
          { region: 'north', average_temperature: 15, readings: 3 },
          { region: 'south', average_temperature: 25, readings: 1 },
        ],
      },
    },
    {
      title: 'By minute; a row without a time fails',
      params: { aggregations: [{ function: 'max', column: 'level', percent: 95, name: 'peak' }], window: 'tumbling', timeColumn: 'time', every: 60_000 },
      inputs: {
        rows: [
          { time: 61_000, level: 4 },
          { time: 59_999, level: 7 },
          { time: null, level: 9 },
          { time: 60_000, level: 5 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: true },
            { name: 'level', type: 'integer', nullable: false },
          ],
        },
      },
      outputs: {
        rows: [
          { window_start: 0, window_end: 60_000, peak: 7 },
          { window_start: 60_000, window_end: 120_000, peak: 5 },
        ],
      },
      failures: ['no time'],
    },
    {
      title: 'Hours without rows as zero',
      params: {
        groupBy: ['sensor'],
        aggregations: [{ function: 'count', column: null, percent: 95, name: 'n' }],
        window: 'tumbling',
        timeColumn: 'time',
        every: 3_600_000,
        emptyWindows: true,
      },
      inputs: {
        rows: [
          { sensor: 'a', time: 600_000 },
          { sensor: 'b', time: 3_600_000 },
          { sensor: 'a', time: 7_200_000 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'sensor', type: 'string', nullable: false },
            { name: 'time', type: 'timestamp', nullable: false },
          ],
        },
      },
      outputs: {
        rows: [
          { window_start: 0, window_end: 3_600_000, sensor: 'a', n: 1 },
          { window_start: 3_600_000, window_end: 7_200_000, sensor: 'b', n: 1 },
          { window_start: 3_600_000, window_end: 7_200_000, sensor: 'a', n: 0 },
          { window_start: 7_200_000, window_end: 10_800_000, sensor: 'a', n: 1 },
          { window_start: 7_200_000, window_end: 10_800_000, sensor: 'b', n: 0 },
        ],
      },
    },
    {
      title: 'Days of a time zone, also when the clocks go back',
      params: {
        aggregations: [{ function: 'sum', column: 'sold', percent: 95, name: 'sold' }],
        window: 'calendar',
        unit: 'day',
        zone: 'Europe/Berlin',
        timeColumn: 'time',
      },
      inputs: {
        rows: [
          { time: Date.UTC(2026, 9, 24, 22), sold: 1 },
          { time: Date.UTC(2026, 9, 25, 22, 59), sold: 2 },
          { time: Date.UTC(2026, 9, 25, 23), sold: 4 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: false },
            { name: 'sold', type: 'integer', nullable: false },
          ],
        },
      },
      outputs: {
        rows: [
          { window_start: Date.UTC(2026, 9, 24, 22), window_end: Date.UTC(2026, 9, 25, 23), sold: 3 },
          { window_start: Date.UTC(2026, 9, 25, 23), window_end: Date.UTC(2026, 9, 26, 23), sold: 4 },
        ],
      },
    },
    {
      title: 'The last two minutes, every minute',
      params: {
        aggregations: [{ function: 'sum', column: 'amount', percent: 95, name: 'total' }],
        window: 'sliding',
        timeColumn: 'time',
        length: 120_000,
        every: 60_000,
      },
      inputs: {
        rows: [
          { time: 30_000, amount: 1 },
          { time: 60_000, amount: 2 },
          { time: 200_000, amount: 4 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: false },
            { name: 'amount', type: 'integer', nullable: false },
          ],
        },
      },
      outputs: {
        rows: [
          { window_start: -60_000, window_end: 60_000, total: 1 },
          { window_start: 0, window_end: 120_000, total: 3 },
          { window_start: 60_000, window_end: 180_000, total: 2 },
          { window_start: 120_000, window_end: 240_000, total: 4 },
          { window_start: 180_000, window_end: 300_000, total: 4 },
        ],
      },
    },
    {
      title: 'Visits: clicks of one user with pauses of less than half an hour',
      params: {
        groupBy: ['user'],
        aggregations: [{ function: 'count', column: null, percent: 95, name: 'clicks' }],
        window: 'session',
        timeColumn: 'time',
        gap: 1_800_000,
      },
      inputs: {
        rows: [
          { user: 'ada', time: 0 },
          { user: 'max', time: 600_000 },
          { user: 'ada', time: 1_200_000 },
          { user: 'ada', time: 7_200_000 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'user', type: 'string', nullable: false },
            { name: 'time', type: 'timestamp', nullable: false },
          ],
        },
      },
      outputs: {
        rows: [
          { window_start: 600_000, window_end: 2_400_000, user: 'max', clicks: 1 },
          { window_start: 0, window_end: 3_000_000, user: 'ada', clicks: 2 },
          { window_start: 7_200_000, window_end: 9_000_000, user: 'ada', clicks: 1 },
        ],
      },
    },
    {
      title: 'An empty input has one empty group',
      params: {
        aggregations: [
          { function: 'count', column: null, percent: 95, name: null },
          { function: 'sum', column: 'amount', percent: 95, name: null },
        ],
      },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'amount', type: 'number', nullable: false }] } },
      outputs: { rows: [{ count: 0, sum_amount: null }] },
    },
  ],
});

type Aggregation = Params['aggregations'][number];

function outputName({ function: name, column, percent, name: own }: Aggregation): string {
  if (own) return own;
  const word = name === 'percentile' ? `p${String(percent).replace('.', '_')}` : name === 'distinctCount' ? 'distinct' : name;
  return column ? `${word}_${column}` : word;
}

function aggregationProblems(given: Params, rows: Schema | null): NodeProblem[] {
  const { aggregations } = given;
  const error = (code: ProblemCode, message: string, hint: string, field: string): NodeProblem => ({ code, severity: 'error', message, hint, field });
  const first = [...windowColumns(windowOf(given)).map(({ name }) => name), ...given.groupBy];
  const problems = duplicateNames([...first, ...aggregations.map(outputName)], (i) => (i < first.length ? 'groupBy' : `aggregations.${i - first.length}.name`));
  if (aggregations.length === 0 && given.groupBy.length === 0) {
    problems.push(error('aggregate/nothing', 'There is nothing to aggregate', 'Add an aggregation, or columns to group by.', 'aggregations'));
  }
  aggregations.forEach(({ function: name, column }, i) => {
    const field = `aggregations.${i}.column`;
    const found = column === null ? undefined : findColumn(rows, column);
    if (column === null && name !== 'count') problems.push(error('aggregate/no-column', `"${name}" needs a column`, 'Choose one.', field));
    if (!found || acceptedTypes(name).includes(found.type)) return;
    const message = `"${name}" does not work on ${found.type} columns such as "${found.name}"`;
    problems.push(error('aggregate/column-type', message, `It takes ${acceptedTypes(name).join(', ')}: choose another column, or cast this one first.`, field));
  });
  return problems;
}

/** Columns that do not exist are left out: the params' validation reports them. */
function outputSchema(given: Params, rows: Schema): Schema {
  const keys = given.groupBy.flatMap((name) => findColumn(rows, name) ?? []);
  const results = given.aggregations.map((aggregation) => {
    const column = findColumn(rows, aggregation.column ?? '') ?? countColumn;
    return { name: outputName(aggregation), ...resultType(aggregation.function, column) };
  });
  const columns = [...windowColumns(windowOf(given)), ...keys, ...results];
  return given.window === 'none' ? { columns } : { columns, eventTime: { column: 'window_end', shift: -1 } };
}
