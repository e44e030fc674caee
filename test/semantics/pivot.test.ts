/** Rows to columns: which rows count in which cell, that none is lost, and that columns to rows is the way back. */

import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import pivot from '../../nodes/reshape/pivot.ts';
import unpivot from '../../nodes/reshape/unpivot.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { rows, streamTable, timed, watermark } from './stream.ts';

const columns = schema({ time: 'timestamp?', shop: 'string?', month: 'string?', sales: 'integer?' });
const timedRows = timed(columns, 'time');
const row = (time: number | null, shop: string, month: string | null, sales: number | null): Row => ({ time, shop, month, sales });
const listed = (...values: (string | null)[]) => values.map((value) => ({ value }));
const sums = { keys: ['shop'], column: 'month', values: listed('Jan', 'Feb'), function: 'sum', valueColumn: 'sales' };
const cells = (shop: string, Jan: number | null, Feb: number | null): Row => ({ shop, Jan, Feb });
const windowed = { ...sums, window: 'tumbling', every: 100 };
const inWindow = (start: number, shop: string, Jan: number | null, Feb: number | null): Row => ({
  window_start: start,
  window_end: start + 100,
  ...cells(shop, Jan, Feb),
});

streamTable(pivot, [
  {
    name: 'a window comes out when it is complete; late rows and rows without a time leave as they came',
    params: windowed,
    inputs: { rows: timedRows },
    events: [
      rows(row(10, 'a', 'Jan', 1), row(20, 'a', 'Mar', 2), row(110, 'b', 'Feb', 3), row(null, 'a', 'Jan', 9)),
      watermark(100),
      rows(row(30, 'a', 'Feb', 4)),
    ],
    expect: [
      { after: 0, port: 'others', rows: [row(20, 'a', 'Mar', 2)] },
      { after: 1, rows: [inWindow(0, 'a', 1, null)] },
      { after: 2, port: 'late', rows: [row(30, 'a', 'Feb', 4)] },
      { after: 'end', rows: [inWindow(100, 'b', null, 3)] },
    ],
    failures: ['no time in column "time"'],
  },
  {
    name: 'a group with several values for a cell fails alone',
    params: { ...sums, function: 'only' },
    inputs: { rows: columns },
    events: [
      rows(row(0, 'a', 'Jan', 1), row(0, 'a', 'Jan', null), row(0, 'b', 'Jan', 2)),
      { restart: true },
      rows(row(0, 'b', 'Jan', 2), row(0, 'c', null, 1)),
    ],
    expect: [
      { after: 2, port: 'others', rows: [row(0, 'c', null, 1)] },
      { after: 'end', rows: [cells('a', 1, null)] },
    ],
    failures: ['There are 2 values for "Jan" where shop is b'],
  },
  {
    name: 'values that are not listed fail where they are to',
    params: { ...sums, unlisted: 'fail' },
    inputs: { rows: columns },
    events: [rows(row(0, 'a', 'Mar', 1), row(0, 'a', null, 1), row(0, 'a', 'Feb', 1))],
    expect: [{ after: 'end', rows: [cells('a', null, 1)] }],
    failures: ['"month" is Mar', '"month" is null'],
  },
  {
    name: 'what cannot be is told before anything runs',
    params: {
      keys: ['shop', 'sales'],
      column: 'sales',
      values: [{ value: '1', name: 'shop' }, { value: 'x' }, { value: '1.0' }],
      function: 'sum',
      valueColumn: 'month',
    },
    inputs: { rows: columns },
    events: [],
    expect: [],
    problems: [
      'Two columns would be called "shop"',
      'both the rows and the names',
      '"sum" does not work on string',
      '"x" is not a whole number',
      'listed twice',
    ],
  },
]);

it('tells how many rows there were of each value that is no column, also after a restart', () => {
  const given = Array.from({ length: 30 }, (_, i) => row(0, 'a', `m${i % 12}`, 1));
  const input = { inputs: { rows: { schema: columns, rows: [...given, row(0, 'a', null, 1)] } }, restartAfter: 4 };
  const { logs, outputs } = tryTransform(pivot, sums, input);
  expect(logs).toEqual([
    expect.stringMatching(/^31 rows have a value of "month" that is not a column, .*: m0 [(]3[)], m1 [(]3[)], .* and left|^31 rows .*m0 [(]3[)]/),
  ]);
  expect(logs[0]).toContain('5 rows with other values');
  expect(outputs['others']).toHaveLength(31);
  expect(tryTransform(pivot, { ...sums, unlisted: 'leave' }, input).logs).toEqual([]);
});

it('takes an empty value for null and for empty text', () => {
  const given = { ...sums, values: listed(null, 'Jan'), function: 'count', valueColumn: null };
  const input = { inputs: { rows: { schema: columns, rows: [row(0, 'a', '', 1), row(0, 'a', null, null), row(0, 'a', 'Jan', 1)] } } };
  expect(tryTransform(pivot, given, input).outputs['rows']).toEqual([{ shop: 'a', null: 2, Jan: 1 }]);
});

const sale = fc.record({
  time: fc.constant(null),
  shop: fc.constantFrom('a', 'b', 'c', null),
  month: fc.constantFrom('Jan', 'Feb', 'Mar', '', null),
  sales: fc.option(fc.integer({ min: -5, max: 5 })),
});

it('sums and counts each cell from the rows of its group and name, and every other row leaves by "others"', () => {
  fc.assert(
    fc.property(
      fc.array(sale, { maxLength: 40, size: 'max' }),
      fc.nat(10),
      fc.constantFrom(0, Number.POSITIVE_INFINITY),
      fc.boolean(),
      (given, restartAfter, memory, counts) => {
        const params = { ...sums, function: counts ? 'count' : 'sum', valueColumn: counts ? null : 'sales' };
        const { outputs, failures } = tryTransform(pivot, params, { inputs: { rows: { schema: columns, rows: given } }, restartAfter, memory });
        const isListed = ({ month }: Row) => month === 'Jan' || month === 'Feb';
        expect(failures).toEqual([]);
        expect(outputs['others']).toEqual(given.filter((each) => !isListed(each)));
        const cell = (shop: Row['shop'], month: string) => {
          const own = given.filter((each) => each.shop === shop && each.month === month);
          const values = own.flatMap(({ sales }) => sales ?? []);
          return counts ? own.length : values.length === 0 ? null : values.reduce((a, b) => a + b, 0);
        };
        const shops = [...new Set(given.filter(isListed).map(({ shop }) => shop))];
        const wanted = shops.map((shop) => ({ shop, Jan: cell(shop!, 'Jan'), Feb: cell(shop!, 'Feb') }));
        const sorted = (list: readonly Row[]) => [...list].sort((a, b) => (String(a['shop']) < String(b['shop']) ? -1 : 1));
        if (memory > 0) expect(outputs['rows']).toEqual(wanted);
        else expect(sorted(outputs['rows']!)).toEqual(sorted(wanted));
      },
    ),
  );
});

it('undoes what columns to rows does', () => {
  const wide = schema({ id: 'integer', a: 'number?', b: 'number?', 'odd "name"': 'integer?' });
  const given = fc.uniqueArray(
    fc.record({ id: fc.nat(), a: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), b: fc.option(fc.nat()), 'odd "name"': fc.option(fc.nat()) }),
    { selector: ({ id }) => id, maxLength: 10 },
  );
  fc.assert(
    fc.property(given, fc.boolean(), (rows, chosen) => {
      const which: Params = chosen ? { which: 'chosen', columns: ['a', 'b', 'odd "name"'] } : { keep: ['id'] };
      const long = tryTransform(unpivot, which, { inputs: { rows: { schema: wide, rows } } });
      expect(long.outputs['rows']).toHaveLength(3 * rows.length);
      const params = { keys: ['id'], column: 'name', values: listed('a', 'b', 'odd "name"'), valueColumn: 'value' };
      const back = tryTransform(pivot, params, { inputs: { rows: { schema: long.schemas['rows']!, rows: long.outputs['rows']! } } });
      expect(back.problems).toEqual([]);
      expect(back.outputs['rows']).toEqual(rows);
    }),
  );
});
