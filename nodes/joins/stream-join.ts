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
Joins two streams of which neither is ever complete: orders with their payments, requests with their answers. Rows match where all pairs of key columns are equal and their times go together. To add columns from a table to a stream, use "Join".

Which times go together:

- **Within a range**: the right row's time is at most so much before or after the left one's. Both ends count: with 5 minutes, a row exactly 5 minutes later matches. A pair comes out as soon as both of its rows are there.
- **Tumbling windows**: both rows are in the same stretch of time. Windows are aligned to 1970-01-01T00:00Z and hold their start but not their end.
- **Sliding windows**: the same with windows that overlap. A pair comes out once for each window that both rows are in.
- **Sessions**: rows of one key, of both inputs, that follow each other by less than the *Gap* are one session, and all left rows in it match all right ones.

Pairs of windows come out when the watermark passes the window's end, those of a session when it is over. A row without a match is left out (**inner**), or kept with nulls for the other side (**left**, **right**, **outer**); it comes out once no partner can come any more, from windows once for each window without a partner.

**Null matches nothing**, not even null: such a row comes out at once where rows without a match are kept. A row without a time fails.

### Columns

A pair of key columns comes out once, under the name of the left one; where there is no left row, with the right row's value. The other columns of both sides follow. Where a name is taken already, the right side's column gets the suffix, and one of the left side \`_left\`.

- A range adds the column \`event_time\` first: the later one of the two times, since a pair cannot be known before both of its rows have happened. It is the event time of what comes out.
- Windows add \`window_start\` and \`window_end\` first. The event time is the last millisecond of the window, as it is for aggregates.

### Late rows and memory

Each row is kept, on disk where all of them outgrow memory, until the watermark says that no partner can come any more: for a range its length, for windows the rest of the window, and the time to *Wait for late rows*. On disk a row costs many times what it costs in memory, so keep ranges and windows as short as they may be. The watermark is the smaller one of both inputs, so rows of one side are kept for as long as the other one lags behind; an idle input holds nothing back.

A row that comes later than that does not count any more. It goes to \`lateLeft\` or \`lateRight\` as it is, and is counted. For a range that is a row whose time the watermark has passed, for a window one whose window is over. In windows, pairs with a late row that is still allowed come out at once; sessions wait for late rows as well, since a late row may make them longer.

What follows this node sees time pass later, by the time to *Wait for late rows* and, where rows without a match are kept, by the range's length: such a row comes out with its own time, after others that are newer.

An input without event time (see the settings of its source) is complete only when it ends: rows without a match then wait until the end. Choose the column of its time under "More"; of a date, that is its midnight in UTC.
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

/** Beyond this a row is in so many windows that nobody can have meant it. */
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
