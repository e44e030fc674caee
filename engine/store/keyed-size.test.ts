import { expect, it } from 'vitest';
import { estimateBytes } from './keyed-size.ts';

/** What this takes when it is parted into its values: 8 bytes for a number, a place in a list included, 16 and its letters for a text. */
const whole = (value: unknown): number => {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((bytes: number, each) => bytes + whole(each), 32);
};

it('counts what is in rows within groups within a chunk', () => {
  const row = (i: number) => [i, i + 0.5, 'a text of some length', null];
  const chunk = {
    count: 100,
    keys: [Array.from({ length: 100 }, (_, i) => i)],
    extracted: Array.from({ length: 100 }, () => Array.from({ length: 9 }, (_, i) => row(i))),
  };
  expect(estimateBytes(chunk) / whole(chunk)).toBeCloseTo(1, 1);
});
