/** Joins of two streams equal nested loops, and SQL, however rows arrive within their bound. */
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import streamJoin from '../../nodes/joins/stream-join.ts';
import { schema } from '../transform-trial.ts';
import { type Arrivals, anyArrival, expectSameRows, finalRows } from './properties.ts';
import { type Played, playStream, restart, rowsTo, timed, watermark } from './stream.ts';
import { inputs, inWindow, keys, left, pair, right } from './stream-join-rows.ts';

const kinds = ['inner', 'left', 'right', 'outer'] as const;
const text = fc.constantFrom('x', 'y', null);
const value = fc.nat(2);
const timeOf = (unit: number) => fc.nat(60).map((time) => time * unit);
const someLeft = (unit: number, maxLength = 14) => fc.array(fc.record({ time: timeOf(unit), key: text, a: value }), { maxLength });
const someRight = (unit: number, maxLength = 14) => fc.array(fc.record({ time: timeOf(unit), key: text, b: value }), { maxLength });
/** All times are multiples of `unit`. */
const arrivals = (unit = 1) =>
  fc.record({
    inputs: fc.record({
      left: someLeft(unit).map((rows) => ({ schema: left, rows })),
      right: someRight(unit).map((rows) => ({ schema: right, rows })),
    }),
    disorder: fc.nat(25 * unit),
  });
/** Bytes: for nothing, a row or two, a few, all. */
const memory = fc.constantFrom(0, 600, 2000, Number.POSITIVE_INFINITY);
/** Whatever comes, in any order. */
const anyEvent = (unit: number) =>
  fc.oneof(
    { arbitrary: someLeft(unit, 5).map((rows) => rowsTo('left', ...rows)), weight: 4 },
    { arbitrary: someRight(unit, 5).map((rows) => rowsTo('right', ...rows)), weight: 4 },
    { arbitrary: fc.tuple(timeOf(unit), fc.constantFrom('left', 'right', undefined)).map(([time, port]) => watermark(time, port)), weight: 3 },
    { arbitrary: fc.constant(restart), weight: 1 },
  );
const asMultiset = ({ event, port, rows }: Played['emitted'][number]) => ({ event, port, rows: asText(rows) });
const matches = [
  { match: 'range', before: 4, after: 9 },
  { match: 'range', before: 0, after: 0, lateness: 3 },
  // Long enough for rows in keyed state to be in several stretches of time.
  { match: 'range', before: 600, after: 1100, lateness: 500 },
  { match: 'tumbling', every: 10 },
  { match: 'sliding', length: 15, every: 4, offset: 3, lateness: 6 },
  { match: 'session', gap: 5 },
  { match: 'session', gap: 3, lateness: 8 },
  { match: 'sliding', length: 12, every: 4, lateness: 10 },
] as const;
const unitOf = ({ match, after = 0 }: Matching) => (match === 'range' && after > 60 ? 100 : 1);
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
  const { match, before = 0, after = 0, every = 0, length = every, offset = 0 } = matching;
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
  it.each(kinds)('%s: equals nested loops, however rows arrive within their bound, and however little memory it has', (kind) => {
    const params = { keys, kind, ...matching };
    const cases = arrivals(unitOf(matching)).chain((given) => anyArrival(streamJoin, params, given).map((events) => ({ given, events })));
    fc.assert(
      fc.property(cases, memory, ({ given, events }, memory) => {
        const played = playStream(streamJoin, { params, inputs, events, memory });
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

  it.each(kinds)('%s: with each event the same rows come out as of unlimited memory, whatever is late', (kind) => {
    const params = { keys, kind, ...matching };
    const events = fc.array(anyEvent(unitOf(matching)), { maxLength: 25 });
    fc.assert(
      fc.property(events, fc.constantFrom(0, 600, 2000), (events, memory) => {
        const limited = playStream(streamJoin, { params, inputs, events, memory });
        const unlimited = playStream(streamJoin, { params, inputs, events });
        expect(limited.emitted.map(asMultiset)).toEqual(unlimited.emitted.map(asMultiset));
        // A row's partners come in the order of their times.
        if (matching.match === 'range' && kind === 'inner') expect(limited.emitted).toEqual(unlimited.emitted);
        expect(limited.watermarks).toEqual(unlimited.watermarks);
        expect(limited.overtaken).toEqual(unlimited.overtaken);
        for (const size of limited.stateSizes) expect(size!.bytes).toBeLessThanOrEqual(memory);
      }),
      { numRuns: 100 },
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
        arrivals().chain((given) => anyArrival(streamJoin, params, given).map((events) => ({ given, events }))),
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
