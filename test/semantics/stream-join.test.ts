/** Joins of two streams: what comes out, and when. */
import { describe, expect, it } from 'vitest';
import { beginningOfTime } from '../../model/schema/event-time.ts';
import streamJoin from '../../nodes/joins/stream-join.ts';
import { schema } from '../transform-trial.ts';
import { end, idle, playStream, restart, rowsTo, streamTable, timed, watermark } from './stream.ts';
import { inputs, inWindow, keys, l, left, pair, r, right } from './stream-join-rows.ts';

const range = { keys, before: 10, after: 20 };

describe('within a range', () => {
  streamTable(streamJoin, [
    {
      name: 'pairs come out with their second row, both ends of the range count, and a row has as many partners as there are',
      params: range,
      inputs,
      events: [
        rowsTo('left', l(100, 'x', 1)),
        rowsTo('right', r(89, 'x', 1), r(90, 'x', 2)),
        rowsTo('right', r(120, 'x', 3), r(121, 'x', 4)),
        rowsTo('left', l(111, 'x', 2)),
      ],
      expect: [
        { after: 1, rows: [pair(l(100, 'x', 1), r(90, 'x', 2))] },
        { after: 2, rows: [pair(l(100, 'x', 1), r(120, 'x', 3))] },
        { after: 3, rows: [pair(l(111, 'x', 2), r(120, 'x', 3)), pair(l(111, 'x', 2), r(121, 'x', 4))] },
      ],
    },
    {
      name: 'other keys and null do not match',
      params: range,
      inputs,
      events: [rowsTo('left', l(100, 'x'), l(100, null)), rowsTo('right', r(100, 'y'), r(100, null))],
      expect: [],
    },
    {
      name: 'a left join tells of no match when the watermark has passed the end of the range, not before',
      params: { ...range, kind: 'left' },
      inputs,
      events: [
        rowsTo('left', l(100, 'x'), l(90, 'y')),
        watermark(109),
        watermark(110),
        rowsTo('right', r(111, 'x'), r(111, 'y')),
        watermark(119),
        watermark(120),
      ],
      expect: [
        { after: 2, rows: [pair(l(90, 'y'), null)] },
        { after: 3, rows: [pair(l(100, 'x'), r(111, 'x'))] },
      ],
    },
    {
      name: 'a right join tells of no match when the watermark has passed the start of the range',
      params: { ...range, kind: 'right' },
      inputs,
      events: [rowsTo('right', r(100, 'x')), rowsTo('left', l(79, 'x')), watermark(109), watermark(110)],
      expect: [{ after: 3, rows: [pair(null, r(100, 'x'))] }],
    },
    {
      name: 'a full outer join keeps both sides, in the order of time, and rows without a key at once',
      params: { ...range, kind: 'outer' },
      inputs,
      events: [rowsTo('left', l(100, 'x'), l(3, null)), rowsTo('right', r(95, 'y'), r(2, null)), watermark(200)],
      expect: [
        { after: 0, rows: [pair(l(3, null), null)] },
        { after: 1, rows: [pair(null, r(2, null))] },
        { after: 2, rows: [pair(null, r(95, 'y')), pair(l(100, 'x'), null)] },
      ],
    },
    {
      name: 'what the watermark has passed is late, each side at a port of its own, and matches nothing',
      params: { ...range, kind: 'outer' },
      inputs,
      events: [rowsTo('left', l(100, 'x')), watermark(100), rowsTo('right', r(100, 'x'), r(101, 'x', 1)), rowsTo('left', l(99, 'x'))],
      expect: [
        { after: 2, rows: [pair(l(100, 'x'), r(101, 'x', 1))] },
        { after: 2, port: 'lateRight', rows: [r(100, 'x')] },
        { after: 3, port: 'lateLeft', rows: [l(99, 'x')] },
      ],
    },
    {
      name: 'late rows that are allowed still match, and rows without a match wait for them',
      params: { ...range, kind: 'left', lateness: 50 },
      inputs,
      events: [rowsTo('left', l(100, 'x'), l(100, 'y')), watermark(149), rowsTo('right', r(100, 'x'), r(99, 'y')), watermark(169), watermark(170)],
      expect: [
        { after: 2, rows: [pair(l(100, 'x'), r(100, 'x'))] },
        { after: 2, port: 'lateRight', rows: [r(99, 'y')] },
        { after: 4, rows: [pair(l(100, 'y'), null)] },
      ],
    },
    {
      name: 'a row without a time fails, and the others go on',
      params: range,
      inputs,
      events: [rowsTo('left', l(null, 'x'), l(100, 'x')), rowsTo('right', r(100, 'x'))],
      expect: [{ after: 1, rows: [pair(l(100, 'x'), r(100, 'x'))] }],
      failures: ['The row has no time: "time" is null'],
    },
    {
      name: 'an input that ends early leaves time to the other one',
      params: { ...range, kind: 'outer' },
      inputs,
      events: [
        rowsTo('left', l(100, 'x')),
        end('left'),
        watermark(119),
        rowsTo('right', r(120, 'x')),
        watermark(130),
        rowsTo('right', r(200, 'x')),
        watermark(209),
      ],
      expect: [
        { after: 3, rows: [pair(l(100, 'x'), r(120, 'x'))] },
        { after: 'end', rows: [pair(null, r(200, 'x'))] },
      ],
    },
    {
      name: 'inputs without event time are matched by the columns chosen, and are complete at their end',
      params: { ...range, kind: 'left', leftTime: 'time', rightTime: 'time' },
      inputs: { left: { columns: left.columns }, right: { columns: right.columns } },
      events: [rowsTo('left', l(900, 'x'), l(100, 'x')), rowsTo('right', r(100, 'x')), end('right')],
      expect: [
        { after: 1, rows: [pair(l(100, 'x'), r(100, 'x'))] },
        { after: 'end', rows: [pair(l(900, 'x'), null)] },
      ],
    },
  ]);

  it('frees what no row to come can match, and hands on no watermark that rows without a match would be behind', () => {
    const events = [
      rowsTo('left', l(100, 'x'), l(105, 'x'), l(101, 'y')),
      rowsTo('right', r(100, 'x')),
      watermark(109),
      watermark(110),
      watermark(120),
      watermark(125),
    ];
    const inner = playStream(streamJoin, { params: range, inputs, events });
    expect(inner.stateSizes.map((size) => size?.entries)).toEqual([3, 4, 4, 3, 2, 0]);
    expect(inner.watermarks).toEqual([beginningOfTime, beginningOfTime, 109, 110, 120, 125]);
    const outer = playStream(streamJoin, { params: { ...range, kind: 'outer', lateness: 5 }, inputs, events });
    expect(outer.watermarks.slice(2)).toEqual([84, 85, 95, 100]);
  });

  it('does not wait for an idle side, whose rows are late where it comes back behind the others', () => {
    const events = [
      rowsTo('left', l(100, 'x'), l(200, 'y')),
      watermark(150, 'left'),
      idle('right'),
      idle('right', false),
      rowsTo('right', r(140, 'y', 1), r(200, 'y', 2)),
      watermark(220, 'right'),
      watermark(300, 'left'),
    ];
    const { emitted, watermarks } = playStream(streamJoin, { params: { ...range, kind: 'left' }, inputs, events });
    expect(emitted).toEqual([
      { event: 2, port: 'rows', rows: [pair(l(100, 'x'), null)] },
      { event: 4, port: 'rows', rows: [pair(l(200, 'y'), r(200, 'y', 2))] },
      { event: 4, port: 'lateRight', rows: [r(140, 'y', 1)] },
    ]);
    expect(watermarks.slice(2)).toEqual([130, 130, 130, 130, 200]);
  });

  it('frees nothing while one side lags behind', () => {
    const events = [rowsTo('left', l(100, 'x')), watermark(1000, 'left'), watermark(500, 'right')];
    const { stateSizes } = playStream(streamJoin, { params: range, inputs, events });
    expect(stateSizes.map((size) => size?.entries)).toEqual([1, 1, 0]);
  });
});

describe('in windows', () => {
  const tumbling = { keys, match: 'tumbling', every: 10 };
  streamTable(streamJoin, [
    {
      name: 'tumbling: rows of one window match when the watermark has reached its last millisecond',
      params: tumbling,
      inputs,
      events: [
        rowsTo('left', l(0, 'x', 1), l(9, 'x', 2), l(10, 'x', 3), l(0, null)),
        rowsTo('right', r(9, 'x', 1), r(10, 'x', 2), r(9, null)),
        watermark(8),
        watermark(9),
        watermark(19),
      ],
      expect: [
        { after: 3, rows: [inWindow(0, 10, l(0, 'x', 1), r(9, 'x', 1)), inWindow(0, 10, l(9, 'x', 2), r(9, 'x', 1))] },
        { after: 4, rows: [inWindow(10, 20, l(10, 'x', 3), r(10, 'x', 2))] },
      ],
    },
    {
      name: 'tumbling: rows without a match come out once their window is over, windows in their order',
      params: { ...tumbling, kind: 'outer' },
      inputs,
      events: [rowsTo('right', r(12, 'x')), rowsTo('left', l(3, 'x'), l(-1, 'x'), l(4, 'y')), watermark(30)],
      expect: [
        {
          after: 2,
          rows: [inWindow(-10, 0, l(-1, 'x'), null), inWindow(0, 10, l(3, 'x'), null), inWindow(0, 10, l(4, 'y'), null), inWindow(10, 20, null, r(12, 'x'))],
        },
      ],
    },
    {
      name: 'tumbling: a right join keeps the right rows only',
      params: { ...tumbling, kind: 'right' },
      inputs,
      events: [rowsTo('right', r(12, 'x'), r(1, null)), rowsTo('left', l(3, 'x'), l(3, null)), watermark(30)],
      expect: [
        { after: 0, rows: [inWindow(0, 10, null, r(1, null))] },
        { after: 2, rows: [inWindow(10, 20, null, r(12, 'x'))] },
      ],
    },
    {
      name: 'tumbling: late rows that are allowed match at once, and what is without a match waits for them; later ones are late',
      params: { ...tumbling, kind: 'left', lateness: 5 },
      inputs,
      events: [
        rowsTo('left', l(1, 'x'), l(2, 'y')),
        watermark(9),
        rowsTo('right', r(3, 'x')),
        watermark(13),
        rowsTo('left', l(4, 'x', 7)),
        watermark(14),
        rowsTo('right', r(9, 'y'), r(10, 'y')),
      ],
      expect: [
        { after: 2, rows: [inWindow(0, 10, l(1, 'x'), r(3, 'x'))] },
        { after: 4, rows: [inWindow(0, 10, l(4, 'x', 7), r(3, 'x'))] },
        { after: 5, rows: [inWindow(0, 10, l(2, 'y'), null)] },
        { after: 6, port: 'lateRight', rows: [r(9, 'y')] },
      ],
    },
    {
      name: 'sliding: a pair comes out for each window that both rows are in, and a row alone for each that no partner is in',
      params: { keys, match: 'sliding', length: 20, every: 10, kind: 'left' },
      inputs,
      events: [rowsTo('left', l(15, 'x')), rowsTo('right', r(25, 'x')), watermark(19), watermark(29)],
      expect: [
        { after: 2, rows: [inWindow(0, 20, l(15, 'x'), null)] },
        { after: 3, rows: [inWindow(10, 30, l(15, 'x'), r(25, 'x'))] },
      ],
    },
    {
      name: 'sliding: a row of which one window is over counts for the others',
      params: { keys, match: 'sliding', length: 20, every: 10 },
      inputs,
      events: [watermark(19), rowsTo('left', l(15, 'x'), l(9, 'x')), rowsTo('right', r(12, 'x')), watermark(29)],
      expect: [
        { after: 1, port: 'lateLeft', rows: [l(9, 'x')] },
        { after: 3, rows: [inWindow(10, 30, l(15, 'x'), r(12, 'x'))] },
      ],
    },
    {
      name: 'sessions: both inputs make them longer, and one row may connect two',
      params: { keys, match: 'session', gap: 10 },
      inputs,
      events: [
        rowsTo('left', l(0, 'x', 1), l(15, 'x', 2)),
        rowsTo('right', r(30, 'x', 1)),
        rowsTo('right', r(8, 'x', 2)),
        watermark(23),
        watermark(24),
        watermark(50),
      ],
      expect: [{ after: 4, rows: [inWindow(0, 25, l(0, 'x', 1), r(8, 'x', 2)), inWindow(0, 25, l(15, 'x', 2), r(8, 'x', 2))] }],
    },
    {
      name: 'sessions: a pause of exactly the gap ends them, and rows without a match come out with their session',
      params: { keys, match: 'session', gap: 10, kind: 'outer' },
      inputs,
      events: [rowsTo('left', l(0, 'x'), l(3, null)), rowsTo('right', r(10, 'x')), watermark(9), watermark(19)],
      expect: [
        { after: 0, rows: [inWindow(3, 13, l(3, null), null)] },
        { after: 2, rows: [inWindow(0, 10, l(0, 'x'), null)] },
        { after: 3, rows: [inWindow(10, 20, null, r(10, 'x'))] },
      ],
    },
    {
      name: 'sessions: they wait for late rows that are allowed',
      params: { keys, match: 'session', gap: 10, lateness: 5 },
      inputs,
      events: [
        rowsTo('left', l(0, 'x')),
        watermark(13),
        rowsTo('right', r(5, 'x'), r(3, 'x')),
        watermark(19),
        rowsTo('right', r(5, 'x'), r(6, 'x')),
        rowsTo('left', l(7, 'x')),
      ],
      expect: [
        { after: 3, rows: [inWindow(0, 15, l(0, 'x'), r(5, 'x')), inWindow(0, 15, l(0, 'x'), r(3, 'x'))] },
        { after: 4, port: 'lateRight', rows: [r(5, 'x')] },
        { after: 'end', rows: [inWindow(6, 17, l(7, 'x'), r(6, 'x'))] },
      ],
    },
    {
      name: 'bad windows and missing times are told',
      params: { keys, match: 'sliding', length: 10, every: 20 },
      inputs: { left, right: { columns: right.columns } },
      events: [],
      expect: [],
      problems: ['Windows begin further apart than they are long', 'The right rows have no event time'],
    },
    {
      name: 'what one watermark completes comes out in the order of the windows, with and without a match',
      params: { ...tumbling, kind: 'outer' },
      inputs,
      events: [rowsTo('left', l(12, 'x'), l(2, 'x')), rowsTo('right', r(13, 'x'), r(25, 'x')), watermark(30)],
      expect: [{ after: 2, rows: [inWindow(0, 10, l(2, 'x'), null), inWindow(10, 20, l(12, 'x'), r(13, 'x')), inWindow(20, 30, null, r(25, 'x'))] }],
    },
  ]);

  it('frees windows and sessions that are over', () => {
    const events = [rowsTo('left', l(0, 'x'), l(5, 'y')), rowsTo('right', r(3, 'x')), watermark(9), watermark(14), watermark(19)];
    const entries = (params: object) => playStream(streamJoin, { params: { keys, ...params }, inputs, events }).stateSizes.map((size) => size?.entries);
    expect(entries({ match: 'tumbling', every: 10 })).toEqual([2, 3, 0, 0, 0]);
    expect(entries({ match: 'sliding', length: 10, every: 5 })).toEqual([4, 6, 1, 0, 0]);
    expect(entries({ match: 'session', gap: 10 })).toEqual([2, 3, 3, 0, 0]);
  });
});

it('tells of columns: one for a pair of keys, suffixes where names clash, null where a side may be missing', () => {
  const of = (params: object, given = inputs) => playStream(streamJoin, { params: { keys, ...params }, inputs: given, events: [] }).schemas;
  expect(of({ kind: 'outer' })['rows']).toEqual({
    ...schema({ event_time: 'timestamp', time: 'timestamp?', key: 'string?', a: 'integer?', time_right: 'timestamp?', b: 'integer?' }),
    eventTime: { column: 'event_time' },
  });
  const windowed = timed(schema({ window_end: 'timestamp', key: 'integer', time: 'number' }), 'window_end');
  const other = timed(schema({ key: 'number', window_end: 'timestamp' }), 'window_end');
  expect(of({ kind: 'right', match: 'tumbling', suffix: '2' }, { left: windowed, right: other })['rows']).toEqual({
    ...schema({ window_start: 'timestamp', window_end: 'timestamp', window_end_left: 'timestamp?', key: 'number', time: 'number?', window_end2: 'timestamp' }),
    eventTime: { column: 'window_end', shift: -1 },
  });
  expect(of({})['lateRight']).toEqual(right);
});

it('a restart between the first and the second row of a pair loses nothing', () => {
  const { emitted } = playStream(streamJoin, {
    params: { ...range, kind: 'left' },
    inputs,
    events: [rowsTo('left', l(100, 'x')), restart, rowsTo('right', r(101, 'x')), restart, watermark(500)],
  });
  expect(emitted).toEqual([{ event: 2, port: 'rows', rows: [pair(l(100, 'x'), r(101, 'x'))] }]);
});
