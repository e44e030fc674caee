import {
  compareDecimals,
  maxDecimalDigits,
  maxDecimalDigitsText,
  quotientOf,
  type Rounding,
  type Scaled,
  scaledOf,
  scaledTo,
  sumOf,
  textOf,
} from '../../model/values/decimal.ts';
import { type DecimalObject, decimalFrom, decimalObject } from '../../model/values/decimal-object.ts';

/** The helpers `decimal.…` of users' code. Declared in model/code/snippet-library.ts. Null and undefined give null. */
export const decimals = {
  of: (value: unknown) => {
    const text = isMissing(value) ? null : decimalFrom(value);
    return text === null ? null : decimalObject(text);
  },
  add: binary('add', (a, b) => sumOf(a, b)),
  subtract: binary('subtract', (a, b) => sumOf(a, negated(b))),
  multiply: binary('multiply', (a, b) => ({ units: a.units * b.units, scale: a.scale + b.scale })),
  divide: (a: unknown, b: unknown, digits: unknown, rounding?: unknown) => {
    const scale = digitsOf('divide', digits);
    const mode = roundingOf('divide', rounding);
    return binary('divide', (dividend, divisor) => {
      if (divisor.units === 0n) throw new RangeError('decimal.divide: division by zero');
      return quotientOf(dividend, divisor, scale, mode);
    })(a, b);
  },
  round: (value: unknown, digits: unknown = 0, rounding?: unknown) => {
    const scale = digitsOf('round', digits);
    const mode = roundingOf('round', rounding);
    return unary('round', (number) => scaledTo(number, scale, mode))(value);
  },
  abs: unary('abs', (value) => (value.units < 0n ? negated(value) : value)),
  negate: unary('negate', negated),
  min: (...values: readonly unknown[]) => extreme('min', values, -1),
  max: (...values: readonly unknown[]) => extreme('max', values, 1),
  compare: (a: unknown, b: unknown) => {
    if (isMissing(a) || isMissing(b)) return null;
    return Math.sign(compareDecimals(textFrom('compare', a), textFrom('compare', b)));
  },
  equals: (a: unknown, b: unknown) => {
    if (isMissing(a) || isMissing(b)) return isMissing(a) && isMissing(b);
    return compareDecimals(textFrom('equals', a), textFrom('equals', b)) === 0;
  },
  toNumber: (value: unknown) => (isMissing(value) ? null : Number(textFrom('toNumber', value))),
};

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function textFrom(name: string, value: unknown): string {
  const text = decimalFrom(value);
  if (text !== null) return text;
  const what = typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
  throw new TypeError(`decimal.${name}: ${what} is not a decimal`);
}

function made(name: string, value: Scaled): DecimalObject {
  try {
    return decimalObject(textOf(value));
  } catch (error) {
    throw new RangeError(`decimal.${name}: ${(error as Error).message}, and the result has more`);
  }
}

function unary(name: string, of: (value: Scaled) => Scaled): (value: unknown) => DecimalObject | null {
  return (value) => (isMissing(value) ? null : made(name, of(scaledOf(textFrom(name, value)))));
}

function binary(name: string, of: (a: Scaled, b: Scaled) => Scaled): (a: unknown, b: unknown) => DecimalObject | null {
  return (a, b) => (isMissing(a) || isMissing(b) ? null : made(name, of(scaledOf(textFrom(name, a)), scaledOf(textFrom(name, b)))));
}

function extreme(name: string, values: readonly unknown[], sign: 1 | -1): DecimalObject | null {
  if (values.length === 0 || values.some(isMissing)) return null;
  const texts = values.map((value) => textFrom(name, value));
  return decimalObject(texts.reduce((best, text) => (sign * compareDecimals(text, best) > 0 ? text : best)));
}

function negated({ units, scale }: Scaled): Scaled {
  return { units: -units, scale };
}

function digitsOf(name: string, digits: unknown): number {
  if (Number.isInteger(digits) && (digits as number) >= 0 && (digits as number) <= maxDecimalDigits) return digits as number;
  throw new RangeError(`decimal.${name}: the number of decimals must be a whole number from 0 to ${maxDecimalDigitsText}`);
}

function roundingOf(name: string, rounding: unknown): Rounding {
  if (rounding === undefined || rounding === 'half-up') return 'half-up';
  if (rounding === 'half-even') return rounding;
  throw new RangeError(`decimal.${name}: rounding is "half-up" or "half-even"`);
}
