import { expect, it } from 'vitest';
import { estimateBytes } from './keyed-size.ts';

/** The memory of the value by its parts: 8 bytes for a number, including its place in a list; 16 plus its letters for a text. */
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
