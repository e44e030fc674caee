import { keyTypes } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { durationText } from '../../model/time/duration.ts';
import type { Schema } from '../../model/values/types.ts';

const params = {
  keys: f.columns({ label: 'Key columns', help: 'Rows that are equal in all of these columns count as the same.', types: keyTypes, min: 1, default: [] }),
  keep: f.choice({
    label: 'Of equal rows keep',
    default: 'first',
    options: [
      { value: 'first', label: 'The first' },
      { value: 'last', label: 'The last', help: 'Rows leave only when the input ends, or when the time below has passed.' },
    ],
  }),
  within: f.duration({
    label: 'Only within',
    help: 'Rows count as equal up to this long after the first of them, in event time. Empty: without limit.',
    min: 0,
    optional: true,
  }),
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'dedupe',
  kind: 'transform',
  title: 'Remove duplicates',
  summary: 'Keeps one row for each key: the first or the last.',
  category: 'Rows',
  icon: 'copy-off',
  version: 1,
  keywords: ['distinct', 'unique', 'duplicates', 'latest', 'key'],
  docs: `
Keeps one row of those with the same values in all key columns. Null is a value like any other here: two rows with a null key are duplicates.

- **The first** leaves as soon as it arrives. The node keeps the keys.
- **The last** is known only when the input ends, so no row leaves before then. The node keeps one row for each key. Rows leave in the order in which the kept rows arrived.

For the newest row of each key in an unordered input, sort by time first.

Keys and rows that do not fit in memory are kept on disk; the size of the state that the run shows includes them. The output is the same, in the same order.

### Input that does not end
The keys of **the first** are kept for as long as the pipeline runs, and **the last** is not possible, unless you set **Only within**. Rows of one key are then duplicates from the first of them until that time after it, both ends included; the next row after that starts again as a first. The event time decides which row is first, not the order of arrival, so a second run gives the same rows.

- **The first** leaves when the watermark has passed its time. The node keeps the keys of the given time.
- **The last** leaves when the watermark has passed the end of the time.
- Of rows with the same key and time, the one that arrived first is the first, and the one that arrived last is the last.
- A row that arrives after the watermark has passed its time goes to \`late\`. A row without a time fails.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }, { name: 'late', late: true, absentWhen: { param: 'within', is: [null] } }],
  params,
  card: ({ keys, keep, within }) => {
    if (keys.length === 0) return 'Choose key columns';
    return `${keep} of each ${keys.join(', ')}${within === null ? '' : ` within ${durationText(within)}`}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    return { outputs: { rows, late: rows }, problems: timeProblems(params, rows) };
  },
  lower: ({ params: { keys, keep, within } }) => ({ op: 'distinct', keys, keep, within }),
  examples: [
    {
      title: 'The first of each id',
      params: { keys: ['id'] },
      inputs: {
        rows: [
          { id: 1, state: 'new' },
          { id: 2, state: 'new' },
          { id: 1, state: 'paid' },
        ],
      },
      outputs: {
        rows: [
          { id: 1, state: 'new' },
          { id: 2, state: 'new' },
        ],
      },
    },
    {
      title: 'The last of each id',
      params: { keys: ['id'], keep: 'last' },
      inputs: {
        rows: [
          { id: 1, state: 'new' },
          { id: 2, state: 'new' },
          { id: 1, state: 'paid' },
        ],
      },
      outputs: {
        rows: [
          { id: 2, state: 'new' },
          { id: 1, state: 'paid' },
        ],
      },
    },
    {
      title: 'An empty input',
      params: { keys: ['id'] },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      outputs: { rows: [] },
    },
    {
      title: 'The first of each id within a minute, by event time',
      params: { keys: ['id'], within: 60_000 },
      inputs: {
        rows: [
          { id: 1, time: 5_000 },
          { id: 1, time: 0 },
          { id: 1, time: 60_000 },
          { id: 1, time: 60_001 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'id', type: 'integer', nullable: false },
            { name: 'time', type: 'timestamp', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { id: 1, time: 0 },
          { id: 1, time: 60_001 },
        ],
        late: [],
      },
    },
  ],
});

function timeProblems({ within }: Params, rows: Schema | null): NodeProblem[] {
  if (within === null || !rows || rows.eventTime) return [];
  const message = 'The rows have no event time, so it is not known which are within the time';
  const hint = 'Choose the event time at their source, or leave the time here empty.';
  return [{ code: 'dedupe/no-time', severity: 'error', message, hint, field: 'within' }];
}
