import { timeTypes } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { CoGroupOp, TimeMatch } from '@millrace/kit/ops';
import { itemAt } from '../../model/faults/missing.ts';
import type { Column, EventTime, Schema } from '../../model/values/types.ts';
import { type JoinedColumn, joinCard, joinedColumns, keyPairProblems, suffixProblems } from './join-columns.ts';

const params = {
  kind: f.choice({
    label: 'Rows without a match',
    default: 'inner',
    options: [
      { value: 'inner', label: 'Leave out (inner join)' },
      { value: 'left', label: 'Keep those of the left (left join)' },
      { value: 'right', label: 'Keep those of the right (right join)' },
      { value: 'outer', label: 'Keep all (full outer join)' },
    ],
  }),
  keys: f.list({
    label: 'Match where',
    itemLabel: 'Pair of columns',
    min: 1,
    item: {
      left: f.column({ label: 'Column of the left', input: 'left' }),
      right: f.column({ label: 'Column of the right', input: 'right' }),
    },
    default: [],
  }),
  match: f.choice({
    label: 'Time condition',
    default: 'range',
    options: [
      { value: 'range', label: 'Within a range', help: 'The right row is at most this much earlier or later than the left one.' },
      { value: 'tumbling', label: 'In the same tumbling window', help: 'Windows of equal length that follow each other without a gap.' },
      { value: 'sliding', label: 'In the same sliding window', help: 'Windows of equal length that overlap.' },
      { value: 'session', label: 'In the same session', help: 'Rows of one key that follow each other without a long pause.' },
    ],
  }),
  before: f.duration({ label: 'Right earlier by at most', min: 0, default: 300_000, when: { param: 'match', is: ['range'] } }),
  after: f.duration({ label: 'Right later by at most', min: 0, default: 300_000, when: { param: 'match', is: ['range'] } }),
  length: f.duration({ label: 'Length', min: 1, default: 300_000, when: { param: 'match', is: ['sliding'] } }),
  every: f.duration({
    label: 'Every',
    help: 'How often a window begins. Tumbling windows are as long as this.',
    min: 1,
    default: 60_000,
    when: { param: 'match', is: ['tumbling', 'sliding'] },
  }),
  gap: f.duration({
    label: 'Gap',
    help: 'A session ends when its key has had no row of either input for this long.',
    min: 1,
    default: 300_000,
    when: { param: 'match', is: ['session'] },
  }),
  lateness: f.duration({
    label: 'Wait for late rows',
    help: 'How far behind the watermark rows still count. Rows without a match leave that much later.',
    min: 0,
    default: 0,
  }),
  offset: f.duration({
    label: 'Offset',
    help: 'Moves the start of windows: days that begin at 06:00 are windows of one day with an offset of 6 hours.',
    min: 0,
    default: 0,
    advanced: true,
    when: { param: 'match', is: ['tumbling', 'sliding'] },
  }),
  time: f.text({ label: 'Column for the event time', default: 'event_time', advanced: true, when: { param: 'match', is: ['range'] } }),
  leftTime: f.column({
    label: 'Time of the left',
    help: "Only where it is not the rows' event time.",
    input: 'left',
    types: timeTypes,
    optional: true,
    advanced: true,
  }),
  rightTime: f.column({
    label: 'Time of the right',
    help: "Only where it is not the rows' event time.",
    input: 'right',
    types: timeTypes,
    optional: true,
    advanced: true,
  }),
  suffix: f.text({ label: 'Suffix for duplicate names', default: '_right', advanced: true }),
};
type Params = ParamsOf<typeof params>;

const second = 1000;
const minute = 60 * second;
const timed = (columns: readonly Column[]): Schema => ({ columns, eventTime: { column: 'time' } });
const column = (name: string, type: Column['type']): Column => ({ name, type, nullable: false });
const orders = timed([column('time', 'timestamp'), column('order', 'integer'), column('amount', 'integer')]);
const payments = timed([column('time', 'timestamp'), column('order', 'integer'), column('by', 'string')]);

export default defineNode({
  type: 'stream-join',
  kind: 'transform',
  title: 'Join streams',
  summary: 'Joins rows of two streams that have the same key and are close in time.',
  category: 'Combine',
  icon: 'git-merge',
  version: 1,
  stateVersion: 2,
  keywords: ['interval', 'window', 'session', 'inner', 'left', 'right', 'outer', 'correlate', 'match', 'merge'],
  docs: `
Joins two streams by key and time: orders with their payments, requests with their answers. Neither input has to end. Rows match if all pairs of key columns are equal and their times meet the *Time condition*. To add columns from a table to a stream, use *Join*.

| time condition | rows match if |
|---|---|
| **Within a range** | the right row's time is within the given range before or after the left row's. Both limits are included: with 5 minutes, a row exactly 5 minutes later matches. |
| **In the same tumbling window** | both rows are in the same window. Windows do not overlap, are aligned to 1970-01-01T00:00Z and include their start but not their end. |
| **In the same sliding window** | both rows are in the same window. Windows overlap, and a pair is emitted once for each window that contains both rows. |
| **In the same session** | both rows are in the same session: rows of one key, from both inputs, each less than the *Gap* after the one before. All left rows of a session match all its right rows. |

**Null matches nothing**, not even null. A row without a time fails.

### When results are emitted
- Within a range, a pair is emitted as soon as both of its rows have arrived.
- In windows, pairs are emitted when the watermark passes the window's end; in sessions, when the session is over.
- A row without a match is dropped (**inner**), or kept with nulls for the other side (**left**, **right**, **outer**). It is emitted when no row that matches it can arrive any more; in windows, once for each window without a match. If its key is null, it is emitted at once.

### Columns
Each pair of key columns gives one column, with the name of the left one. If there is no left row, it has the right row's value. The other columns of both sides follow. If a name is already taken, the right side's column gets the suffix; a column of the left side gets \`_left\`.

- A range adds the column \`event_time\` as the first one: the later one of the two times, as a pair is complete only when both of its rows have happened. It is the event time of the output.
- Windows add \`window_start\` and \`window_end\` as the first ones. The event time is the last millisecond of the window, as it is for *Aggregate*.

### Late rows
A row that arrives after its time has passed goes to \`lateLeft\` or \`lateRight\` unchanged, and is counted. Within a range, its time has passed when the watermark has; in windows, when its window is over. *Wait for late rows* allows rows to arrive that much later. In windows, pairs with an allowed late row are emitted at once. Sessions wait for late rows before they are emitted, since a late row may extend them.

Event time downstream of this node is later by *Wait for late rows* and, where rows without a match are kept within a range, by the length of the range, because such a row is emitted with its own time, after newer ones.

If an input has no event time (see the settings of its source), it is complete only when it ends: rows without a match wait until then. To use another column as the time, choose it under *More*. The time of a date is its midnight in UTC.

### Memory
Each row is kept until the watermark says that no row that matches it can arrive any more: for the length of a range, or for the rest of a window, plus *Wait for late rows*. The watermark is the smaller one of both inputs, so rows of one side are kept while the other one lags behind. An idle input does not hold the watermark back.

Rows that do not fit in memory are moved to disk, where a row costs many times what it costs in memory. So keep ranges and windows as short as possible.
`,
  inputs: [{ name: 'left' }, { name: 'right' }],
  outputs: [{ name: 'rows' }, { name: 'lateLeft', label: 'Late left', late: true }, { name: 'lateRight', label: 'Late right', late: true }],
  params,
  card: ({ kind, keys, match }) => joinCard(kind, keys, `, ${match}`),
  infer: ({ params, inputs }) => {
    const left = inputs.left;
    const right = inputs.right;
    const lateLeft = left && { ...left, eventTime: left.eventTime ?? null };
    const lateRight = right && { ...right, eventTime: right.eventTime ?? null };
    const unusable = suffixProblems(params.suffix);
    if (!left || !right || unusable.length > 0) return { outputs: { rows: null, lateLeft, lateRight }, problems: [...unusable, ...windowProblems(params)] };
    const stamps = stampsOf(params);
    const columns = [
      ...stamps.map((name): Column => ({ name, type: 'timestamp', nullable: false })),
      ...columnsOf(params, left, right).map((joined) => joined.column),
    ];
    const eventTime: EventTime = params.match === 'range' ? { column: itemAt(stamps, 0) } : { column: itemAt(stamps, 1), shift: -1 };
    return {
      outputs: { rows: { columns, eventTime }, lateLeft, lateRight },
      problems: [
        ...keyPairProblems('stream-join', 'left', params.keys, left, right),
        ...windowProblems(params),
        ...timeProblems('left', params.leftTime, left),
        ...timeProblems('right', params.rightTime, right),
      ],
    };
  },
  lower: ({ params, inputs }) => {
    const left = inputs.left;
    const right = inputs.right;
    return {
      op: 'coGroup',
      kind: params.kind,
      keys: params.keys,
      match: matchOf(params),
      times: { left: timeOf(params.leftTime, left), right: timeOf(params.rightTime, right) },
      lateness: params.lateness,
      stamps: stampsOf(params),
      columns: columnsOf(params, left, right).map(({ column: { name, type }, left = null, right = null }) => ({ name, type, left, right })),
    };
  },
  examples: [
    {
      title: 'Orders with a payment within ten minutes',
      params: { keys: [{ left: 'order', right: 'order' }], before: 0, after: 10 * minute },
      inputs: {
        left: [
          { time: 0, order: 1, amount: 30 },
          { time: minute, order: 2, amount: 80 },
        ],
        right: [
          { time: 10 * minute, order: 1, by: 'card' },
          { time: 12 * minute, order: 2, by: 'cash' },
        ],
      },
      inputSchemas: { left: orders, right: payments },
      outputs: { rows: [{ event_time: 10 * minute, time: 0, order: 1, amount: 30, time_right: 10 * minute, by: 'card' }], lateLeft: [], lateRight: [] },
    },
    {
      title: 'A full outer join keeps what has no match, when no partner can come any more',
      params: { kind: 'outer', keys: [{ left: 'order', right: 'order' }], before: 0, after: minute },
      inputs: {
        left: [{ time: 5 * second, order: 1, amount: 30 }],
        right: [{ time: 2 * minute, order: 1, by: 'card' }],
      },
      inputSchemas: { left: orders, right: payments },
      outputs: {
        rows: [
          { event_time: 5 * second, time: 5 * second, order: 1, amount: 30, time_right: null, by: null },
          { event_time: 2 * minute, time: null, order: 1, amount: null, time_right: 2 * minute, by: 'card' },
        ],
      },
    },
    {
      title: 'Pairs of the same minute',
      params: { keys: [{ left: 'order', right: 'order' }], match: 'tumbling', every: minute },
      inputs: {
        left: [
          { time: 0, order: 1, amount: 30 },
          { time: minute, order: 1, amount: 40 },
        ],
        right: [{ time: minute - 1, order: 1, by: 'card' }],
      },
      inputSchemas: { left: orders, right: payments },
      outputs: { rows: [{ window_start: 0, window_end: minute, time: 0, order: 1, amount: 30, time_right: minute - 1, by: 'card' }] },
    },
    {
      title: 'A session of both inputs',
      params: { keys: [{ left: 'order', right: 'order' }], match: 'session', gap: minute },
      inputs: {
        left: [
          { time: 0, order: 1, amount: 30 },
          { time: 90 * second, order: 1, amount: 40 },
        ],
        right: [{ time: 45 * second, order: 1, by: 'card' }],
      },
      inputSchemas: { left: orders, right: payments },
      outputs: {
        rows: [
          { window_start: 0, window_end: 150 * second, time: 0, order: 1, amount: 30, time_right: 45 * second, by: 'card' },
          { window_start: 0, window_end: 150 * second, time: 90 * second, order: 1, amount: 40, time_right: 45 * second, by: 'card' },
        ],
      },
    },
    {
      title: 'Keys of different types are reported',
      params: { keys: [{ left: 'order', right: 'by' }] },
      inputs: { left: [], right: [] },
      inputSchemas: { left: orders, right: payments },
      failures: ['"order" is integer but "by" is string, so they never match'],
    },
  ],
});

function stampsOf({ match, time }: Params): string[] {
  return match === 'range' ? [time || 'event_time'] : ['window_start', 'window_end'];
}

function matchOf({ match, before, after, length, every, offset, gap }: Params): TimeMatch {
  switch (match) {
    case 'range':
      return { kind: 'range', before, after };
    case 'tumbling':
      return { kind: 'windows', length: every, every, offset };
    case 'sliding':
      return { kind: 'windows', length, every, offset };
    case 'session':
      return { kind: 'sessions', gap };
  }
}

function columnsOf(params: Params, left: Schema, right: Schema): JoinedColumn[] {
  if (suffixProblems(params.suffix).length > 0) return [];
  return joinedColumns(params.kind, params.keys, params.suffix, left, right, stampsOf(params));
}

function timeOf(chosen: string | null, { eventTime }: Schema): CoGroupOp['times']['left'] {
  if (chosen && chosen !== eventTime?.column) return { column: chosen, shift: 0 };
  return { column: eventTime?.column ?? '', shift: eventTime?.shift ?? 0 };
}

function timeProblems(side: 'left' | 'right', chosen: string | null, schema: Schema): NodeProblem[] {
  const field = `${side}Time`;
  if (!chosen && !schema.eventTime) {
    const hint = 'Choose the event time at its source, or for rows that end the column of their time here, under "More".';
    return [{ code: 'stream-join/no-time', severity: 'error', message: `The ${side} rows have no event time`, hint, field }];
  }
  if (!chosen || !schema.eventTime || schema.eventTime.column === chosen) return [];
  const message = `The ${side} rows are matched by "${chosen}", but their event time is "${schema.eventTime.column}"`;
  const hint = 'Rows may come out as unmatched, or count as late, before their partners come. Leave the column empty to match by the event time.';
  return [{ code: 'stream-join/other-time', severity: 'warning', message, hint, field }];
}

/** Beyond this a row is in so many windows that it must be a mistake. */
const mostWindows = 10_000;

function windowProblems({ match, length, every }: Params): NodeProblem[] {
  if (match !== 'sliding') return [];
  const severity = 'error';
  const field = 'every';
  if (every > length) {
    const message = 'Windows begin further apart than they are long, so rows between them would belong to none';
    return [{ code: 'stream-join/window-gaps', severity, message, hint: 'Make the windows longer, or begin them more often.', field }];
  }
  if (length / every <= mostWindows) return [];
  const message = `Each row would be in ${Math.ceil(length / every)} windows`;
  return [{ code: 'stream-join/many-windows', severity, message, hint: `Begin windows less often: at most ${mostWindows} may overlap.`, field }];
}
