/** Running aggregates: which rows count beside each row, and that rounding does not pile up. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row, Value } from '../../model/values/types.ts';
import runningAggregate from '../../nodes/aggregates/running-aggregate.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { rows, streamTable, timed, watermark } from './stream.ts';

const columns = timed(schema({ time: 'timestamp', id: 'string?', n: 'number?' }), 'time');
const functions = ['count', 'sum', 'average', 'min', 'max', 'first', 'last', 'distinctCount'];
const aggregations = functions.map((name) => ({ function: name, column: 'n', name }));

/** The plain way: over the values that count, in their order. */
function aggregated(values: readonly (number | null)[]): { [name: string]: Value } {
  const known = values.filter((value) => value !== null);
  const sum = known.length > 0 ? known.reduce((a, b) => a + b) : null;
  return {
    count: known.length,
    sum,
    average: sum === null ? null : sum / known.length,
    min: known.length > 0 ? Math.min(...known) : null,
    max: known.length > 0 ? Math.max(...known) : null,
    first: known[0] ?? null,
    last: known.at(-1) ?? null,
    distinctCount: new Set(known).size,
  };
}

const row = fc.record({ time: fc.nat(300), id: fc.constantFrom('a', 'b', null), n: fc.option(fc.integer({ min: -20, max: 20 }).map((n) => n / 4)) });
const list = fc.array(row, { maxLength: 60, size: 'max' });
const sameKey = (all: readonly Row[], i: number) => all.slice(0, i + 1).filter(({ id }) => id === all[i]!['id']);

it.each([
  ['all rows so far', { over: 'all' }, (before: readonly Row[]) => before],
  ['the last rows', { over: 'rows', rows: 3 }, (before: readonly Row[]) => before.slice(-3)],
  [
    'the last period of time, by time',
    { over: 'duration', duration: 100 },
    (before: readonly Row[]) => {
      const latest = Math.max(...before.map(({ time }) => time as number));
      const counting = before.filter(({ time }) => (time as number) > latest - 100);
      return [...counting].sort((a, b) => (a['time'] as number) - (b['time'] as number));
    },
  ],
] as const)('equals plain aggregates over %s, whatever the batches and restarts', (_, over, counting) => {
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 20 }), fc.nat(10), (rows, batchSize, restartAfter) => {
      const given = { keys: ['id'], aggregations, ...over };
      const { outputs, problems } = tryTransform(runningAggregate, given, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter });
      expect(problems).toEqual([]);
      const wanted = rows.map((each, i) => ({ ...each, ...aggregated(counting(sameKey(rows, i)).map(({ n }) => n as number | null)) }));
      expect(outputs['rows']).toEqual(wanted);
    }),
  );
});

it('does not let rounding pile up as rows leave', () => {
  // Each great value leaves no trace in the sums behind it.
  const values = Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? 1e15 : 1) / 3 + i * 1e-7);
  const list = values.map((n) => ({ time: 0, id: 'a', n }));
  const given = { over: 'rows', rows: 3, aggregations: [{ function: 'sum', column: 'n', name: 'sum' }] };
  const { outputs } = tryTransform(runningAggregate, given, { inputs: { rows: { schema: columns, rows: list } }, batchSize: 1000 });
  values.forEach((value, i) => {
    const exact = value + (values[i - 1] ?? 0) + (values[i - 2] ?? 0);
    const found = outputs['rows']![i]!['sum'] as number;
    expect(Math.abs(found - exact)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(exact));
  });
});

const running = (time: number, id: string, total: number): Row => ({ time, id, n: 1, total });
streamTable(runningAggregate, [
  {
    name: 'a key that had no row for the time given starts anew',
    params: { keys: ['id'], ttl: 100, aggregations: [{ function: 'sum', column: 'n', name: 'total' }] },
    inputs: { rows: columns },
    events: [
      rows({ time: 0, id: 'a', n: 1 }, { time: 99, id: 'a', n: 1 }, { time: 0, id: 'b', n: 1 }),
      watermark(150),
      rows({ time: 160, id: 'a', n: 1 }, { time: 160, id: 'b', n: 1 }, { time: 260, id: 'a', n: 1 }),
    ],
    expect: [
      { after: 0, rows: [running(0, 'a', 1), running(99, 'a', 2), running(0, 'b', 1)] },
      { after: 2, rows: [running(160, 'a', 3), running(160, 'b', 1), running(260, 'a', 1)] },
    ],
  },
  {
    name: 'a sum beyond 2^53 fails its row, and is told as long as it lasts',
    params: { aggregations: [{ function: 'sum', column: 'n', name: 'total' }] },
    inputs: { rows: schema({ n: 'integer' }) },
    events: [rows({ n: Number.MAX_SAFE_INTEGER }, { n: 2 }, { n: -3 })],
    expect: [
      {
        after: 0,
        rows: [
          { n: Number.MAX_SAFE_INTEGER, total: Number.MAX_SAFE_INTEGER },
          { n: -3, total: Number.MAX_SAFE_INTEGER - 1 },
        ],
      },
    ],
    failures: ['beyond 2^53'],
  },
  {
    name: 'numbers too large for any: a sum fails, an average is null',
    params: { over: 'rows', rows: 2, aggregations: [{ function: 'average', column: 'n', name: 'mean' }] },
    inputs: { rows: schema({ n: 'number' }) },
    events: [rows({ n: 1e308 }, { n: 1e308 }, { n: 1 }, { n: 2 })],
    expect: [
      {
        after: 0,
        rows: [
          { n: 1e308, mean: 1e308 },
          { n: 1e308, mean: null },
          { n: 1, mean: 5e307 },
          { n: 2, mean: 1.5 },
        ],
      },
    ],
  },
  {
    name: 'what cannot be aggregated is a problem',
    params: {
      over: 'duration',
      aggregations: [
        { function: 'sum', column: 'id', name: null },
        { function: 'max', column: null, name: 'id' },
      ],
    },
    inputs: { rows: schema({ id: 'string' }) },
    events: [],
    expect: [],
    problems: ['"id"', 'no event time', '"sum" does not work on string columns', '"max" needs a column'],
  },
]);
