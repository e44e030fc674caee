import { duplicateNames, keyTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { keysField } from '@millrace/kit/keys';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { durationText } from '../../model/time/duration.ts';
import type { Column } from '../../model/values/types.ts';

const windowed = { param: 'over', is: ['tumbling'] } as const;
const params = {
  keys: keysField,
  column: f.column({ label: 'Column', types: keyTypes }),
  order: f.choice({
    label: 'Keep',
    default: 'greatest',
    options: [
      { value: 'greatest', label: 'The greatest' },
      { value: 'least', label: 'The least' },
    ],
  }),
  count: f.number({ label: 'How many', default: 10, min: 1, max: 100_000, integer: true }),
  over: f.choice({
    label: 'Over',
    default: 'all',
    options: [
      { value: 'all', label: 'The whole input' },
      { value: 'tumbling', label: 'Tumbling windows', help: 'Windows of event time of equal length that follow each other without a gap.' },
    ],
  }),
  every: f.duration({ label: 'Length', min: 1, default: 60_000, when: windowed }),
};

const windowColumns: readonly Column[] = ['window_start', 'window_end'].map((name) => ({ name, type: 'timestamp', nullable: false }));
const rankColumn: Column = { name: 'rank', type: 'integer', nullable: false };

export default defineNode({
  type: 'top-n',
  kind: 'transform',
  title: 'Top rows',
  summary: 'Keeps the rows with the greatest or least values of each key, ranked, optionally by time window.',
  category: 'Aggregate',
  icon: 'list-numbers',
  version: 1,
  keywords: ['top', 'rank', 'ranking', 'greatest', 'least', 'best', 'worst', 'leaderboard', 'limit by', 'window'],
  docs: `
Of the rows with the same key, the ones with the greatest (or least) values of a column are emitted, the first of them with \`rank\` 1.

Values are ordered as *Sort* does it: numbers and times by size, text by its UTF-16 code units, **null last** in both directions. Of rows with equal values the one with the earlier event time ranks first; if that is equal too, or there is none, the one that arrived first. In windows, where the order of arrival is not significant, their contents decide.

### Over the whole input
The rows are emitted when the input ends, keys in the order of their first rows.

### Tumbling windows
Windows are aligned to 1970-01-01T00:00Z and hold the rows from their start up to, but not including, their end, by event time. A window's rows are emitted once no earlier row is expected, with \`window_start\` and \`window_end\` before \`rank\`; the event time of these rows is the window's end. A row that arrives after its window was emitted is late, and goes to the port *late* unchanged. A row without an event time fails.

### Memory
For each key (and each open window), the node keeps only the rows that may be emitted. Rows that do not fit in memory are moved to disk; the size of the state that the run shows includes them. The output then has the same rows with the same ranks, but the keys are in no particular order. The rows of one key in one window must fit in memory.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }, { name: 'late', late: true, absentWhen: { param: 'over', is: ['all'] } }],
  params,
  card: ({ keys, column, order, count, over, every }) => {
    if (column === '') return 'Choose a column';
    const by = [...keys, ...(over === 'tumbling' ? [`every ${durationText(every)}`] : [])];
    const what = `${count} ${order} ${column}`;
    return by.length > 0 ? `${what}\nby ${by.join(', ')}` : what;
  },
  infer: ({ params: { over }, inputs }) => {
    const rows = inputs.rows;
    const first = [...(over === 'tumbling' ? windowColumns : []), rankColumn];
    const columns = [...first, ...(rows?.columns ?? [])];
    const problems: NodeProblem[] = duplicateNames(
      columns.map(({ name }) => name),
      () => 'over',
    );
    if (over === 'tumbling' && rows && !rows.eventTime) {
      const hint = 'Choose the event time at their source, or rank over the whole input.';
      problems.push({
        code: 'top-n/no-event-time',
        severity: 'error',
        message: 'The rows have no event time, so they belong to no window',
        hint,
        field: 'over',
      });
    }
    const eventTime = over === 'tumbling' ? { eventTime: { column: 'window_end', shift: -1 } } : {};
    return { outputs: { rows: rows && { columns, ...eventTime }, late: rows && { ...rows, eventTime: rows.eventTime ?? null } }, problems };
  },
  lower: ({ params: { keys, column, order, count, over, every } }) => ({
    op: 'top',
    keys,
    by: { column, direction: order === 'greatest' ? 'desc' : 'asc' },
    count,
    every: over === 'tumbling' ? every : null,
  }),
  examples: [
    {
      title: 'The two greatest of each region',
      params: { keys: ['region'], column: 'amount', count: 2 },
      inputs: {
        rows: [
          { region: 'north', amount: 5 },
          { region: 'south', amount: null },
          { region: 'north', amount: 9 },
          { region: 'north', amount: 7 },
          { region: 'north', amount: 9 },
        ],
      },
      outputs: {
        rows: [
          { rank: 1, region: 'north', amount: 9 },
          { rank: 2, region: 'north', amount: 9 },
          { rank: 1, region: 'south', amount: null },
        ],
        late: [],
      },
    },
    {
      title: 'The least of each minute',
      params: { column: 'price', order: 'least', count: 1, over: 'tumbling', every: 60_000 },
      inputs: {
        rows: [
          { time: 61_000, price: 3 },
          { time: 1000, price: 8 },
          { time: 59_999, price: 7 },
          { time: 60_000, price: 4 },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'time', type: 'timestamp', nullable: false },
            { name: 'price', type: 'number', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { window_start: 0, window_end: 60_000, rank: 1, time: 59_999, price: 7 },
          { window_start: 60_000, window_end: 120_000, rank: 1, time: 61_000, price: 3 },
        ],
        late: [],
      },
    },
  ],
});
