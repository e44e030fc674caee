import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageOf, compareDecimals, decimalExactly, decimalKey, decimalOf, isDecimalValue, quotientOf, scaledOf, scaledTo, sumOf, textOf } from './decimal.ts';

const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(30)).map(([units, scale]) => textOf({ units, scale }));

describe('decimalOf', () => {
  it.each([
    ['12.50', '12.50'],
    ['+5', '5'],
    ['007', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-0', '0'],
    ['-0.00', '0.00'],
    ['1.20e3', '1200'],
    ['1.5E-3', '0.0015'],
    ['9007199254740993', '9007199254740993'],
    ['1e999', `1${'0'.repeat(999)}`],
  ])('%s is %s', (text, expected) => expect(decimalOf(text)).toBe(expected));

  it.each(['', '.', '-', 'abc', '1,5', '1e', '0x10', 'Infinity', '1 2', '1e1000', '1e-1001', '1e999999999999', '1'.repeat(1001)])('%s is none', (text) =>
    expect(decimalOf(text)).toBeNull(),
  );

  it('takes no time for texts that would be very long decimals', () => {
    expect(decimalOf(`1e${'9'.repeat(100_000)}`)).toBeNull();
    expect(decimalOf(`0.${'0'.repeat(1_000_000)}1`)).toBeNull();
    expect(decimalOf(`${'0'.repeat(1_000_000)}1.5`)).toBe('1.5');
  });
});

it('is told exactly only by texts without exponents, signs and zeros in front', () => {
  for (const text of ['1e5', '1.5e-7', '+5', '007', '5.']) expect(decimalExactly(text)).toBeNull();
  for (const text of ['12.50', '-0.10', '0', '9007199254740993']) expect(decimalExactly(text)).toBe(text);
});

it('has one key, and one place in the order, for all texts of a value', () => {
  fc.assert(
    fc.property(decimal, decimal, fc.nat(5), (a, b, zeros) => {
      const longer = textOf(scaledTo(scaledOf(a), scaledOf(a).scale + zeros));
      expect(decimalKey(longer)).toBe(decimalKey(a));
      expect(isDecimalValue(decimalKey(a))).toBe(true);
      expect(compareDecimals(a, longer)).toBe(0);
      const difference = sumOf(scaledOf(a), { ...scaledOf(b), units: -scaledOf(b).units }).units;
      expect(Math.sign(compareDecimals(a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      expect(Math.sign(compareDecimals(longer, b))).toBe(-Math.sign(compareDecimals(b, longer)) + 0);
    }),
  );
});

it('calculates as Python does', () => {
  const cases = fc.sample(fc.tuple(decimal, decimal, fc.nat(20)), 400);
  const asked = cases.map(([a, b, digits]) => ({ a, b, digits }));
  const found = spawnSync('python3', ['-c', python], { input: JSON.stringify(asked), encoding: 'utf8', maxBuffer: 1 << 26 });
  expect(found.stderr).toBe('');
  const plain = (text: string) => (/^-?0(\.0+)?$/.test(text) ? text.replace('-', '') : text);
  for (const [i, expected] of (JSON.parse(found.stdout) as string[][]).entries()) {
    const [a, b] = [scaledOf(cases[i]![0]), scaledOf(cases[i]![1])];
    const digits = cases[i]![2];
    const own = [
      textOf(sumOf(a, b)),
      textOf({ units: a.units * b.units, scale: a.scale + b.scale }),
      textOf(scaledTo(a, digits)),
      textOf(scaledTo(a, digits, 'half-even')),
      ...(b.units === 0n ? [] : [textOf(quotientOf(a, b, digits)), textOf(quotientOf(a, b, digits, 'half-even'))]),
    ];
    expect(own).toEqual(expected.map(plain));
  }
});

const python = `
import json, sys
from decimal import Decimal, getcontext, ROUND_HALF_UP, ROUND_HALF_EVEN
from fractions import Fraction
getcontext().prec = 1000
def rounded(value, digits, mode):
    return format(value.quantize(Decimal(1).scaleb(-digits), rounding=mode), 'f')
def quotient(a, b, digits, mode):
    f = Fraction(a) / Fraction(b) * 10 ** digits
    n, d = abs(f.numerator), f.denominator
    q, r = divmod(n, d)
    if 2 * r > d or (2 * r == d and (mode == ROUND_HALF_UP or q % 2 == 1)): q += 1
    return format((Decimal(q) * (-1 if f < 0 else 1)).scaleb(-digits), 'f')
out = []
for case in json.load(sys.stdin):
    a, b, digits = Decimal(case['a']), Decimal(case['b']), case['digits']
    one = [format(a + b, 'f'), format(a * b, 'f'), rounded(a, digits, ROUND_HALF_UP), rounded(a, digits, ROUND_HALF_EVEN)]
    if b != 0: one += [quotient(a, b, digits, ROUND_HALF_UP), quotient(a, b, digits, ROUND_HALF_EVEN)]
    out.append(one)
print(json.dumps(out))
`;

it('has averages with six decimals more than the values, without zeros that nobody asked for', () => {
  expect(averageOf(scaledOf('10.00'), 3)).toBe('3.33333333');
  expect(averageOf(scaledOf('10.00'), 4)).toBe('2.50');
  expect(averageOf(scaledOf('2'), 3)).toBe('0.666667');
  expect(averageOf(scaledOf('-2'), 3)).toBe('-0.666667');
});

it('refuses more digits than it has', () => expect(() => textOf({ units: 10n ** 1000n, scale: 0 })).toThrow('at most 1,000 digits'));
