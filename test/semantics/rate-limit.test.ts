/** What is let through: never more than the limit, each row by one port, and the same again after a restart. */

import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import rateLimit from '../../nodes/rows/rate-limit.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { rows, streamTable, tick, timed, watermark } from './stream.ts';

const columns = schema({ time: 'timestamp', id: 'string', n: 'integer' });
const timedRows = timed(columns, 'time');
const row = (time: number, n: number, id = 'a'): Row => ({ time, id, n });

streamTable(rateLimit, [
  {
    name: 'a row counts in its own stretch, in whatever order rows come; once that is over it is not let through',
    params: { mode: 'rate', keys: ['id'], count: 1, per: 100 },
    inputs: { rows: timedRows },
    events: [rows(row(100, 1), row(99, 2), row(0, 3), row(0, 4, 'b')), watermark(99), rows(row(50, 5, 'c'), row(199, 6), row(200, 7))],
    expect: [
      { after: 0, rows: [row(100, 1), row(99, 2), row(0, 4, 'b')] },
      { after: 0, port: 'rest', rows: [row(0, 3)] },
      { after: 2, rows: [row(200, 7)] },
      { after: 2, port: 'rest', rows: [row(50, 5, 'c'), row(199, 6)] },
    ],
  },
  {
    name: 'without event time the wall clock counts',
    params: { mode: 'rate', count: 1, per: 1000 },
    inputs: { rows: columns },
    events: [tick(5000), rows(row(0, 1), row(0, 2)), tick(5999), rows(row(0, 3)), tick(6000), rows(row(0, 4))],
    expect: [
      { after: 1, rows: [row(0, 1)] },
      { after: 1, port: 'rest', rows: [row(0, 2)] },
      { after: 3, port: 'rest', rows: [row(0, 3)] },
      { after: 5, rows: [row(0, 4)] },
    ],
  },
  {
    name: 'every Nth row of each key, from the first for a key that was forgotten',
    params: { mode: 'every', every: 2, keys: ['id'], ttl: 100 },
    inputs: { rows: timedRows },
    events: [rows(row(0, 1), row(1, 2), row(2, 3), row(2, 4, 'b')), watermark(101), rows(row(102, 5), row(102, 6, 'b'))],
    expect: [
      { after: 0, rows: [row(0, 1), row(2, 3), row(2, 4, 'b')] },
      { after: 0, port: 'rest', rows: [row(1, 2)] },
      { after: 2, rows: [row(102, 5), row(102, 6, 'b')] },
    ],
  },
]);

const many = Array.from({ length: 20_000 }, (_, n) => row(0, n, `key ${n % 2000}`));
const letThrough = (params: Params, list: readonly Row[] = many, restartAfter?: number) =>
  tryTransform(rateLimit, params, { inputs: { rows: { schema: columns, rows: list } }, batchSize: 500, ...(restartAfter !== undefined && { restartAfter }) })
    .outputs;

it('draws about the share, the same one again, other rows with another seed, and more with a larger share', () => {
  const tenth = letThrough({ mode: 'share', share: 10, seed: 1 });
  expect(tenth['rows']!.length + tenth['rest']!.length).toBe(many.length);
  expect(tenth['rows']!.length).toBeGreaterThan(1800);
  expect(tenth['rows']!.length).toBeLessThan(2200);
  expect(letThrough({ mode: 'share', share: 10, seed: 1 }, many, 7)).toEqual(tenth);
  const other = new Set(letThrough({ mode: 'share', share: 10, seed: 2 })['rows']);
  const shared = tenth['rows']!.filter((each) => other.has(each)).length;
  expect(shared).toBeGreaterThan(120);
  expect(shared).toBeLessThan(290);
  const fifth = new Set(letThrough({ mode: 'share', share: 20, seed: 1 })['rows']);
  expect(tenth['rows']!.every((each) => fifth.has(each))).toBe(true);
});

it('draws keys as a whole', () => {
  const { rows, rest } = letThrough({ mode: 'share', share: 30, keys: ['id'] });
  const keys = new Set(rows!.map(({ id }) => id));
  expect(keys.size).toBeGreaterThan(500);
  expect(keys.size).toBeLessThan(700);
  expect(rest!.some(({ id }) => keys.has(id!))).toBe(false);
});

it('lets so many rows of each key and stretch through, and sends each row one way', () => {
  const list = fc.array(fc.record({ time: fc.integer({ min: -300, max: 300 }), id: fc.constantFrom('a', 'b'), n: fc.nat() }), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 4 }), fc.nat(10), (rows, count, restartAfter) => {
      const params = { mode: 'rate', keys: ['id'], count, per: 100 };
      const { outputs } = tryTransform(rateLimit, params, { inputs: { rows: { schema: timedRows, rows } }, restartAfter });
      const stretch = ({ time, id }: Row) => `${Math.floor((time as number) / 100)} ${id}`;
      const seen = new Map<string, number>();
      const wanted = rows.filter((each) => {
        const before = seen.get(stretch(each)) ?? 0;
        seen.set(stretch(each), before + 1);
        return before < count;
      });
      expect(outputs['rows']).toEqual(wanted);
      expect(outputs['rest']).toEqual(rows.filter((each) => !wanted.includes(each)));
    }),
  );
});
