/** What an aggregate's windows hold, and when they come out. */
import type { Row } from '../../model/values/types.ts';
import aggregate from '../../nodes/aggregates/aggregate.ts';
import { schema } from '../transform-trial.ts';
import { at, restart, rows, type StreamCase, streamTable, tick, timed, watermark } from './stream.ts';

const columns = schema({ time: 'timestamp', sensor: 'string', level: 'integer?' });
const readings = timed(columns, 'time');
const read = (time: string, level: number | null = 1, sensor = 'a'): Row => ({ time: at(time), sensor, level });
const minute = 60_000;

const count = { function: 'count' };
const sum = { function: 'sum', column: 'level', name: 'sum' };
const tumbling = { window: 'tumbling', every: minute, groupBy: ['sensor'], aggregations: [count] };
const sliding = { window: 'sliding', length: 3 * minute, every: minute, groupBy: ['sensor'], aggregations: [sum] };
const session = { window: 'session', gap: minute, groupBy: ['sensor'], aggregations: [count] };

/** `of('00:00', '00:01', { count: 2 })`: a result of the window from the one to the other. */
const of = (start: string, end: string, rest: Row): Row => ({
  window_start: at(start),
  window_end: at(end),
  ...('sensor' in rest ? {} : { sensor: 'a' }),
  ...rest,
});
const told = (start: string, end: string, pane: string, rest: Row): Row => ({ window_start: at(start), window_end: at(end), pane, sensor: 'a', ...rest });
const table = (cases: readonly (Omit<StreamCase, 'inputs'> & Partial<Pick<StreamCase, 'inputs'>>)[]) =>
  streamTable(
    aggregate,
    cases.map((each) => ({ inputs: { rows: readings }, ...each })),
  );

const empty = { ...tumbling, aggregations: [count, sum], emptyWindows: true };
table([
  {
    name: 'windows without rows come out on time, for each group from its first one on, up to the last one that has rows',
    params: empty,
    events: [rows(read('00:00'), read('00:03', 2, 'b')), watermark('00:03'), rows(read('00:04', 5)), watermark('00:05'), watermark('00:05:59.999')],
    expect: [
      { after: 1, rows: [of('00:00', '00:01', { count: 1, sum: 1 }), of('00:01', '00:02', { count: 0, sum: 0 }), of('00:02', '00:03', { count: 0, sum: 0 })] },
      {
        after: 3,
        rows: [
          of('00:03', '00:04', { sensor: 'b', count: 1, sum: 2 }),
          of('00:03', '00:04', { count: 0, sum: 0 }),
          of('00:04', '00:05', { count: 1, sum: 5 }),
          of('00:04', '00:05', { sensor: 'b', count: 0, sum: 0 }),
        ],
      },
      { after: 4, rows: [of('00:05', '00:06', { count: 0, sum: 0 }), of('00:05', '00:06', { sensor: 'b', count: 0, sum: 0 })] },
    ],
  },
  {
    name: 'a late row may give a group windows that were complete before; what replaces an empty window says so',
    params: { ...empty, aggregations: [count], lateness: 10 * minute },
    events: [rows(read('00:00')), watermark('00:02'), rows(read('00:00', 1, 'b'), read('00:01'))],
    expect: [
      { after: 1, rows: [told('00:00', '00:01', 'on-time', { count: 1 }), told('00:01', '00:02', 'on-time', { count: 0 })] },
      {
        after: 2,
        rows: [
          told('00:00', '00:01', 'late', { sensor: 'b', count: 1 }),
          told('00:01', '00:02', 'late', { sensor: 'b', count: 0 }),
          told('00:01', '00:02', 'late', { count: 1 }),
        ],
      },
    ],
  },
  {
    name: 'years without a row are taken for a wrong time',
    params: { ...empty, groupBy: [] },
    events: [rows(read('00:00'), { ...read('00:00'), time: 100_002 * minute })],
    expect: [
      {
        after: 'end',
        rows: [
          { window_start: 0, window_end: minute, count: 1, sum: 1 },
          { window_start: 100_002 * minute, window_end: 100_003 * minute, count: 1, sum: 1 },
        ],
      },
    ],
    failures: ['more than 100,000 windows without rows between 1970-01-01T00:01:00.000Z and 1970-03-11'],
  },
]);

table([
  {
    name: 'a tumbling window fires once the watermark has passed its last millisecond, not before',
    params: tumbling,
    events: [rows(read('00:00'), read('00:00:59.999')), watermark(minute - 2), watermark(minute - 1), watermark(5 * minute)],
    expect: [{ after: 2, rows: [of('00:00', '00:01', { count: 2 })] }],
  },
  {
    name: 'a row exactly at the end belongs to the next window',
    params: tumbling,
    events: [rows(read('00:00:59.999'), read('00:01')), watermark('00:01'), watermark('00:01:59.999')],
    expect: [
      { after: 1, rows: [of('00:00', '00:01', { count: 1 })] },
      { after: 2, rows: [of('00:01', '00:02', { count: 1 })] },
    ],
  },
  {
    name: 'a session that has become part of another one is not looked at again, also where its end was the last millisecond of 1969',
    params: { ...session, gap: 15 },
    events: [rows({ ...read('00:00'), time: -15 }, { ...read('00:00'), time: -30 }), rows({ ...read('00:00'), time: -20 }), watermark(minute)],
    expect: [{ after: 2, rows: [{ window_start: -30, window_end: 0, sensor: 'a', count: 3 }] }],
  },
  {
    name: 'windows leave in the order of their ends, groups in the order in which they came; empty windows do not come out',
    params: tumbling,
    events: [rows(read('00:05', 1, 'b'), read('00:01', 1, 'b'), read('00:01', 1, 'a'), read('00:05', 1, 'a')), watermark('00:07')],
    expect: [
      {
        after: 1,
        rows: [
          of('00:01', '00:02', { sensor: 'b', count: 1 }),
          of('00:01', '00:02', { sensor: 'a', count: 1 }),
          of('00:05', '00:06', { sensor: 'b', count: 1 }),
          of('00:05', '00:06', { sensor: 'a', count: 1 }),
        ],
      },
    ],
  },
  {
    name: 'what is not complete comes out at the end',
    params: tumbling,
    events: [rows(read('00:00')), watermark('00:00:30')],
    expect: [{ after: 'end', rows: [of('00:00', '00:01', { count: 1 })] }],
  },
  {
    name: 'windows of days can begin at another hour, also before 1970',
    params: { ...tumbling, every: 1440 * minute, offset: 360 * minute },
    events: [rows(read('05:59'), read('06:00')), watermark('06:00')],
    expect: [
      { after: 1, rows: [of('-18:00', '06:00', { count: 1 })] },
      { after: 'end', rows: [of('06:00', '30:00', { count: 1 })] },
    ],
  },
  {
    name: 'a row for a window that is gone leaves by the port for late ones, unchanged',
    params: tumbling,
    events: [rows(read('00:00')), watermark('00:01'), rows(read('00:00:59.999', 7), read('00:01:00', 8)), watermark('00:02')],
    expect: [
      { after: 1, rows: [of('00:00', '00:01', { count: 1 })] },
      { after: 2, port: 'late', rows: [read('00:00:59.999', 7)] },
      { after: 3, rows: [of('00:01', '00:02', { count: 1 })] },
    ],
  },
  {
    name: 'a row behind the watermark whose window is open still is in time',
    params: tumbling,
    events: [watermark('00:00:40'), rows(read('00:00:10')), watermark('00:01')],
    expect: [{ after: 2, rows: [of('00:00', '00:01', { count: 1 })] }],
  },
  {
    name: 'late rows within the allowed time refine a result once a batch; from then on they are late',
    params: { ...tumbling, lateness: minute },
    events: [
      rows(read('00:00')),
      watermark('00:01'),
      rows(read('00:00:10'), read('00:00:20'), read('00:00:30', 1, 'b')),
      watermark(2 * minute - 2),
      rows(read('00:00:40')),
      watermark(2 * minute - 1),
      rows(read('00:00:50')),
    ],
    expect: [
      { after: 1, rows: [told('00:00', '00:01', 'on-time', { count: 1 })] },
      { after: 2, rows: [told('00:00', '00:01', 'late', { count: 3 }), told('00:00', '00:01', 'late', { sensor: 'b', count: 1 })] },
      { after: 4, rows: [told('00:00', '00:01', 'late', { count: 4 })] },
      { after: 6, port: 'late', rows: [read('00:00:50')] },
    ],
  },
  {
    name: 'early results tell of what has changed, so often and no oftener',
    params: { ...tumbling, early: 1000 },
    events: [
      tick(0),
      rows(read('00:00'), read('00:01', 1, 'b')),
      tick(999),
      tick(1000),
      tick(2000),
      rows(read('00:00')),
      tick(3500),
      watermark('00:01'),
      tick(9000),
    ],
    expect: [
      { after: 3, rows: [told('00:00', '00:01', 'early', { count: 1 }), told('00:01', '00:02', 'early', { sensor: 'b', count: 1 })] },
      { after: 6, rows: [told('00:00', '00:01', 'early', { count: 2 })] },
      { after: 7, rows: [told('00:00', '00:01', 'on-time', { count: 2 })] },
      { after: 'end', rows: [told('00:01', '00:02', 'on-time', { sensor: 'b', count: 1 })] },
    ],
  },
  {
    name: 'without groups there is one row for each window with rows, and none where there are none',
    params: { ...tumbling, groupBy: [] },
    events: [rows(read('00:00', 1, 'a'), read('00:00', 1, 'b'), read('00:03')), watermark('00:02')],
    expect: [
      { after: 1, rows: [{ window_start: 0, window_end: minute, count: 2 }] },
      { after: 'end', rows: [{ window_start: 3 * minute, window_end: 4 * minute, count: 1 }] },
    ],
  },
  {
    name: 'first and last go by event time, several aggregates side by side',
    params: {
      ...tumbling,
      aggregations: ['first', 'last', 'min', 'max', 'average', 'distinctCount', 'percentile'].map((name) => ({
        function: name,
        column: 'level',
        percent: 50,
        name,
      })),
    },
    events: [rows(read('00:00:30', 4), read('00:00:10', 9)), rows(read('00:00:50', 1), read('00:00:40', 4), read('00:00:55', null)), watermark('00:01')],
    expect: [{ after: 2, rows: [of('00:00', '00:01', { first: 9, last: 1, min: 1, max: 9, average: 4.5, distinctCount: 3, percentile: 4 })] }],
  },
  {
    name: 'a row without a time fails, the others count',
    params: tumbling,
    inputs: { rows: timed(schema({ time: 'timestamp?', sensor: 'string', level: 'integer?' }), 'time') },
    events: [rows({ time: null, sensor: 'a', level: 1 }, read('00:00')), restart, watermark('00:01')],
    expect: [{ after: 2, rows: [of('00:00', '00:01', { count: 1 })] }],
    failures: ['no time in column "time"'],
  },
]);

table([
  {
    name: 'a sliding window fires every slide, and a row counts in all windows that hold it',
    params: sliding,
    events: [rows(read('00:00', 1)), watermark('00:01'), rows(read('00:01', 2), read('00:03', 4)), watermark('00:03'), watermark('00:04')],
    expect: [
      { after: 1, rows: [of('-00:02', '00:01', { sum: 1 })] },
      { after: 3, rows: [of('-00:01', '00:02', { sum: 3 }), of('00:00', '00:03', { sum: 3 })] },
      { after: 4, rows: [of('00:01', '00:04', { sum: 6 })] },
      { after: 'end', rows: [of('00:02', '00:05', { sum: 4 }), of('00:03', '00:06', { sum: 4 })] },
    ],
  },
  {
    name: 'a sliding window whose length is no multiple of its slide',
    params: { ...sliding, length: 5 * minute, every: 2 * minute },
    events: [rows(read('00:03', 1), read('00:04', 2))],
    expect: [
      {
        after: 'end',
        rows: [of('00:00', '00:05', { sum: 3 }), of('00:02', '00:07', { sum: 3 }), of('00:04', '00:09', { sum: 2 })],
      },
    ],
  },
  {
    name: 'sets and percentiles of a sliding window are put together from all of its rows',
    params: {
      ...sliding,
      aggregations: ['distinctCount', 'percentile', 'first', 'last'].map((name) => ({ function: name, column: 'level', percent: 50, name })),
    },
    events: [rows(read('00:00', 5), read('00:01', 5), read('00:02', 7), read('00:02:30', 9)), watermark('00:03')],
    expect: [
      {
        after: 1,
        rows: [
          of('-00:02', '00:01', { distinctCount: 1, percentile: 5, first: 5, last: 5 }),
          of('-00:01', '00:02', { distinctCount: 1, percentile: 5, first: 5, last: 5 }),
          of('00:00', '00:03', { distinctCount: 3, percentile: 6, first: 5, last: 9 }),
        ],
      },
      {
        after: 'end',
        rows: [
          of('00:01', '00:04', { distinctCount: 3, percentile: 7, first: 5, last: 9 }),
          of('00:02', '00:05', { distinctCount: 2, percentile: 8, first: 7, last: 9 }),
        ],
      },
    ],
  },
  {
    name: 'a row is late once all sliding windows that hold it are gone; until then it counts in those that are not',
    params: sliding,
    events: [rows(read('00:02', 1)), watermark('00:03'), rows(read('00:00', 10), read('00:02', 20))],
    expect: [
      { after: 1, rows: [of('00:00', '00:03', { sum: 1 })] },
      { after: 2, port: 'late', rows: [read('00:00', 10)] },
      { after: 'end', rows: [of('00:01', '00:04', { sum: 21 }), of('00:02', '00:05', { sum: 21 })] },
    ],
  },
  {
    name: 'a late row refines those sliding windows that have fired and are not gone',
    params: { ...sliding, lateness: minute },
    events: [rows(read('00:02', 1)), watermark('00:03:30'), rows(read('00:00', 10), read('00:02', 20)), watermark('00:04')],
    expect: [
      { after: 1, rows: [told('00:00', '00:03', 'on-time', { sum: 1 })] },
      { after: 2, rows: [told('00:00', '00:03', 'late', { sum: 31 })] },
      { after: 3, rows: [told('00:01', '00:04', 'on-time', { sum: 21 })] },
      { after: 'end', rows: [told('00:02', '00:05', 'on-time', { sum: 21 })] },
    ],
  },
  {
    name: 'early results of sliding windows',
    params: { ...sliding, length: 2 * minute, early: 1000 },
    events: [tick(0), rows(read('00:01', 1)), watermark('00:01:30'), tick(1000), tick(2000)],
    expect: [
      { after: 3, rows: [told('00:00', '00:02', 'early', { sum: 1 }), told('00:01', '00:03', 'early', { sum: 1 })] },
      { after: 'end', rows: [told('00:00', '00:02', 'on-time', { sum: 1 }), told('00:01', '00:03', 'on-time', { sum: 1 })] },
    ],
  },
]);

table([
  {
    name: 'a session lasts as long as its rows, and the gap',
    params: session,
    events: [rows(read('00:00'), read('00:00:59.999'), read('00:02')), watermark(2 * minute - 3), watermark(2 * minute - 2)],
    expect: [
      { after: 2, rows: [of('00:00', '00:01:59.999', { count: 2 })] },
      { after: 'end', rows: [of('00:02', '00:03', { count: 1 })] },
    ],
  },
  {
    name: 'a row exactly one gap later begins a session of its own',
    params: session,
    events: [rows(read('00:00'), read('00:01'))],
    expect: [{ after: 'end', rows: [of('00:00', '00:01', { count: 1 }), of('00:01', '00:02', { count: 1 })] }],
  },
  {
    name: 'a row between two sessions makes one of them, in the same batch or later',
    params: { ...session, aggregations: [count, sum, { function: 'distinctCount', column: 'level', name: 'levels' }] },
    events: [rows(read('00:00', 1), read('00:01:30', 2), read('00:00:45', 3)), rows(read('00:03', 4), read('00:02:20', 5)), watermark('00:04')],
    expect: [{ after: 2, rows: [of('00:00', '00:04', { count: 5, sum: 15, levels: 5 })] }],
  },
  {
    name: 'each group has sessions of its own, in the order of their ends',
    params: session,
    events: [rows(read('00:00', 1, 'a'), read('00:00:10', 1, 'b'), read('00:00:50', 1, 'a')), watermark('00:10')],
    expect: [{ after: 1, rows: [of('00:00:10', '00:01:10', { sensor: 'b', count: 1 }), of('00:00', '00:01:50', { sensor: 'a', count: 2 })] }],
  },
  {
    name: 'a late row counts where it is near a session that is not complete, and is late where it is not',
    params: session,
    events: [rows(read('00:01:30')), watermark('00:02'), rows(read('00:00:20'), read('00:00:50')), watermark('00:03')],
    expect: [
      { after: 2, port: 'late', rows: [read('00:00:20')] },
      { after: 3, rows: [of('00:00:50', '00:02:30', { count: 2 })] },
    ],
  },
  {
    name: 'a late row within the allowed time refines its session, makes it longer, or makes one of two',
    params: { ...session, lateness: 10 * minute },
    events: [
      rows(read('00:00'), read('00:01:30')),
      watermark('00:03'),
      rows(read('00:00:10')),
      rows(read('00:00:50')),
      rows(read('00:02:20')),
      watermark('00:03:20'),
      watermark('00:14'),
      rows(read('00:02')),
    ],
    expect: [
      { after: 1, rows: [told('00:00', '00:01', 'on-time', { count: 1 }), told('00:01:30', '00:02:30', 'on-time', { count: 1 })] },
      { after: 2, rows: [told('00:00', '00:01:10', 'late', { count: 2 })] },
      { after: 3, rows: [told('00:00', '00:02:30', 'late', { count: 4 })] },
      { after: 5, rows: [told('00:00', '00:03:20', 'on-time', { count: 5 })] },
      { after: 7, port: 'late', rows: [read('00:02')] },
    ],
  },
  {
    name: 'early results of sessions',
    params: { ...session, early: 1000 },
    events: [tick(0), rows(read('00:00')), tick(1000), rows(read('00:00:30')), tick(2000), tick(3000), watermark('00:02')],
    expect: [
      { after: 2, rows: [told('00:00', '00:01', 'early', { count: 1 })] },
      { after: 4, rows: [told('00:00', '00:01:30', 'early', { count: 2 })] },
      { after: 6, rows: [told('00:00', '00:01:30', 'on-time', { count: 2 })] },
    ],
  },
]);

table([
  {
    name: 'without an event time all windows wait for the end',
    params: { ...tumbling, timeColumn: 'time' },
    inputs: { rows: columns },
    events: [rows(read('00:05')), rows(read('00:00'))],
    expect: [{ after: 'end', rows: [of('00:00', '00:01', { count: 1 }), of('00:05', '00:06', { count: 1 })] }],
  },
  {
    name: 'over a column that is not the event time they do too, and it is said',
    params: { ...tumbling, timeColumn: 'other' },
    inputs: { rows: timed(schema({ time: 'timestamp', sensor: 'string', other: 'timestamp' }), 'time') },
    events: [rows({ time: at('01:00'), sensor: 'a', other: 0 }), watermark('02:00'), rows({ time: at('02:00'), sensor: 'a', other: 5 })],
    expect: [{ after: 'end', rows: [of('00:00', '00:01', { count: 2 })] }],
    problems: ['it is not known when a window over "other" is complete'],
  },
  {
    name: 'the event time by name is the event time',
    params: { ...tumbling, timeColumn: 'time' },
    events: [rows(read('00:00')), watermark('00:01')],
    expect: [{ after: 1, rows: [of('00:00', '00:01', { count: 1 })] }],
  },
  {
    name: 'windows of windows: the event time of a window is its last millisecond',
    params: { window: 'tumbling', every: 2 * minute, aggregations: [count] },
    inputs: { rows: { ...schema({ window_start: 'timestamp', window_end: 'timestamp' }), eventTime: { column: 'window_end', shift: -1 } } },
    events: [
      rows({ window_start: 0, window_end: minute }, { window_start: minute, window_end: 2 * minute }),
      watermark(2 * minute - 2),
      watermark(2 * minute - 1),
    ],
    expect: [{ after: 2, rows: [{ window_start: 0, window_end: 2 * minute, count: 2 }] }],
  },
  {
    name: 'without any time there is nothing to go by',
    params: tumbling,
    inputs: { rows: columns },
    events: [],
    expect: [],
    problems: ['The rows have no event time'],
  },
  {
    name: 'sliding windows without overlap would leave rows out',
    params: { ...sliding, length: minute, every: 2 * minute },
    events: [],
    expect: [],
    problems: ['Rows between two windows would be left out'],
  },
]);
