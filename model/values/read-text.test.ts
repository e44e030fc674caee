import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferFromText } from '../schema/infer.ts';
import { isExactDecimal, TrailingZeros } from './exact.ts';
import { readText, widerType } from './read-text.ts';
import type { ColumnType } from './types.ts';
import { castValue, formatValue } from './values.ts';

const guess = (...cells: string[]) =>
  inferFromText(
    ['c'],
    cells.map((cell) => [cell]),
  ).columns[0]!.type;

/** A cell that shows its type by itself. */
const plain = {
  boolean: 'true',
  integer: '1',
  number: '0.5',
  decimal: '9007199254740993',
  timestamp: '2026-01-31T12:00:00Z',
  date: '2026-01-31',
} as const;
const types = Object.keys(plain) as (keyof typeof plain)[];

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 });
const sign = fc.constantFrom('', '', '-', '+');
const cell = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...'0123456789.eE+- '), maxLength: 20 }),
  fc.tuple(sign, digits).map((parts) => parts.join('')),
  fc.tuple(sign, digits, fc.constant('.'), digits).map((parts) => parts.join('')),
  fc.tuple(sign, digits, fc.constantFrom('e', 'E', 'e-', 'E+'), digits).map((parts) => parts.join('')),
  fc.double({ noNaN: true }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toPrecision(17)),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  fc.constantFrom('007', '+49', '-0', '-0.0', 'true', 'TRUE', '1.0', '1.', '.5', '12E45', '2026-01-31', '2026-01-31T12:00', '2026-01-31T12:00:00.123456'),
);

describe('the guess and the cast behind the sample', () => {
  it('agree on every text', () => {
    fc.assert(
      fc.property(cell, fc.constantFrom(...types), (text, type) => {
        const zeros = new TrailingZeros();
        readText(plain[type], type, zeros);
        expect(readText(text, type, zeros).ok).toBe(guess(plain[type], text) === type);
      }),
      { numRuns: 3000 },
    );
  });

  it('agree on every column of decimals, in any order', () => {
    const decimal = fc
      .tuple(fc.constantFrom('0', '1', '12'), fc.constantFrom('', '.0', '.5', '.50', '.9', '.10', '.125', '.250'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 6 }), (cells) => {
        const zeros = new TrailingZeros();
        readText('0.5e-3', 'number', zeros);
        const fits = cells.every((text) => readText(text, 'number', zeros).ok);
        expect(fits).toBe(guess('0.5e-3', ...cells) === 'number');
        expect(guess('0.5e-3', ...cells.toReversed()) === 'number').toBe(fits);
      }),
    );
  });

  it('lose nothing but spellings', () => {
    fc.assert(
      fc.property(cell, fc.constantFrom('integer', 'number'), (text, type: ColumnType) => {
        const read = readText(text, type);
        if (!read.ok || read.value === null) return;
        // Signs, points, exponents, leading and trailing zeros: what is left are the significant digits.
        const told = (number: string) =>
          number
            .replace(/[eE].*/, '')
            .replace(/[-+. ]/g, '')
            .replace(/^0+|0+$/g, '');
        const printed = [formatValue(read.value, type), ...[15, 16, 17].map((count) => (read.value as number).toPrecision(count))].map(told);
        expect(printed).toContain(told(text.trim()));
        if (type === 'integer') expect(formatValue(read.value, type)).toBe(text.trim());
      }),
      { numRuns: 2000 },
    );
  });

  it('lose nothing of decimals but a zero before the point, and the sign of zero', () => {
    fc.assert(
      fc.property(cell, (text) => {
        const read = readText(text, 'decimal');
        if (!read.ok || read.value === null) return;
        const told = (number: string) => (/[1-9]/.test(number) ? number : number.replace('-', '')).replace(/^(-?)\./, '$10.');
        expect(read.value).toBe(told(text.trim()));
      }),
      { numRuns: 2000 },
    );
  });

  it('take every number that was written by formatValue', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(readText(formatValue(value, 'number'), 'number')).toEqual({ ok: true, value: value === 0 ? 0 : value });
      }),
    );
  });
});

describe('a cell that does not fit', () => {
  it.each<[string, 'integer' | 'number' | 'decimal' | 'timestamp' | 'boolean', string, ColumnType]>([
    ['007', 'integer', '"007" as an integer would not be what was written', 'string'],
    ['+49', 'integer', '"+49" as an integer would not be what was written', 'string'],
    ['-0', 'integer', '"-0" as an integer would not be what was written', 'number'],
    ['1.5', 'integer', '"1.5" is not a whole number', 'number'],
    ['9007199254740992', 'integer', '"9007199254740992" is beyond 2^53, where whole numbers would be rounded', 'decimal'],
    ['9007199254740993', 'number', '"9007199254740993" is beyond 2^53, where whole numbers would be rounded', 'decimal'],
    ['0.1234567890123456789', 'number', '"0.1234567890123456789" has more digits than a number keeps', 'decimal'],
    ['12E45', 'number', '"12E45" as a number would not be what was written', 'string'],
    ['1e-7', 'decimal', '"1e-7" as a decimal would be written without its exponent', 'string'],
    ['007', 'decimal', '"007" as a decimal would not be what was written', 'string'],
    ['1', 'boolean', '"1" as a boolean would not be what was written', 'string'],
    ['2026-01-31T12:00:00.123456Z', 'timestamp', '"2026-01-31T12:00:00.123456Z" is finer than milliseconds', 'string'],
  ])('%s as %s: the message says why, and there is a wider type', (text, type, message, wider) => {
    expect(readText(text, type)).toEqual({ ok: false, message });
    expect(widerType(text, type)).toBe(wider);
    expect(readText(text, wider).ok).toBe(true);
  });

  it('is told of zeros that its neighbours give a meaning', () => {
    const zeros = new TrailingZeros();
    expect(readText('1.9', 'number', zeros).ok).toBe(true);
    expect(readText('1.10', 'number', zeros)).toMatchObject({ ok: false, message: expect.stringContaining('another number of decimals') });
    // A user who says that the column contains numbers gets them.
    expect(castValue('1.10', 'number')).toEqual({ ok: true, value: 1.1 });
  });
});

it.each(['0.1', '0.10000000000000001', '693917784516345.2', '1e-7', '5e-324', '1.7976931348623157e308', '-.50', '000.000'])('%s is exact', (text) =>
  expect(isExactDecimal(text)).toBe(true),
);
it.each(['0.1000000000000000055', '9007199254740993', '12345678901234.123456', '1e999', '1e-999', '1.2345e-320'])('%s is not exact', (text) =>
  expect(isExactDecimal(text)).toBe(false),
);
