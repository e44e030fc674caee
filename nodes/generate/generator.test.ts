import { createHash } from 'node:crypto';
import { defaultsOf } from '@millrace/kit/params';
import { everySource } from '@millrace/kit/sources/every-source';
import { readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import generator from './generator.ts';
import { randomAt } from './random.ts';

const defaults = defaultsOf(generator.params);

const read = (params: { readonly [param: string]: unknown }, options: Parameters<typeof readSource>[3] = {}) => readSource(generator, '.', params, options);

it('makes the same rows for the same seed, in any batches and from any position', async () => {
  const { rows } = await read({ count: 500 });
  expect(rows.length).toBe(500);
  expect((await read({ count: 500 }, { batchSize: 7 })).rows).toEqual(rows);
  expect((await read({ count: 500 }, { start: { rows: 123 } })).rows).toEqual(rows.slice(123));
  expect((await read({ count: 500, seed: 2 })).rows).not.toEqual(rows);
});

it('makes readings that could be real', async () => {
  const { rows } = await read({ count: 20_000, sensors: 8, step: 60_000 });
  const column = <T>(name: string) => rows.map((row) => row[name] as T);
  const share = <T>(name: string, value: T) => column<T>(name).filter((other) => other === value).length / rows.length;
  expect(new Set(column('sensor')).size).toBe(8);
  expect([...new Set(column<string>('region'))].sort()).toEqual(['east', 'north', 'south', 'west']);
  expect(share('temperature', null)).toBeCloseTo(0.01, 2);
  expect(share('status', 'error')).toBeCloseTo(0.01, 2);
  expect(column<number>('time').every((time, i) => time === Date.UTC(2026, 0, 1) + i * 60_000)).toBe(true);
  const temperatures = column<number | null>('temperature').filter((value) => value !== null);
  expect(Math.min(...temperatures)).toBeGreaterThan(0);
  expect(Math.max(...temperatures)).toBeLessThan(40);
});

it('has random numbers that are spread evenly, whichever argument counts up', () => {
  for (const at of [(i: number) => randomAt(1, i, 0), (i: number) => randomAt(i, 0, 0), (i: number) => randomAt(1, 2 ** 40 + i, 3)]) {
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const bucket = Math.floor(at(i) * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const n of buckets) expect(Math.abs(n - 1000)).toBeLessThan(150);
  }
});

describe('at a rate', () => {
  it('takes its time', async () => {
    const started = performance.now();
    const { rows } = await read({ count: 61, rate: 200 });
    expect(rows.length).toBe(61);
    expect(performance.now() - started).toBeGreaterThan(280);
  });
  it('stops at once', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const started = performance.now();
    expect((await read({ count: 10, rate: 0.001 }, { signal: stop.signal })).rows.length).toBe(1);
    expect(performance.now() - started).toBeLessThan(100_000);
  });
});

it('says when its first time is none', async () => {
  expect((await read({ start: 'soon', count: 0 })).problems).toMatchObject([{ field: 'start', severity: 'error' }]);
});

it('makes the rows that it always made', async () => {
  const { rows } = await read({ count: 1000, seed: 7 });
  const digest = createHash('sha256').update(JSON.stringify(rows)).digest('hex');
  expect(digest).toBe('c4f1d75f944974ff67f22f601409582aa1f09cb57ec845d9fbd6f16b3509be61');
});

describe('endlessly', () => {
  it('makes the same rows, and has no end', async () => {
    const stop = new AbortController();
    const endless = generator.bounded as (params: object) => boolean;
    expect([endless({ endless: true }), endless({ endless: false })]).toEqual([false, true]);
    const context = {
      params: { ...defaults, endless: true, count: 3 },
      batchSize: 1000,
      start: { rows: 10 },
      signal: stop.signal,
      now: Date.now,
      sample: false,
    };
    const reader = await generator.run(context as never);
    const batch = await reader.read();
    expect(batch?.rows).toEqual((await read({ count: 1010 })).rows.slice(10));
    expect(reader.progress?.()).toEqual({ done: 1010, total: null, unit: 'rows' });
  });
});

describe('out of order', () => {
  const inOrder = async (count: number, seed: number) => (await read({ count, seed, step: 100 })).rows;

  it('makes the same rows in another order, no time further behind the greatest than the bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 300 }),
        fc.nat({ max: 5000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat({ max: 9 }),
        async (count, disorder, batchSize, seed) => {
          const { rows, positions } = await read({ count, disorder, step: 100, seed }, { batchSize });
          const byTime = [...rows].sort((a, b) => (a['time'] as number) - (b['time'] as number));
          expect(byTime).toEqual(await inOrder(count, seed));
          let greatest = Number.NEGATIVE_INFINITY;
          for (const { time } of rows as readonly { readonly time: number }[]) {
            expect(greatest - time).toBeLessThanOrEqual(disorder);
            greatest = Math.max(greatest, time);
          }
          const half = positions[positions.length >> 1];
          if (half) expect((await read({ count, disorder, step: 100, seed }, { start: half.position })).rows).toEqual(rows.slice(half.rows));
        },
      ),
      { numRuns: 50 },
    );
    const { rows } = await read({ count: 100, disorder: 2000, step: 100 });
    expect(rows).not.toEqual(await inOrder(100, 1));
  });

  it('makes none of them late for a watermark with that bound', async () => {
    const params = { count: 5000, disorder: 3000, step: 100, eventTime: 'column', outOfOrder: 3000 };
    const { rows, positions } = await readSource(everySource(generator), '.', params, { batchSize: 10 });
    expect(lateRows(rows, positions)).toBe(0);
    const tooTight = await readSource(everySource(generator), '.', { ...params, outOfOrder: 500 }, { batchSize: 10 });
    expect(lateRows(tooTight.rows, tooTight.positions)).toBeGreaterThan(0);
  });

  it('makes late rows on request', async () => {
    const params = { count: 5000, disorder: 500, step: 100, lateShare: 5, lateness: 60_000, eventTime: 'column', outOfOrder: 500 };
    const { rows, positions } = await readSource(everySource(generator), '.', params, { batchSize: 10 });
    expect(lateRows(rows, positions) / rows.length).toBeCloseTo(0.05, 1);
    expect((await readSource(everySource(generator), '.', params, { batchSize: 77 })).rows).toEqual(rows);
  });
});

it('gives times by the clock', async () => {
  let clock = 1000;
  const { rows } = await read({ count: 4, times: 'clock' }, { batchSize: 2, now: () => clock++ });
  expect(rows.map(({ time }) => time)).toEqual([1000, 1000, 1001, 1001]);
  const mixed = await read({ count: 1000, times: 'clock', disorder: 50 }, { now: () => 1000 });
  const times = mixed.rows.map(({ time }) => time as number);
  expect([Math.min(...times), Math.max(...times)]).toEqual([950, 1000]);
});

it('does not wait for its rate in a preview', async () => {
  const context = { params: { ...defaults, rate: 0.001 }, batchSize: 100, start: null, signal: new AbortController().signal, now: Date.now, sample: true };
  const reader = await generator.run(context as never);
  expect(await reader.read()).toMatchObject({ rows: { length: 100 } });
});

function lateRows(rows: readonly Row[], batches: readonly { readonly rows: number; readonly watermark?: number }[]): number {
  let watermark = Number.NEGATIVE_INFINITY;
  let from = 0;
  let late = 0;
  for (const batch of batches) {
    for (const row of rows.slice(from, batch.rows)) if ((row['time'] as number) <= watermark) late++;
    from = batch.rows;
    watermark = batch.watermark ?? watermark;
  }
  return late;
}
