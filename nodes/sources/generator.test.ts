import { describe, expect, it } from 'vitest';
import { randomAt } from '../formats/random.ts';
import { readSource } from '../formats/source-testing.ts';
import generator from './generator.ts';

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
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

it('says when its first time is none', async () => {
  expect((await read({ start: 'soon', count: 0 })).problems).toMatchObject([{ field: 'start', severity: 'error' }]);
});
