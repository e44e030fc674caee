import { expect, test } from 'vitest';
import { guardedGlobals } from './null-globals.ts';

const own: { readonly [name: string]: any } = globalThis;
const missed = (name: string) => `null for ${name}`;
const failed = (name: string): never => {
  throw new Error(`null for ${name}`);
};
const guarded: { readonly [name: string]: any } = guardedGlobals(own, missed, failed);
const outcome = (make: () => unknown) => {
  try {
    return make();
  } catch (error) {
    return String(error);
  }
};

const given = [[], [7], ['8.5'], [true], [2020, 1], [2020, 1, 2, 3], ['x', 'g'], [0n]];
test.each(['Number', 'String', 'Date', 'isNaN', 'isFinite'])('what is not null is as it was: %s', (name) => {
  const [before, now] = [own[name], guarded[name]];
  for (const values of given) {
    // Of the clock, only its type.
    const told = (value: unknown) => (name === 'Date' && values.length === 0 ? typeof value : value);
    expect(told(outcome(() => now(...values)))).toEqual(told(outcome(() => before(...values))));
    if (name.startsWith('is')) continue;
    const made = outcome(() => new now(...values));
    expect(told(String(made))).toBe(told(outcome(() => String(new before(...values)))));
    const Own = class extends (now as new (...parts: unknown[]) => object) {};
    expect(outcome(() => new Own(...values)) instanceof Own).toBe(made instanceof before);
  }
});

test('null and what was never set are answered by whoever guards', () => {
  for (const name of ['Number', 'String']) for (const value of [null, undefined]) expect(guarded[name](value)).toBe(`null for ${name}`);
  for (const name of ['isNaN', 'isFinite']) expect(guarded[name](null)).toBe(`null for ${name}`);
  expect(guarded['isNaN'](undefined)).toBe(true);
  for (const values of [[null], [2020, null], [2020, 1, null]]) expect(() => new guarded['Date'](...values)).toThrow('null for Date');
  expect(String(new guarded['Date'](undefined))).toBe('Invalid Date');
});
