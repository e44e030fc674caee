/**
 * The rule by which a text is read as a value if no type was set: nothing of what was written may be lost. Inference applies it to a
 * sample, and the readers apply it to every row after the sample. docs/types.md describes it.
 */

import { isBeyondMilliseconds, isDate, parseTimestamp } from '../time/timestamp.ts';
import { decimalExactly } from './decimal.ts';
import type { Value } from './types.ts';

/** The types that a text can show by itself, narrowest first. Any other text is `string`. */
export const toldTypes = ['boolean', 'integer', 'number', 'decimal', 'date', 'timestamp'] as const;
export type ToldType = (typeof toldTypes)[number];

/** `-0`, `007`, `+5` and `12.0` are excluded on purpose: as whole numbers they would not be what was written. */
const integerText = /^(0|-?[1-9]\d*)$/;
/** An exponent has a sign, or a point before it: `12E45` and `713752e1` are codes. */
const numberText = /^-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|(?:0|[1-9]\d*)?\.\d+(?:[eE]\d+)?|(?:0|[1-9]\d*)?(?:\.\d+)?(?<=\d)[eE][+-]\d+)$/;
const wholeText = /^-?\d+$/;
const booleanText = /^(true|false)$/i;

/** The value of a text without white space around it, or undefined if something of the text would be lost. */
export function readExactly(text: string, type: ToldType): Value | undefined {
  switch (type) {
    case 'boolean':
      return booleanText.test(text) ? text.length === 4 : undefined;
    case 'integer': {
      const value = integerText.test(text) ? Number(text) : Number.NaN;
      return Number.isSafeInteger(value) ? value : undefined;
    }
    case 'number':
      return numberText.test(text) && isExactDecimal(text) && (!isBeyondWhole(text) || String(Number(text)) === text) ? Number(text) : undefined;
    case 'decimal':
      return decimalExactly(text) ?? undefined;
    case 'date':
      return isDate(text) ? text : undefined;
    case 'timestamp':
      return isBeyondMilliseconds(text) ? undefined : (parseTimestamp(text) ?? undefined);
  }
}

/**
 * A whole number in digits beyond 2^53. If a double is printed exactly like that, it is one beside decimals; in a column of whole numbers
 * it is more likely an id, whose neighbours would be rounded.
 */
export function isBeyondWhole(text: string): boolean {
  return text.length > safeDigits && wholeText.test(text) && !Number.isSafeInteger(Number(text));
}

/** Whether a text is a number, exact or not: beside it, others of its column would lose nothing as text. */
export function isDecimal(text: string): boolean {
  return numberText.test(text);
}

/** Up to this many digits every decimal is a double of its own. */
const safeDigits = 15;
/** With more digits, some doubles would be printed differently by every program. */
const mostDigits = 17;

/**
 * Whether a decimal text (digits, a point, an exponent) can be recovered from its double: printed with as many digits, or with the fewest
 * that distinguish it from others, the double gives the same ones. So `0.10000000000000001` is exact, as C and R print 0.1, and
 * `12345678901234.123456` is not.
 */
export function isExactDecimal(text: string): boolean {
  if (text.length <= safeDigits && !hasExponent(text)) return true;
  // As JavaScript and most programs print it.
  if (String(Number(text)) === text) return true;
  const [, whole = '', fraction = '', exponent = '0'] = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const written = (whole + fraction).replace(/^0+/, '');
  const digits = written.replace(/0+$/, '');
  if (digits === '') return true;
  const value = Math.abs(Number(text));
  if (digits.length > mostDigits || !Number.isFinite(value) || value === 0) return false;
  const power = written.length - fraction.length + Number(exponent) - 1;
  const isPrinted = (printed: string) => printed.replace('.', '') === `${digits}e${power < 0 ? '' : '+'}${power}`;
  return isPrinted(value.toExponential(digits.length - 1)) || isPrinted(value.toExponential());
}

/** Of a number. */
function hasExponent(text: string): boolean {
  return text.includes('e') || text.includes('E');
}

const none = -1;
/** Among decimals of different lengths: only one that ends with a zero still has to be checked. */
export const variousPlaces = -2;

/**
 * Whether trailing zeros are significant in a column of decimals. They are not if all decimals have as many digits after the point (12.50
 * beside 3.99), nor in `1.0`; they are in 1.10 beside 1.9.
 */
export class TrailingZeros {
  /** How many digits the decimals so far have after the point; negative for none yet, and if they differ. */
  places = none;
  /** Whether one of them had zeros that are significant beside a decimal of another length. */
  matter = false;

  /**
   * Merges what was found in later rows by a state that had not seen these. False if it would have found other cells that are incompatible
   * with the earlier ones.
   */
  join({ places, matter }: Pick<TrailingZeros, 'places' | 'matter'>): boolean {
    const areAlike = this.places === none || places === none || (this.places === places && places !== variousPlaces);
    if (!areAlike && (this.matter || matter)) return false;
    if (this.places === none) this.places = places;
    else if (places !== none && places !== this.places) this.places = variousPlaces;
    this.matter ||= matter;
    return true;
  }

  /** False for a cell that is incompatible with the earlier ones. Whole numbers and exponents are always compatible. */
  accepts(text: string): boolean {
    const point = text.indexOf('.');
    if (point === -1 || hasExponent(text)) return true;
    return this.take(text.length - point - 1, text.endsWith('0'));
  }

  /** As `accepts`, for a cell with this many digits after the point. */
  take(places: number, endsWithZero: boolean): boolean {
    const hasZeros = endsWithZero && places > 1;
    if (this.places !== none && this.places !== places && (hasZeros || this.matter)) return false;
    this.matter ||= hasZeros;
    this.places = this.places === none || this.places === places ? places : variousPlaces;
    return true;
  }
}
