/** Numbers as people write them: what is read, what is refused, and that no digit is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NumberFormat, numberExample, numberFormatProblem, numberReader } from './number-format.ts';

const plain: NumberFormat = { decimal: 'dot', thousands: 'none', units: [], percent: 'none', brackets: false };
const german: NumberFormat = { ...plain, decimal: 'comma', thousands: 'dot' };
const english: NumberFormat = { ...plain, thousands: 'comma' };

describe('a number format', () => {
  it.each<[string, NumberFormat, string]>([
    ['1.234,50', german, '1234.50'],
    ['1234,5', german, '1234.5'],
    ['-1.234.567', german, '-1234567'],
    ['12,50-', german, '-12.50'],
    ['\u2212 5', german, '-5'],
    ['+5', german, '5'],
    [',5', german, '0.5'],
    ['5,', german, '5'],
    ['-0,00', german, '0.00'],
    ['007', plain, '7'],
    ['1.5E-3', plain, '1.5e-3'],
    ['12345678901234567890.12345678901234567890', plain, '12345678901234567890.12345678901234567890'],
    ['1\u00a0234\u202f567,8', { ...german, thousands: 'space' }, '1234567.8'],
    ['1\u2019234.5', { ...plain, thousands: 'apostrophe' }, '1234.5'],
    ['1_000', { ...plain, thousands: 'underscore' }, '1000'],
    ['$ 1,234.5', { ...english, units: ['$', 'USD'] }, '1234.5'],
    ['-$5', { ...english, units: ['$'] }, '-5'],
    ['$-5', { ...english, units: ['$'] }, '-5'],
    ['5 USD', { ...english, units: ['US', 'USD'] }, '5'],
    ['(1,234.50)', { ...english, brackets: true }, '-1234.50'],
    ['$(5)', { ...english, units: ['$'], brackets: true }, '-5'],
    ['($5)', { ...english, units: ['$'], brackets: true }, '-5'],
    ['12.5 %', { ...plain, percent: 'fraction' }, '0.125'],
    ['-7%', { ...plain, percent: 'fraction' }, '-0.07'],
    ['1250%', { ...plain, percent: 'fraction' }, '12.50'],
    ['12.5 %', { ...plain, percent: 'number' }, '12.5'],
    ['12.5', { ...plain, percent: 'number' }, '12.5'],
  ])('%j is read', (text, format, expected) => expect(numberReader(format)(text)).toBe(expected));

  it.each<[string, NumberFormat]>([
    ['', german],
    ['-', german],
    [',', german],
    ['12.50', german],
    ['1.23.456', german],
    ['1.2345', german],
    ['0.125', german],
    ['00.125', german],
    ['0,125', english],
    ['1,2,3', german],
    ['1,234.5', german],
    ['12 34', { ...german, thousands: 'space' }],
    ['--5', german],
    ['-5-', german],
    ['(5)', german],
    ['-(5)', { ...german, brackets: true }],
    ['(-5)', { ...german, brackets: true }],
    ['(5', { ...german, brackets: true }],
    ['5 €', german],
    ['€ 5 €', { ...german, units: ['€'] }],
    ['5 $', { ...german, units: ['€'] }],
    ['5 %', german],
    ['5', { ...german, percent: 'fraction' }],
    ['NaN', german],
    ['0x10', plain],
    ['١٢', plain],
  ])('%j is refused', (text, format) => expect(numberReader(format)(text)).toBeNull());

  it('is ambiguous with one sign for both', () => {
    expect(numberFormatProblem({ decimal: 'comma', thousands: 'comma' })).toContain('both a comma');
    expect(numberFormatProblem(german)).toBeNull();
  });
});

const formats = fc
  .record<NumberFormat>({
    decimal: fc.constantFrom('dot', 'comma'),
    thousands: fc.constantFrom('none', 'comma', 'dot', 'space', 'apostrophe', 'underscore'),
    units: fc.constantFrom<readonly string[]>([], ['€'], ['kg', 'CHF']),
    percent: fc.constantFrom('none', 'number'),
    brackets: fc.boolean(),
  })
  .filter((format) => numberFormatProblem(format) === null);
const digits = (least: number) => fc.array(fc.nat(9), { minLength: least, maxLength: 25 }).map((list) => list.join(''));

it('gives back every digit of what is written in its format', () => {
  fc.assert(
    fc.property(formats, digits(1), fc.option(digits(1)), fc.boolean(), fc.boolean(), (format, whole, fraction, isNegative, isGrouped) => {
      const mark = { none: '', comma: ',', dot: '.', space: ' ', apostrophe: "'", underscore: '_' }[format.thousands];
      const grouped = isGrouped && !whole.startsWith('0') ? whole.replace(/\B(?=(\d{3})+$)/g, mark) : whole;
      const number = `${grouped}${fraction === null ? '' : `${format.decimal === 'dot' ? '.' : ','}${fraction}`}`;
      const signed = !isNegative ? number : format.brackets ? `(${number})` : `-${number}`;
      const text = `${signed}${format.percent === 'number' ? ' %' : ''}${format.units.length > 0 ? ` ${format.units[0]}` : ''}`;
      const read = numberReader(format)(text);
      const zero = !/[1-9]/.test(whole + (fraction ?? ''));
      const expected = `${isNegative && !zero ? '-' : ''}${whole.replace(/^0+(?=\d)/, '')}${fraction === null ? '' : `.${fraction}`}`;
      expect(read).toBe(expected);
    }),
  );
});

it('reads its own example, and is total and quick', () => {
  fc.assert(
    fc.property(formats, fc.string(), (format, text) => {
      const read = numberReader(format);
      expect(read(numberExample(format))).toBe('-1234.5');
      expect(Number(read(text) ?? 0)).not.toBeNaN();
    }),
  );
  expect(numberReader(german)('1.'.repeat(100_000))).toBeNull();
  expect(numberReader({ ...german, thousands: 'space' })(`${' '.repeat(100_000)}x`)).toBeNull();
});
