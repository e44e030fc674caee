/**
 * Exact decimals, as rows have them: a text such as `-12.50` whose zeros at the end are kept. So equal values may be written differently
 * (`12.5`, `12.50`): compare by `compareDecimals`, and use `decimalKey` as the key of a map.
 *
 * Arithmetic uses a BigInt with a scale: units / 10^scale.
 */

/** Digits of a decimal, before and after its point together. More are refused, so that no value takes long. */
export const maxDecimalDigits = 1000;
/** For messages. */
export const maxDecimalDigitsText = '1,000';
/** How many more decimals an average has than its values. */
export const averageDecimals = 6;

const plainText = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const anyText = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
const withoutExponent = /^-?((0|[1-9]\d*)(\.\d+)?|\.\d+)$/;

/** Whether a text is a decimal as rows hold it. */
export function isDecimalValue(text: string): boolean {
  return text.length <= maxDecimalDigits + 2 && plainText.test(text) && digitsIn(text) <= maxDecimalDigits && !isNegativeZero(text);
}

/** A number in any spelling (`+5`, `007`, `.5`, `1.20e3`) as a decimal; null for other texts, and for more digits than a decimal can have. */
export function decimalOf(text: string): string | null {
  if (isDecimalValue(text)) return text;
  const [, sign, whole = '', fraction = '', power = '0'] = anyText.exec(text) ?? [];
  if (sign === undefined || whole + fraction === '') return null;
  const exponent = Number(power);
  // Zero may have any exponent; only its decimals count.
  if (Math.abs(exponent) > 2 * maxDecimalDigits + whole.length + fraction.length) return null;
  const places = fraction.length - exponent;
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  if (digits.length > maxDecimalDigits || places > maxDecimalDigits || digits.length - places > maxDecimalDigits) return null;
  const shifted = places < 0 ? (digits === '0' ? digits : digits + '0'.repeat(-places)) : digits;
  return placed(sign === '-', shifted, Math.max(0, places));
}

/** As `decimalOf` for a text that loses nothing but a zero before the point and the sign of zero: no exponent, no leading zeros. */
export function decimalExactly(text: string): string | null {
  return withoutExponent.test(text) ? decimalOf(text) : null;
}

/** A double by the digits with which it is written: 0.1 is 0.1. Null for NaN and the infinities. */
export function decimalOfNumber(value: number): string | null {
  return Number.isFinite(value) ? decimalOf(String(value)) : null;
}

/** One text for all equal ones: without zeros at the end. */
export function decimalKey(decimal: string): string {
  if (decimal.charCodeAt(decimal.length - 1) !== 48 || !decimal.includes('.')) return decimal;
  return decimal.replace(/\.?0+$/, '');
}

/** Negative, zero or positive if `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0;
  const negative = a.charCodeAt(0) === 45;
  if (negative !== (b.charCodeAt(0) === 45)) return negative ? -1 : 1;
  return negative ? compareSizes(b, a) : compareSizes(a, b);
}

/** For two decimals of one sign, ignoring it. */
function compareSizes(a: string, b: string): number {
  const longer = wholeLength(a) - wholeLength(b);
  if (longer !== 0) return longer;
  // With as many digits before the point, texts are in the order of their values, except for zeros at the end.
  if (a.startsWith(b)) return isZeros(a, b.length) ? 0 : 1;
  if (b.startsWith(a)) return isZeros(b, a.length) ? 0 : -1;
  return a < b ? -1 : 1;
}

function wholeLength(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? text.length : point;
}

function isZeros(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) if (text.charCodeAt(at) > 48) return false;
  return true;
}

/** units / 10^scale. */
export interface Scaled {
  readonly units: bigint;
  readonly scale: number;
}

export const scaledZero: Scaled = { units: 0n, scale: 0 };

export function scaledOf(decimal: string): Scaled {
  const point = decimal.indexOf('.');
  if (point === -1) return { units: BigInt(decimal), scale: 0 };
  return { units: BigInt(decimal.slice(0, point) + decimal.slice(point + 1)), scale: decimal.length - point - 1 };
}

/** A decimal with `scale` decimals. Throws a RangeError if it has more digits than decimals may have. */
export function textOf({ units, scale }: Scaled): string {
  const digits = String(units < 0n ? -units : units);
  if (Math.max(digits.length, scale) > maxDecimalDigits) throw new RangeError(`A decimal has at most ${maxDecimalDigitsText} digits`);
  return placed(units < 0n, digits, scale);
}

function placed(isNegative: boolean, digits: string, scale: number): string {
  const padded = digits.padStart(scale + 1, '0');
  const whole = padded.slice(0, padded.length - scale);
  const text = scale === 0 ? whole : `${whole}.${padded.slice(-scale)}`;
  return isNegative && /[1-9]/.test(digits) ? `-${text}` : text;
}

export function sumOf(a: Scaled, b: Scaled): Scaled {
  if (a.scale === b.scale) return { units: a.units + b.units, scale: a.scale };
  return a.scale > b.scale ? { units: a.units + raised(b, a.scale), scale: a.scale } : { units: raised(a, b.scale) + b.units, scale: b.scale };
}

function raised({ units, scale }: Scaled, to: number): bigint {
  return units * 10n ** BigInt(to - scale);
}

/** Ties are rounded away from zero (`half-up`: 2.5 is 3, -2.5 is -3), or to the even neighbour (`half-even`: 2.5 is 2). */
export type Rounding = 'half-up' | 'half-even';

/** The quotient with `scale` decimals. The divisor must not be zero. */
export function quotientOf(a: Scaled, b: Scaled, scale: number, rounding: Rounding = 'half-up'): Scaled {
  const shift = scale + b.scale - a.scale;
  const dividend = shift > 0 ? a.units * 10n ** BigInt(shift) : a.units;
  const divisor = shift < 0 ? b.units * 10n ** BigInt(-shift) : b.units;
  return { units: rounded(dividend, divisor, rounding), scale };
}

function rounded(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  if (rest === 0n) return quotient;
  const isNegative = dividend < 0n !== divisor < 0n;
  const twice = 2n * (rest < 0n ? -rest : rest);
  const size = divisor < 0n ? -divisor : divisor;
  const isAway = twice > size || (twice === size && (rounding === 'half-up' || quotient % 2n !== 0n));
  if (!isAway) return quotient;
  return isNegative ? quotient - 1n : quotient + 1n;
}

/** With `scale` decimals: rounded if there were more, with zeros appended if there were fewer. */
export function scaledTo(value: Scaled, scale: number, rounding: Rounding = 'half-up'): Scaled {
  return scale >= value.scale ? { units: raised(value, scale), scale } : quotientOf(value, { units: 1n, scale: 0 }, scale, rounding);
}

/** The average of `count` values, with up to `averageDecimals` decimals more than their sum has. */
export function averageOf(sum: Scaled, count: number): string {
  const text = textOf(quotientOf(sum, { units: BigInt(count), scale: 0 }, Math.min(sum.scale + averageDecimals, maxDecimalDigits)));
  return withoutZeros(text, sum.scale);
}

/** Without zeros at the end, but with at least `least` decimals. */
function withoutZeros(text: string, least: number): string {
  const point = text.indexOf('.');
  if (point === -1) return text;
  let end = text.length;
  while (end > point + 1 + least && text.charCodeAt(end - 1) === 48) end--;
  return text.slice(0, end === point + 1 ? point : end);
}

function digitsIn(text: string): number {
  return text.length - (text.charCodeAt(0) === 45 ? 1 : 0) - (text.includes('.') ? 1 : 0);
}

function isNegativeZero(text: string): boolean {
  return text.charCodeAt(0) === 45 && !/[1-9]/.test(text);
}
