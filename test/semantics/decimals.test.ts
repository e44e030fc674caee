/** Decimals through the nodes: 12.5 and 12.50 are one value everywhere, sums are exact, and nothing depends on the order of rows. */

import type { TransformDefinition } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compareDecimals, decimalKey, scaledOf, scaledZero, sumOf, textOf } from '../../model/values/decimal.ts';
import type { ColumnType, Row } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { schema, type Trial, type TrialInput, tryTransform } from '../transform-trial.ts';

const node = (type: string) => definitions.find((each) => each.type === type) as TransformDefinition<any>;
const columns = schema({ id: 'integer', price: 'decimal?' });
const input = (...prices: (string | null)[]): TrialInput => ({ schema: columns, rows: prices.map((price, i) => ({ id: i + 1, price })) });
const run = (type: string, params: object, rows: TrialInput, options: object = {}): Trial => {
  const trial = tryTransform(node(type), params as Params, { inputs: { rows }, ...options });
  expect(trial.problems).toEqual([]);
  return trial;
};
const rowsOf = (trial: Trial): readonly Row[] => {
  expect(trial.failures).toEqual([]);
  return trial.outputs['rows']!;
};
const ids = (trial: Trial) => rowsOf(trial).map(({ id }) => id);
const aggregation = (name: string, column: string | null = 'price') => ({ function: name, column, name });
/** All at once, and stopped half-way, with hardly any memory. */
const ways = [{}, { batchSize: 2, restartAfter: 2 }, { batchSize: 2, memory: 1 }];

describe.each(ways)('run with %j', (way) => {
  const prices = ['12.50', '9', '12.5', '-0.5', null, '9.00', '100'];

  test('sort', () => {
    expect(ids(run('sort', { by: [{ column: 'price', direction: 'asc' }] }, input(...prices), way))).toEqual([4, 2, 6, 1, 3, 7, 5]);
    expect(ids(run('sort', { by: [{ column: 'price', direction: 'desc' }] }, input(...prices), way))).toEqual([7, 1, 3, 2, 6, 4, 5]);
  });
  test('top N', () => {
    expect(ids(run('top-n', { column: 'price', count: 3 }, input(...prices), way))).toEqual([7, 1, 3]);
    expect(ids(run('top-n', { column: 'price', order: 'least', count: 2 }, input(...prices), way))).toEqual([4, 2]);
  });
  test('dedupe', () => {
    expect(ids(run('dedupe', { keys: ['price'] }, input(...prices), way))).toEqual([1, 2, 4, 5, 7]);
    expect(ids(run('dedupe', { keys: ['price'], keep: 'last' }, input(...prices), way)).sort()).toEqual([3, 4, 5, 6, 7]);
  });
  test('groups', () => {
    const params = { groupBy: ['price'], aggregations: [aggregation('count', null)] };
    const found = [...rowsOf(run('aggregate', params, input(...prices), way))].sort((a, b) => String(a['price']).localeCompare(String(b['price'])));
    expect(found).toEqual([
      { price: '-0.5', count: 1 },
      { price: '100', count: 1 },
      { price: '12.5', count: 2 },
      { price: '9', count: 2 },
      { price: null, count: 1 },
    ]);
  });
  test('aggregates', () => {
    const names = ['sum', 'average', 'min', 'max', 'first', 'last', 'count', 'distinctCount', 'percentile'];
    const params = { aggregations: names.map((name) => aggregation(name)) };
    const { outputs, schemas } = run('aggregate', params, input(...prices), way);
    expect(outputs['rows']).toEqual([
      {
        sum: '142.50',
        average: '23.75',
        min: '-0.5',
        max: '100',
        first: '12.50',
        last: '100',
        count: 6,
        distinctCount: 4,
        percentile: expect.closeTo(78.125, 6),
      },
    ]);
    expect(schemas['rows']!.columns.map(({ type }) => type)).toEqual([...Array<ColumnType>(6).fill('decimal'), 'integer', 'integer', 'number']);
  });
  test('running aggregates', () => {
    const params = { aggregations: ['sum', 'average', 'min', 'max', 'distinctCount'].map((name) => aggregation(name)) };
    expect(rowsOf(run('running-aggregate', params, input('1.5', '1.50', null, '-1'), way))).toEqual([
      { id: 1, price: '1.5', sum: '1.5', average: '1.5', min: '1.5', max: '1.5', distinctCount: 1 },
      { id: 2, price: '1.50', sum: '3.00', average: '1.50', min: '1.50', max: '1.50', distinctCount: 1 },
      { id: 3, price: null, sum: '3.00', average: '1.50', min: '1.50', max: '1.50', distinctCount: 1 },
      { id: 4, price: '-1', sum: '2.00', average: '0.66666667', min: '-1', max: '1.50', distinctCount: 2 },
    ]);
    const sliding = { ...params, over: 'rows', rows: 2 };
    expect(rowsOf(run('running-aggregate', sliding, input('1.25', '2', '3.0', '1e'.length.toString()), way)).map(({ sum, max }) => [sum, max])).toEqual([
      ['1.25', '1.25'],
      ['3.25', '2'],
      ['5.0', '3.0'],
      ['5.0', '3.0'],
    ]);
  });
  test('lag and change', () => {
    const params = { columns: [{ column: 'price', change: true }], changes: ['price'] };
    expect(rowsOf(run('previous-row', params, input('9007199254740993', '9007199254740993.0', '0.1'), way))).toEqual([
      { id: 1, price: '9007199254740993', previous_price: null, change_price: null },
      { id: 3, price: '0.1', previous_price: '9007199254740993.0', change_price: '-9007199254740992.9' },
    ]);
  });
  test('pivot', () => {
    const params = { column: 'price', values: [{ value: '12.500', name: 'dear' }, { value: '9' }], function: 'count', unlisted: 'leave' };
    expect(rowsOf(run('pivot', params, input(...prices), way))).toEqual([{ dear: 2, '9': 2 }]);
    const twice = tryTransform(node('pivot'), { ...params, values: [{ value: '9' }, { value: '9.0' }] }, { inputs: { rows: input() } });
    expect(twice.problems).toMatchObject([{ code: 'pivot/twice' }]);
  });
  test('code with memory keeps decimals in its state', () => {
    const code = `interface State { balance: Decimal; all: Decimal[] }
      export const initial: State = { balance: decimal.of(0), all: [] };
      export function onRow(row: Row, state: State, context: Context) {
        state.balance = decimal.add(state.balance, row.price);
        state.all.push(row.price);
        return { key: context.key.key, balance: state.balance, first: decimal.min(...state.all) };
      }`;
    const keyed: TrialInput = {
      schema: schema({ key: 'decimal', price: 'decimal' }),
      rows: [
        { key: '1.0', price: '0.1' },
        { key: '1', price: '0.20' },
        { key: '2', price: '5' },
        { key: '1.00', price: '-9007199254740993' },
      ],
    };
    const trial = run('keyed-code', { keys: ['key'], code }, keyed, way);
    expect(trial.schemas['rows']!.columns.map(({ type }) => type)).toEqual(['decimal', 'decimal', 'decimal']);
    expect(rowsOf(trial)).toEqual([
      { key: '1', balance: '0.1', first: '0.1' },
      { key: '1', balance: '0.30', first: '0.1' },
      { key: '2', balance: '5', first: '5' },
      { key: '1', balance: '-9007199254740992.70', first: '-9007199254740993' },
    ]);
  });
});

test('the sum of a window without rows is a decimal', () => {
  const rows: TrialInput = {
    schema: { ...schema({ time: 'timestamp', price: 'decimal' }), eventTime: { column: 'time' } },
    rows: [
      { time: 0, price: '0.10' },
      { time: 250, price: '2' },
    ],
  };
  const params = { aggregations: [aggregation('sum'), aggregation('average')], window: 'tumbling', every: 100, emptyWindows: true };
  expect(rowsOf(run('aggregate', params, rows)).map(({ sum, average }) => [sum, average])).toEqual([
    ['0.10', '0.10'],
    ['0', null],
    ['2', '2'],
  ]);
});

describe('a decimal meets other numbers', () => {
  const own = {
    schema: schema({ id: 'integer', n: 'number', d: 'decimal' }),
    rows: [
      { id: 1, n: 0.5, d: '0.50' },
      { id: 2, n: 3, d: '9007199254740993' },
    ],
  };
  const other = {
    schema: schema({ key: 'decimal', name: 'string' }),
    rows: [
      { key: '0.500', name: 'half' },
      { key: '1.0', name: 'one' },
      { key: '9007199254740993', name: 'big' },
    ],
  };

  test.each([
    ['n', ['half']],
    ['id', ['one']],
    ['d', ['half', 'big']],
  ])('in a join by %s', (column, names) => {
    const params = { keys: [{ column, lookup: 'key' }] };
    for (const memory of [Number.POSITIVE_INFINITY, 1]) {
      const trial = tryTransform(node('join'), params, { inputs: { rows: own, lookup: other }, memory });
      expect(trial.problems).toEqual([]);
      expect(rowsOf(trial).map(({ name }) => name)).toEqual(names);
    }
  });
  test('in a join of streams, whose key is a decimal where either side may bring it', () => {
    const left = {
      schema: { ...schema({ t: 'timestamp', k: 'number', a: 'string' }), eventTime: { column: 't' } },
      rows: [
        { t: 1, k: 0.5, a: 'x' },
        { t: 1, k: 7, a: 'y' },
      ],
    };
    const right = {
      schema: { ...schema({ u: 'timestamp', k: 'decimal', b: 'string' }), eventTime: { column: 'u' } },
      rows: [
        { u: 1, k: '0.50', b: 'z' },
        { u: 1, k: '8.0', b: 'w' },
      ],
    };
    const params = { kind: 'outer', keys: [{ left: 'k', right: 'k' }], before: 0, after: 10 };
    const trial = tryTransform(node('stream-join'), params, { inputs: { left, right } });
    expect(trial.schemas['rows']!.columns.find(({ name }) => name === 'k')).toMatchObject({ type: 'decimal' });
    expect(
      rowsOf(trial)
        .map(({ k, a, b }) => [k, a, b])
        .sort(),
    ).toEqual([
      ['0.5', 'x', 'z'],
      ['7', 'y', null],
      ['8.0', null, 'w'],
    ]);
  });
  test('in a union', () => {
    const a = { schema: schema({ v: 'number' }), rows: [{ v: 0.1 }] };
    const b = { schema: schema({ v: 'decimal' }), rows: [{ v: '0.10' }] };
    const { outputs, schemas } = tryTransform(node('union'), {}, { inputs: { rows: [a, b] } });
    expect(schemas['rows']).toEqual(schema({ v: 'decimal' }));
    expect(outputs['rows']).toEqual([{ v: '0.1' }, { v: '0.10' }]);
  });
  test('in columns that become rows', () => {
    const rows = { schema: schema({ a: 'integer', b: 'decimal' }), rows: [{ a: 1, b: '2.50' }] };
    expect(rowsOf(run('unpivot', { keep: [] }, rows)).map(({ value }) => value)).toEqual(['1', '2.50']);
  });
});

describe('row by row', () => {
  test.each<[string, string, number[]]>([
    ['=', '12.500', [1]],
    ['!=', '12.5', [2, 3]],
    ['<', '12.49', [2]],
    ['>=', '9', [1, 3]],
    ['in', '8.0, 100.0', [2, 3]],
  ])('a rule %s %s', (operator, value, found) => {
    const rules = { match: 'all', rules: [{ column: 'price', operator, value }] };
    const { outputs, failures } = tryTransform(node('filter'), { rules }, { inputs: { rows: input('12.50', '8', '100', null) } });
    expect(failures).toEqual([]);
    expect(outputs['kept']!.map(({ id }) => id)).toEqual(found);
  });
  test('casts', () => {
    const cast = (type: string, ...values: (string | null)[]) =>
      run('select', { columns: [{ column: 'price', type }], uncastable: 'null' }, input(...values)).outputs['rows']!.map(({ price }) => price);
    expect(cast('number', '12.50', '0.1234567890123456789', '9007199254740993')).toEqual([12.5, 0.12345678901234568, null]);
    expect(cast('integer', '12.00', '12.50', '9007199254740993')).toEqual([12, null, null]);
    expect(cast('string', '12.50', null)).toEqual(['12.50', null]);
    expect(cast('boolean', '1', '2')).toEqual([true, null]);
    expect(cast('timestamp', '1769860800000', '0.5')).toEqual([1769860800000, null]);
    expect(cast('json', '12.50', '9007199254740993')).toEqual([12.5, null]);
    expect(cast('bytes', '1234')).toEqual([null]);
  });
  test('numbers that people write', () => {
    const params = { columns: [{ column: 'text', as: 'number', type: 'decimal', decimal: 'comma', thousands: 'dot', units: '€' }] };
    const texts = { schema: schema({ text: 'string' }), rows: [{ text: '9.007.199.254.740.993,10 €' }, { text: '-0,50' }] };
    expect(rowsOf(run('parse', params, texts))).toEqual([{ text: '9007199254740993.10' }, { text: '-0.50' }]);
  });
  test('values that are replaced and filled', () => {
    const replace = { what: 'values', columns: ['price'], values: [{ from: '1.0', to: '2.50' }] };
    expect(rowsOf(run('replace', replace, input('1', '1.00', '3'))).map(({ price }) => price)).toEqual(['2.50', '2.50', '3']);
    const fill = { columns: [{ column: 'price', with: 'value', value: '0.00' }] };
    expect(rowsOf(run('fill', fill, input('1.0', null))).map(({ price }) => price)).toEqual(['1.0', '0.00']);
  });
});

const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.nat(6)).map(([units, scale]) => textOf({ units, scale }));

it('sums, extremes and groups are the same for rows in any order', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.option(decimal), { maxLength: 12 })
        .chain((values) => fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length }))),
      ([values, shuffled]) => {
        const params = { aggregations: ['sum', 'average', 'min', 'max', 'distinctCount'].map((name) => aggregation(name)) };
        const [found] = rowsOf(run('aggregate', params, input(...values)));
        expect(rowsOf(run('aggregate', params, input(...shuffled)))).toEqual([found]);
        const known = values.filter((value) => value !== null);
        expect(found!['sum']).toBe(known.length === 0 ? null : textOf(known.map(scaledOf).reduce(sumOf, scaledZero)));
        expect(found!['distinctCount']).toBe(new Set(known.map(decimalKey)).size);
        const sorted = rowsOf(run('sort', { by: [{ column: 'price', direction: 'asc' }] }, input(...values))).flatMap(
          ({ price }) => (price as string | null) ?? [],
        );
        for (const [i, value] of sorted.entries()) if (i > 0) expect(compareDecimals(sorted[i - 1]!, value)).toBeLessThanOrEqual(0);
      },
    ),
    { numRuns: 60 },
  );
});
