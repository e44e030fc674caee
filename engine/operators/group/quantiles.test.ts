import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Quantiles } from './quantiles.ts';

const fractions = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1];

it('is exact for few values', () => {
  const quantiles = new Quantiles();
  for (const value of [30, 10, 20, 40]) quantiles.add(value);
  expect([0, 0.5, 0.75, 1].map((fraction) => quantiles.at(fraction))).toEqual([10, 25, 32.5, 40]);
  expect(new Quantiles().at(0.5)).toBeNull();
});

it('is within half a percent of the value of the right rank for many', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 50, maxLength: 100 }), (some) => {
      const values = Array.from({ length: 20_000 }, (_, i) => some[i % some.length]! * (1 + (i % 7)));
      const quantiles = new Quantiles();
      for (const value of values) quantiles.add(value);
      const again = Quantiles.restore(JSON.parse(JSON.stringify(quantiles.snapshot())));
      const sorted = Float64Array.from(values).sort();
      for (const fraction of fractions) {
        const exact = sorted[Math.floor(fraction * (sorted.length - 1))]!;
        const answer = quantiles.at(fraction)!;
        expect(Math.abs(answer - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.005 + 1e-300);
        expect(again.at(fraction)).toBe(answer);
      }
    }),
    { numRuns: 20 },
  );
});
