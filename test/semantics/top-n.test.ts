/** The greatest rows of windows and of whole inputs: what ranks before what, when it leaves, and what is late. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import topN from '../../nodes/rows/top-n.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { expectSameRows } from './properties.ts';
import { at, playStream, rows, streamTable, timed, watermark } from './stream.ts';

const columns = schema({ time: 'timestamp?', shop: 'string?', amount: 'integer?' });
const sales = timed(columns, 'time');
const sale = (time: string, shop: string | null, amount: number | null): Row => ({ time: at(time), shop, amount });
const ranked = (start: string, end: string, rank: number, row: Row): Row => ({ window_start: at(start), window_end: at(end), rank, ...row });
const params = { keys: ['shop'], column: 'amount', count: 2, over: 'tumbling', every: 60_000 };

streamTable(topN, [
  {
    name: 'a window leaves as a whole once the watermark has passed its end, by key and rank; windows leave in the order of time',
    params,
    inputs: { rows: sales },
    events: [
      rows(sale('00:01:10', 'b', 1), sale('00:00:10', 'b', 5), sale('00:00:20', 'a', 7)),
      watermark(at('00:00:59')),
      rows(sale('00:00:59.5', 'b', 6), sale('00:00:59.9', 'b', 4)),
      watermark(at('00:00:59.999')),
      watermark(at('00:05')),
    ],
    expect: [
      {
        after: 3,
        rows: [
          ranked('00:00', '00:01', 1, sale('00:00:20', 'a', 7)),
          ranked('00:00', '00:01', 1, sale('00:00:59.5', 'b', 6)),
          ranked('00:00', '00:01', 2, sale('00:00:10', 'b', 5)),
        ],
      },
      { after: 4, rows: [ranked('00:01', '00:02', 1, sale('00:01:10', 'b', 1))] },
    ],
  },
  {
    name: 'a row for a window that has left is late; one without a time fails; the last windows leave at the end',
    params,
    inputs: { rows: sales },
    events: [
      rows(sale('00:00:10', 'a', 1)),
      watermark(at('00:00:59.999')),
      rows(sale('00:00:59.999', 'a', 9), sale('00:01', 'a', 2), { time: null, shop: 'a', amount: 3 }),
    ],
    expect: [
      { after: 1, rows: [ranked('00:00', '00:01', 1, sale('00:00:10', 'a', 1))] },
      { after: 2, port: 'late', rows: [sale('00:00:59.999', 'a', 9)] },
      { after: 'end', rows: [ranked('00:01', '00:02', 1, sale('00:01', 'a', 2))] },
    ],
    failures: ['no time'],
  },
  {
    name: 'equal values rank by time, then by contents; null is last, and a key like any other',
    params: { ...params, keys: [], count: 4, order: 'least' },
    inputs: { rows: sales },
    events: [rows(sale('00:00:03', 'z', 5), sale('00:00:03', null, 5), sale('00:00:03', 'b', 5), sale('00:00:01', 'x', null), sale('00:00:02', 'y', 5))],
    expect: [
      {
        after: 'end',
        rows: [sale('00:00:02', 'y', 5), sale('00:00:03', 'b', 5), sale('00:00:03', 'z', 5), sale('00:00:03', null, 5)].map((row, i) =>
          ranked('00:00', '00:01', i + 1, row),
        ),
      },
    ],
  },
  {
    name: 'windows before 1970 are aligned like all others',
    params,
    inputs: { rows: sales },
    events: [rows({ time: -1, shop: 'a', amount: 1 }), watermark(-1)],
    expect: [{ after: 1, rows: [{ window_start: -60_000, window_end: 0, rank: 1, time: -1, shop: 'a', amount: 1 }] }],
  },
  {
    name: 'rows without event time have no windows',
    params,
    inputs: { rows: columns },
    events: [],
    expect: [],
    problems: ['no event time'],
  },
  {
    name: 'a name that is taken is a problem',
    params: { column: 'rank' },
    inputs: { rows: schema({ rank: 'integer' }) },
    events: [],
    expect: [],
    problems: ['"rank"'],
  },
]);

const row = fc.record({ time: fc.integer({ min: -200, max: 400 }), shop: fc.constantFrom('a', 'b', null), amount: fc.option(fc.nat(5)) });
const list = fc.array(row, { maxLength: 40, size: 'max' });

it('gives the same rows however they arrive within the bound', () => {
  const given = { keys: ['shop'], column: 'amount', count: 3, over: 'tumbling', every: 100 };
  expectSameRows(
    topN,
    given,
    fc.record({ rows: list, disorder: fc.nat(150) }).map(({ rows, disorder }) => ({ inputs: { rows: { schema: sales, rows } }, disorder })),
  );
});

it('is the head of a sorted list of each key, over a whole input', () => {
  fc.assert(
    fc.property(list, fc.constantFrom('greatest', 'least'), fc.integer({ min: 1, max: 5 }), fc.nat(10), (rows, order, count, restartAfter) => {
      const { outputs } = tryTransform(topN, { keys: ['shop'], column: 'amount', order, count }, { inputs: { rows: { schema: columns, rows } }, restartAfter });
      const sign = order === 'greatest' ? -1 : 1;
      const worst = sign * Number.POSITIVE_INFINITY * sign;
      const value = ({ amount }: Row) => (amount === null ? worst : sign * (amount as number));
      const wanted = [...new Set(rows.map(({ shop }) => shop))].flatMap((shop) =>
        rows
          .filter((each) => each.shop === shop)
          .sort((a, b) => (value(a) === value(b) ? 0 : value(a) - value(b)))
          .slice(0, count)
          .map((each, i) => ({ rank: i + 1, ...each })),
      );
      expect(outputs['rows']).toEqual(wanted);
    }),
  );
});

it('holds no more rows than may come out, and none of windows that have left', () => {
  const many = Array.from({ length: 100 }, (_, i) => sale('00:00:10', i % 2 ? 'a' : 'b', i));
  const { stateSizes } = playStream(topN, { params, inputs: { rows: sales }, events: [rows(...many), watermark('00:01')] });
  expect(stateSizes.map((size) => size!.entries)).toEqual([4, 0]);
});
