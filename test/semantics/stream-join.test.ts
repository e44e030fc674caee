/** Joins of two streams: what comes out, when, and that it does not depend on how rows arrive. */
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginningOfTime } from '../../engine/schema/event-time.ts';
import type { Row } from '../../engine/schema/types.ts';
import streamJoin from '../../nodes/transforms/stream-join.ts';
import { schema } from '../transform-trial.ts';
import { type Arrivals, anyArrival, expectSameRows, finalRows } from './properties.ts';
import { end, idle, playStream, restart, rowsTo, streamTable, timed, watermark } from './stream.ts';

const left = timed(schema({ time: 'timestamp?', key: 'string?', a: 'integer' }), 'time');
const right = timed(schema({ time: 'timestamp?', key: 'string?', b: 'integer' }), 'time');
const inputs = { left, right };
const keys = [{ left: 'key', right: 'key' }];
const range = { keys, before: 10, after: 20 };

const l = (time: number | null, key: string | null, a = 0): Row => ({ time, key, a });
const r = (time: number | null, key: string | null, b = 0): Row => ({ time, key, b });
/** As it comes out of a range join: either side may be null. */
function pair(one: Row | null, other: Row | null): Row {
  return {
    event_time: Math.max(...[one, other].flatMap((row) => (row ? [row['time'] as number] : []))),
    time: one?.['time'] ?? null,
    key: one?.['key'] ?? other?.['key'] ?? null,
    a: one?.['a'] ?? null,
    time_right: other?.['time'] ?? null,
    b: other?.['b'] ?? null,
  };
}
function inWindow(start: number, stop: number, one: Row | null, other: Row | null): Row {
  const { event_time: _, ...rest } = pair(one, other);
  return { window_start: start, window_end: stop, ...rest };
}

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
  const tumbling = { keys, match: 'tumbling', length: 10 };
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
    expect(entries({ match: 'tumbling', length: 10 })).toEqual([2, 3, 0, 0, 0]);
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

// ---- Laws

const kinds = ['inner', 'left', 'right', 'outer'] as const;
const text = fc.constantFrom('x', 'y', null);
const value = fc.nat(2);
const someLeft = fc.array(fc.record({ time: fc.nat(60), key: text, a: value }), { maxLength: 14 });
const someRight = fc.array(fc.record({ time: fc.nat(60), key: text, b: value }), { maxLength: 14 });
const arrivals = fc.record({
  inputs: fc.record({ left: someLeft.map((rows) => ({ schema: left, rows })), right: someRight.map((rows) => ({ schema: right, rows })) }),
  disorder: fc.nat(25),
});
const matches = [
  { match: 'range', before: 4, after: 9 },
  { match: 'range', before: 0, after: 0, lateness: 3 },
  { match: 'tumbling', length: 10 },
  { match: 'sliding', length: 15, every: 4, offset: 3, lateness: 6 },
  { match: 'session', gap: 5 },
  { match: 'session', gap: 3, lateness: 8 },
] as const;
type Matching = {
  readonly match: string;
  readonly before?: number;
  readonly after?: number;
  readonly length?: number;
  readonly every?: number;
  readonly offset?: number;
  readonly gap?: number;
};

/** Nested loops over all rows: for each window, or once without any, all pairs that belong together, and what is left over. */
function nestedLoops(kind: (typeof kinds)[number], matching: Matching, { inputs: given }: Arrivals): Row[] {
  const { match, before = 0, after = 0, length = 0, every = length, offset = 0 } = matching;
  const [ones, others] = [given['left']!.rows, given['right']!.rows];
  const time = (row: Row) => row['time'] as number;
  const out: Row[] = [];
  const join = (
    lefts: readonly Row[],
    rights: readonly Row[],
    goTogether: (one: Row, other: Row) => boolean,
    made: (one: Row | null, other: Row | null) => Row,
  ) => {
    const fits = (one: Row, other: Row) => one['key'] !== null && one['key'] === other['key'] && goTogether(one, other);
    for (const one of lefts) for (const other of rights) if (fits(one, other)) out.push(made(one, other));
    if (kind === 'left' || kind === 'outer') for (const one of lefts) if (!rights.some((other) => fits(one, other))) out.push(made(one, null));
    if (kind === 'right' || kind === 'outer') for (const other of rights) if (!lefts.some((one) => fits(one, other))) out.push(made(null, other));
  };
  if (match === 'range') {
    join(ones, others, (one, other) => time(other) >= time(one) - before && time(other) <= time(one) + after, pair);
    return out;
  }
  if (match !== 'session') {
    for (let start = offset - every * 20; start <= 60; start += every) {
      const within = (row: Row) => time(row) >= start && time(row) < start + length;
      join(
        ones.filter(within),
        others.filter(within),
        () => true,
        (one, other) => inWindow(start, start + length, one, other),
      );
    }
    return out;
  }
  const gap = matching.gap!;
  for (const key of ['x', 'y']) {
    const all = [...ones, ...others].filter((row) => row['key'] === key).sort((a, b) => time(a) - time(b));
    for (let i = 0; i < all.length; ) {
      let last = i;
      while (last + 1 < all.length && time(all[last + 1]!) < time(all[last]!) + gap) last++;
      const members = new Set(all.slice(i, last + 1));
      const [start, stop] = [time(all[i]!), time(all[last]!) + gap];
      join(
        ones.filter((row) => members.has(row)),
        others.filter((row) => members.has(row)),
        () => true,
        (one, other) => inWindow(start, stop, one, other),
      );
      i = last + 1;
    }
  }
  const alone = (row: Row, one: Row | null, other: Row | null) => out.push(inWindow(time(row), time(row) + gap, one, other));
  if (kind === 'left' || kind === 'outer') for (const row of ones) if (row['key'] === null) alone(row, row, null);
  if (kind === 'right' || kind === 'outer') for (const row of others) if (row['key'] === null) alone(row, null, row);
  return out;
}

const asText = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(Object.entries(row))).sort();

describe.each(matches.map((matching) => [JSON.stringify(matching), matching] as const))('%s', (_, matching) => {
  it.each(kinds)('%s: equals nested loops, however rows arrive within their bound', (kind) => {
    const params = { keys, kind, ...matching };
    const cases = arrivals.chain((given) => anyArrival(streamJoin, params, given).map((events) => ({ given, events })));
    fc.assert(
      fc.property(cases, ({ given, events }) => {
        const played = playStream(streamJoin, { params, inputs, events });
        const { rows, lateLeft, lateRight } = finalRows(streamJoin, played);
        expect(rows).toEqual(asText(nestedLoops(kind, matching, given)));
        expect([lateLeft, lateRight]).toEqual([[], []]);
        expect(played.overtaken).toEqual([]);
        // At the end nothing is held any more.
        expect(played.stateSizes.at(-1)?.entries).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

it('gives the same rows by several keys of any type, however they arrive', () => {
  const key = { p: fc.constantFrom('1', '1|1:2', '', null), q: fc.constantFrom(1, 12, null), s: fc.boolean() };
  const columns = schema({ time: 'timestamp', p: 'string?', q: 'integer?', s: 'boolean' });
  const input = fc.array(fc.record({ time: fc.nat(40), ...key }), { maxLength: 12 }).map((rows) => ({ schema: timed(columns, 'time'), rows }));
  const params = { kind: 'outer', keys: ['p', 'q', 's'].map((name) => ({ left: name, right: name })), before: 5, after: 5 };
  expectSameRows(streamJoin, params, fc.record({ inputs: fc.record({ left: input, right: input }), disorder: fc.nat(20) }));
});

it.each(kinds)('a range join equals the one that SQLite makes of the same rows (%s)', (kind) => {
  const words = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', outer: 'FULL JOIN' };
  const database = new Database(':memory:');
  database.exec('CREATE TABLE l (time INTEGER, key TEXT, a INTEGER); CREATE TABLE r (time INTEGER, key TEXT, b INTEGER);');
  const putLeft = database.prepare('INSERT INTO l VALUES (:time, :key, :a)');
  const putRight = database.prepare('INSERT INTO r VALUES (:time, :key, :b)');
  const query = database.prepare(`
    SELECT max(coalesce(l.time, r.time), coalesce(r.time, l.time)) AS event_time, l.time AS time, coalesce(l.key, r.key) AS key, l.a AS a, r.time AS time_right, r.b AS b
    FROM l ${words[kind]} r ON l.key = r.key AND r.time BETWEEN l.time - 4 AND l.time + 9`);
  const params = { keys, kind, before: 4, after: 9 };
  try {
    fc.assert(
      fc.property(
        arrivals.chain((given) => anyArrival(streamJoin, params, given).map((events) => ({ given, events }))),
        ({ given, events }) => {
          database.exec('DELETE FROM l; DELETE FROM r');
          for (const row of given.inputs['left']!.rows) putLeft.run(row);
          for (const row of given.inputs['right']!.rows) putRight.run(row);
          expect(finalRows(streamJoin, playStream(streamJoin, { params, inputs, events }))['rows']).toEqual(asText(query.all() as Row[]));
        },
      ),
    );
  } finally {
    database.close();
  }
});

it('a restart between the first and the second row of a pair loses nothing', () => {
  const { emitted } = playStream(streamJoin, {
    params: { ...range, kind: 'left' },
    inputs,
    events: [rowsTo('left', l(100, 'x')), restart, rowsTo('right', r(101, 'x')), restart, watermark(500)],
  });
  expect(emitted).toEqual([{ event: 2, port: 'rows', rows: [pair(l(100, 'x'), r(101, 'x'))] }]);
});
