/** Scores of values against those before: as an exact computation has them, however large, and however many have come and gone. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import anomaly from '../../nodes/aggregates/anomaly.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { rows, streamTable, timed, watermark } from './stream.ts';

const columns = timed(schema({ time: 'timestamp', id: 'string', n: 'number?' }), 'time');

/** Mean and sample deviation in whole numbers, without rounding up to the last step: values are multiples of 2^-10. */
function exact(values: readonly number[]): { mean: number; deviation: number } {
  const units = values.map((value) => BigInt(value * 1024));
  const count = BigInt(units.length);
  const sum = units.reduce((a, b) => a + b, 0n);
  const squares = units.reduce((total, unit) => total + (unit * count - sum) ** 2n, 0n);
  return { mean: Number(sum) / 1024 / values.length, deviation: Math.sqrt(Number(squares) / Number(count) ** 2 / (values.length - 1)) / 1024 };
}

/** Values near a base, with outliers that are many magnitudes larger: what taking out of a sum of squares cannot bear. */
const wild = fc.tuple(
  fc.constantFrom(0, 1e6, -1e9),
  fc.array(fc.tuple(fc.integer({ min: -4096, max: 4096 }), fc.constantFrom(0, 0, 0, 0, 0, 2 ** 30)), { maxLength: 150, size: 'max' }),
);

it.each([
  ['the last rows', { compare: 'rows', rows: 7 }, (values: readonly number[], i: number) => values.slice(Math.max(0, i - 7), i)],
  ['the last period of time', { compare: 'duration', duration: 70 }, (values: readonly number[], i: number) => values.slice(Math.max(0, i - 6), i)],
] as const)('scores against %s as an exact computation does', (_, compare, windowOf) => {
  fc.assert(
    fc.property(wild, fc.nat(20), ([base, parts], restartAfter) => {
      const values = parts.map(([small, large]) => base + small / 1024 + large);
      const list = values.map((n, i) => ({ time: i * 10, id: 'a', n }));
      const given = { column: 'n', warmup: 2, ...compare };
      const { outputs } = tryTransform(anomaly, given, { inputs: { rows: { schema: columns, rows: list } }, batchSize: 5, restartAfter });
      values.forEach((value, i) => {
        const window = windowOf(values, i);
        const { expected, score, is_anomaly } = outputs['rows']![i] as { expected: number | null; score: number | null; is_anomaly: boolean };
        if (window.length === 0) expect(expected).toBe(null);
        if (window.length < 2) {
          expect([score, is_anomaly]).toEqual([null, false]);
          return;
        }
        const { mean, deviation } = exact(window);
        // The mean to the precision of the greatest value.
        expect(Math.abs(expected! - mean)).toBeLessThanOrEqual(1e-13 * Math.max(...window.map(Math.abs)));
        if (score === null) {
          expect(deviation).toBe(0);
          expect(is_anomaly).toBe(true);
        } else if (deviation > 0) {
          const found = (value - expected!) / score || deviation;
          expect(Math.abs(found - deviation)).toBeLessThanOrEqual(1e-9 * deviation + 64 * Number.EPSILON * Math.max(...window.map(Math.abs)));
          expect(is_anomaly).toBe(Math.abs(score) > 3);
        }
      });
    }),
  );
});

it('weighs as the definition of an exponential mean does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 40, size: 'max' }),
      fc.double({ min: 0.5, max: 20, noNaN: true }),
      (values, halfLife) => {
        const given = { column: 'n', compare: 'weighted', halfLife, warmup: 2 };
        const list = values.map((n) => ({ time: 0, id: 'a', n }));
        const { outputs } = tryTransform(anomaly, given, { inputs: { rows: { schema: columns, rows: list } } });
        const decay = 0.5 ** (1 / halfLife);
        values.forEach((_, i) => {
          if (i === 0) return;
          // Value j weighs (1 - decay) * decay^(steps since), the first one all that is left.
          const weights = values.slice(0, i).map((_, j) => (j === 0 ? 1 : 1 - decay) * decay ** (i - 1 - j));
          const mean = weights.reduce((total, weight, j) => total + weight * values[j]!, 0);
          const variance = weights.reduce((total, weight, j) => total + weight * (values[j]! - mean) ** 2, 0);
          const { expected, score } = outputs['rows']![i] as { expected: number; score: number | null };
          expect(Math.abs(expected - mean)).toBeLessThanOrEqual(1e-9);
          if (i >= 2 && variance > 1e-6)
            expect(Math.abs(score! - (values[i]! - mean) / Math.sqrt(variance))).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(score!)));
        });
      },
    ),
  );
});

const given = { keys: ['id'], column: 'n', warmup: 2 };
const scored = (time: number, n: number | null, expected: number | null, score: number | null, is_anomaly = false): Row => ({
  time,
  id: 'a',
  n,
  expected,
  score,
  is_anomaly,
});
const reading = (time: number, n: number | null): Row => ({ time, id: 'a', n });
streamTable(anomaly, [
  {
    name: 'over the last period of time, a late value takes its place, and one that is too old does not count',
    params: { ...given, compare: 'duration', duration: 100 },
    inputs: { rows: columns },
    events: [
      rows(reading(100, 4), reading(150, 8), reading(60, 3), reading(50, 1000)),
      watermark(149),
      rows(reading(159, 6), reading(160, 5), reading(260, 9)),
    ],
    expect: [
      {
        after: 0,
        rows: [scored(100, 4, null, null), scored(150, 8, 4, null), scored(60, 3, 6, -3 / Math.sqrt(8)), scored(50, 1000, 5, 995 / Math.sqrt(7), true)],
      },
      { after: 2, rows: [scored(159, 6, 5, 1 / Math.sqrt(7)), scored(160, 5, 6, -0.5), scored(260, 9, null, null)] },
    ],
  },
  {
    name: 'a key that is forgotten has to warm up again; null changes nothing',
    params: { ...given, ttl: 100 },
    inputs: { rows: columns },
    events: [rows(reading(0, 1), reading(1, 3), reading(2, null), reading(3, 2)), watermark(103), rows(reading(104, 2))],
    expect: [
      { after: 0, rows: [scored(0, 1, null, null), scored(1, 3, 1, null), scored(2, null, 2, null), scored(3, 2, 2, 0)] },
      { after: 2, rows: [scored(104, 2, null, null)] },
    ],
  },
  {
    name: 'after equal values, an equal one has the score 0, and another one is an anomaly without a score',
    params: given,
    inputs: { rows: columns },
    events: [rows(reading(0, 4), reading(1, 4), reading(2, 4), reading(3, 5))],
    expect: [{ after: 0, rows: [scored(0, 4, null, null), scored(1, 4, 4, null), scored(2, 4, 4, 0), scored(3, 5, 4, null, true)] }],
  },
  {
    name: 'values that numbers can hardly hold give no score',
    params: given,
    inputs: { rows: columns },
    events: [rows(reading(0, 1e308), reading(0, -1e308), reading(0, 1e308))],
    expect: [{ after: 0, rows: [scored(0, 1e308, null, null), scored(0, -1e308, 1e308, null), scored(0, 1e308, null, null)] }],
  },
  {
    name: 'the last period of time needs an event time, and a name that is taken is a problem',
    params: { column: 'score', compare: 'duration' },
    inputs: { rows: schema({ score: 'number' }) },
    events: [],
    expect: [],
    problems: ['"score"', 'no event time'],
  },
]);
