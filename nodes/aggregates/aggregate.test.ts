import { defaultsOf } from '@millrace/kit/params';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row, Value } from '../../model/values/types.ts';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import aggregate from './aggregate.ts';

const columns = schema({ region: 'string?', level: 'integer?', temperature: 'number?', time: 'timestamp' });
const rowsOf = fc.array(
  fc.record({
    region: fc.constantFrom('north', 'south', null),
    level: fc.option(fc.integer({ min: -3, max: 3 })),
    temperature: fc.option(fc.integer({ min: -100, max: 100 }).map((n) => n / 4)),
    time: fc.integer({ min: -5000, max: 5000 }),
  }),
  { maxLength: 40 },
);
const all = ['count', 'sum', 'average', 'min', 'max', 'first', 'last', 'distinctCount', 'percentile'].map((name) => ({
  function: name,
  column: 'temperature',
  percent: 50,
  name,
}));

/** The groups of rows, each aggregated in the plainest way. */
function naive(rows: readonly Row[], keyOf: (row: Row) => Row): Row[] {
  const groups = new Map<string, { key: Row; values: number[] }>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(JSON.stringify(key)) ?? { key, values: [] };
    groups.set(JSON.stringify(key), group);
    if (row['temperature'] !== null) group.values.push(row['temperature'] as number);
  }
  return [...groups.values()].map(({ key, values }) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    const sum = values.length > 0 ? values.reduce((a, b) => a + b) : null;
    const results: Record<string, Value> = {
      count: values.length,
      sum,
      average: sum === null ? null : sum / values.length,
      min: sorted[0] ?? null,
      max: sorted.at(-1) ?? null,
      first: values[0] ?? null,
      last: values.at(-1) ?? null,
      distinctCount: new Set(values).size,
      percentile: values.length > 0 ? (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2 : null,
    };
    return { ...key, ...results };
  });
}

it('equals a plain aggregation by two keys, whatever the batches and however often it is restarted', () => {
  const keyed = (row: Row): Row => ({ region: row['region']!, level: row['level']! });
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 10 }), (rows, batchSize, restartAfter) => {
      const params = { groupBy: ['region', 'level'], aggregations: all };
      const { outputs, problems } = tryTransform(aggregate, params, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter });
      expect(problems).toEqual([]);
      expect(outputs['rows']).toEqual(naive(rows, keyed));
    }),
  );
});

it('equals a plain aggregation by window and key, in the order of time', () => {
  const windowed = (row: Row): Row => {
    const start = Math.floor((row['time'] as number) / 1000) * 1000;
    return { window_start: start, window_end: start + 1000, region: row['region']! };
  };
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 10 }), (rows, batchSize, restartAfter) => {
      const params = { groupBy: ['region'], aggregations: all, window: 'tumbling', timeColumn: 'time', every: 1000 };
      const { outputs } = tryTransform(aggregate, params, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter });
      const expected = naive(rows, windowed).sort((a, b) => (a['window_start'] as number) - (b['window_start'] as number));
      expect(outputs['rows']).toEqual(expected);
    }),
  );
});

it('puts a row at the very end of a window into the next one', () => {
  const rows = [59_999, 60_000, -1].map((time) => ({ region: 'a', level: 1, temperature: 1, time }));
  const params = { aggregations: [{ function: 'count' }], window: 'tumbling', timeColumn: 'time', every: 60_000 };
  const { outputs } = tryTransform(aggregate, params, { inputs: { rows: { schema: columns, rows } } });
  expect(outputs['rows']).toEqual([
    { window_start: -60_000, window_end: 0, count: 1 },
    { window_start: 0, window_end: 60_000, count: 1 },
    { window_start: 60_000, window_end: 120_000, count: 1 },
  ]);
});

it('offers the only column of times where the rows have no event time', () => {
  const trial = (types: Parameters<typeof schema>[0]) => {
    const rows = schema(types);
    return aggregate.infer({
      params: { ...defaultsOf(aggregate.params), aggregations: [{ function: 'count' }], window: 'calendar' },
      inputs: { rows },
    } as never);
  };
  expect(trial({ day: 'date', sum: 'number' }).problems).toMatchObject([{ fix: { param: 'timeColumn', value: 'day' } }]);
  expect(trial({ day: 'date', at: 'timestamp' }).problems![0]).not.toHaveProperty('fix');
});

it('promises the types that come out', () => {
  const params = { groupBy: ['region'], aggregations: ['sum', 'average', 'min', 'count'].map((name) => ({ function: name, column: 'level' })) };
  const { schemas } = tryTransform(aggregate, params, { inputs: { rows: { schema: columns, rows: [] } } });
  expect(schemas['rows']).toEqual(
    schema({ region: 'string?', sum_level: 'integer?', average_level: 'number?', min_level: 'integer?', count_level: 'integer' }),
  );
});

it('fails a sum of integers that would be rounded', () => {
  const rows = [1, 2].map(() => ({ region: 'a', level: Number.MAX_SAFE_INTEGER, temperature: null, time: 0 }));
  const { outputs, failures } = tryTransform(
    aggregate,
    { aggregations: [{ function: 'sum', column: 'level' }] },
    { inputs: { rows: { schema: columns, rows } } },
  );
  expect(outputs['rows']).toEqual([]);
  expect(failures.map(({ code }) => code)).toEqual(['aggregate/overflow']);
});

it.each([
  [{ aggregations: [{ function: 'sum', column: 'region' }] }, 'aggregations.0.column', '"sum" does not work on string columns such as "region"'],
  [{ aggregations: [{ function: 'max', column: null }] }, 'aggregations.0.column', '"max" needs a column'],
  [{ aggregations: [{ function: 'max', column: 'levle' }] }, 'aggregations.0.column', 'There is no column "levle"; did you mean "level"?'],
  [{ groupBy: ['region'], aggregations: [{ function: 'count', name: 'region' }] }, 'aggregations.0.name', 'Two columns would be called "region"'],
  [{}, 'aggregations', 'There is nothing to aggregate'],
])('tells what is wrong with %j', (params, field, message) => {
  const { problems } = tryTransform(aggregate, params, { inputs: { rows: { schema: columns, rows: [] } } });
  expect(problems).toMatchObject([{ severity: 'error', field, message }]);
});

it('says on its card over what it aggregates', () => {
  const card = (params: object): string =>
    aggregate.card!({ ...defaultsOf(aggregate.params), aggregations: [{ function: 'count', column: null, percent: 50, name: 'n' }], ...params } as never);
  expect(card({})).toBe('n');
  expect(card({ window: 'tumbling', every: 60_000 })).toBe('n\nevery 1 min');
  expect(card({ window: 'tumbling', every: 60_000, groupBy: ['region'] })).toBe('n\nby region, every 1 min');
  expect(card({ window: 'calendar', unit: 'hour', zone: 'UTC' })).toBe('n\nby hour in UTC');
});
