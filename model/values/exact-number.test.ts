import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactNumber } from './exact-number.ts';

const readOrWhy = (text: string) => {
  const found = exactNumber(text);
  return found.ok ? found.value : found.why;
};

describe('a number that was typed', () => {
  it('is read in each of the usual forms', () => {
    expect(['10', ' 007 ', '-2.50', '+1', '.5', '1.', '1e6', '12.5E-3', '0.0', '-0'].map(readOrWhy)).toEqual([10, 7, -2.5, 1, 0.5, 1, 1e6, 0.0125, 0, -0]);
  });

  it('is refused where it would be rounded, or is none', () => {
    expect(readOrWhy('9007199254740992')).toBe(2 ** 53);
    expect(exactNumber('9007199254740993')).toEqual({
      ok: false,
      why: 'has more digits than a number can hold',
      hint: 'The nearest number is 9007199254740992.',
    });
    expect(['0.12345678901234567890', '1e-400'].map(readOrWhy)).toEqual(Array(2).fill('has more digits than a number can hold'));
    expect(readOrWhy('1e400')).toBe('is too large for a number');
    expect(['', '-', '1e', '1,000', '1_000', '0x10', 'ten', 'NaN', 'Infinity', '1 2'].map(readOrWhy)).toEqual(Array(10).fill('is not a number'));
  });

  it('comes back as it was written, for every number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => readOrWhy(String(value)) === (value === 0 ? 0 : value) || value === 0),
    );
  });
});
