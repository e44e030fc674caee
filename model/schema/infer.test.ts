import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { castValue, formatValue } from '../values/values.ts';
import { inferFromJson, inferFromText } from './infer.ts';

const textTypes = (...cells: (string | null)[]) =>
  inferFromText(
    ['c'],
    cells.map((cell) => [cell]),
  ).columns[0]!.type;
const jsonTypes = (...cells: unknown[]) => inferFromJson(cells.map((c) => ({ c }))).columns[0]!.type;

describe('inferFromText', () => {
  it.each<[string, (string | null)[]]>([
    ['integer', ['1', '-20', null, '']],
    ['number', ['1', '2.5']],
    ['number', ['-.5', '1e-7']],
    ['boolean', ['true', 'False']],
    ['timestamp', ['2024-01-31', '2024-01-31T12:00:00Z']],
    ['string', ['00123', '7']],
    ['number', ['-0']],
    ['string', ['+49301234']],
    ['decimal', ['12', '9007199254740993']],
    ['string', ['1', 'true']],
    ['string', ['2024-01-31', 'today']],
    ['string', ['.', '-']],
    ['string', ['1e999']],
    ['string', ['12E45', '713752e1']],
    ['number', ['1.2e5', '3E-7', '6e+23']],
    ['decimal', ['0.5', '12345678901234.123456']],
    ['decimal', ['0.1234567890123456789']],
    ['number', ['0.10000000000000001', '123456789012345.67']],
    ['string', ['1.9', '1.10']],
    ['string', ['1.20', '1.9']],
    ['string', ['1.25', '3.5', '2.00']],
    ['number', ['12.50', '3', '-0.99']],
    ['number', ['1.0', '2.25', '3.125']],
    ['number', ['0.5', '9007199254740992']],
    ['decimal', ['5', '9007199254740992']],
    ['decimal', ['0.5', '9007199254740993']],
    ['decimal', ['1.9', '1.10', '0.1234567890123456789']],
    ['decimal', ['9007199254740993', '-0', '.5']],
    ['string', ['9007199254740993', '007']],
    ['string', ['9007199254740993', '+49']],
    ['string', ['9007199254740993', '1e-7']],
    ['string', ['1e-7', '0.1234567890123456789', '1']],
    ['string', ['1'.repeat(1001)]],
    ['timestamp', ['2024-01-31T12:00:00.123000Z']],
    ['string', ['2024-01-31T12:00:00.123456Z']],
    ['string', [null, '']],
    ['string', []],
  ])('finds %s in %j', (type, cells) => {
    expect(textTypes(...cells)).toBe(type);
  });

  it('names every column, once', () => {
    const { columns } = inferFromText(['a', '', 'a', 'a_2', 'column_2', 'a'], []);
    expect(columns.map((column) => column.name)).toEqual(['a', 'column_2_2', 'a_3', 'a_2', 'column_2', 'a_4']);
  });

  it('loses nothing: every cell casts to the type and is written back alike', () => {
    const cell = fc.oneof(
      fc.maxSafeInteger().map(String),
      fc.bigInt().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.constantFrom('007', '-0', 'true', '', '2024-01-31', 'north'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 4 }), (cells) => {
        const type = textTypes(...cells);
        for (const text of cells) {
          const cast = castValue(text, type, 'string');
          expect(cast.ok).toBe(true);
          if (cast.ok && type === 'integer' && cast.value !== null) expect(formatValue(cast.value, type)).toBe(text.trim());
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('inferFromJson', () => {
  it.each<[string, unknown[]]>([
    ['integer', [1, null, undefined]],
    ['number', [1, 2.5]],
    ['number', [1e300]],
    ['decimal', [1, 9007199254740992]],
    ['decimal', [9007199254740993n, 2.5]],
    ['boolean', [true, false]],
    ['timestamp', ['2024-01-31T12:00']],
    ['string', ['2024-01-31', 'x']],
    ['string', ['12']],
    ['json', [{ a: 1 }, [1]]],
    ['json', [1, 'a']],
    ['json', [null]],
  ])('finds %s in %o', (type, cells) => {
    expect(jsonTypes(...cells)).toBe(type);
  });

  it('keeps the order in which columns appear', () => {
    const { columns } = inferFromJson([{ b: 1 }, { a: 1, b: 2 }]);
    expect(columns).toEqual([
      { name: 'b', type: 'integer', nullable: true, nulls: 'unseen' },
      { name: 'a', type: 'integer', nullable: true },
    ]);
  });
});
