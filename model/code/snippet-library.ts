/**
 * Declarations of what the sandbox gives users' code in addition to JavaScript itself: for the editor's completion and the type checker.
 * The functions are in engine/sandbox/library.ts; a test checks that both agree.
 */
export const snippetLibrary = `
/** Times are milliseconds since 1970-01-01 UTC, as in columns of type timestamp; a day such as "2024-01-31", as in columns of type date, is its midnight. Parts are those in UTC, or in a \`zone\`: \`Europe/Berlin\`, \`+02:00\`. Null gives null. */
declare const time: {
  /** The time of an ISO 8601 date or time; null for any other text. Without an offset it is local time of the zone; without a zone, UTC. */
  parse(text: string | null | undefined, zone?: string): number | null;
  /** 2024-01-31T12:00:00.000Z, or 2024-01-31T13:00:00.000+01:00 in a zone */
  iso(time: number | string, zone?: string): string;
  iso(time: number | string | null | undefined, zone?: string): string | null;
  /** 2024-01-31 */
  date(time: number | string, zone?: string): string;
  date(time: number | string | null | undefined, zone?: string): string | null;
  year(time: number | string, zone?: string): number;
  year(time: number | string | null | undefined, zone?: string): number | null;
  /** 1 to 12 */
  month(time: number | string, zone?: string): number;
  month(time: number | string | null | undefined, zone?: string): number | null;
  /** 1 to 31 */
  day(time: number | string, zone?: string): number;
  day(time: number | string | null | undefined, zone?: string): number | null;
  /** 1 (Monday) to 7 (Sunday) */
  weekday(time: number | string, zone?: string): number;
  weekday(time: number | string | null | undefined, zone?: string): number | null;
  /** 0 to 23 */
  hour(time: number | string, zone?: string): number;
  hour(time: number | string | null | undefined, zone?: string): number | null;
  /** 0 to 59 */
  minute(time: number | string, zone?: string): number;
  minute(time: number | string | null | undefined, zone?: string): number | null;
  /** 0 to 59 */
  second(time: number | string, zone?: string): number;
  second(time: number | string | null | undefined, zone?: string): number | null;
  /** The start of the unit that contains the time; a number is a length in milliseconds, counted from 1970. Weeks start on Monday. */
  floor(time: number | string, unit: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year' | number, zone?: string): number;
  floor(time: number | string | null | undefined, unit: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year' | number, zone?: string): number | null;
};
declare const text: {
  /** Without space at the ends, and with one space for every run of white space inside. */
  clean(text: string): string;
  clean(text: string | null | undefined): string | null;
  /** The first letter of every word in upper case, the others in lower case. */
  title(text: string): string;
  title(text: string | null | undefined): string | null;
  /** The number in a text such as "1,234.50" or "-3e2", or with a decimal comma "1.234,50"; null if there is none. */
  number(text: string | null | undefined, decimal?: '.' | ','): number | null;
};
declare const decimalMark: unique symbol;
/**
 * An exact decimal, as in columns of type decimal. JavaScript's operators do not work on it: use \`decimal.add\`, \`decimal.compare\` and
 * similar functions. As a text, and in JSON, it is its digits.
 */
interface Decimal {
  readonly [decimalMark]: never;
  toString(): string;
  toJSON(): string;
}
/** What counts as a decimal: a number by the digits with which it is written (1.19 is 1.19), a text of digits. */
type DecimalLike = Decimal | number | bigint | string;
/** Exact arithmetic with at most 1,000 digits. Null gives null. Rounding is half away from zero ("half-up"), or to the even neighbour ("half-even"). */
declare const decimal: {
  /** Null for a text that is not a number. */
  of(value: Decimal | number | bigint): Decimal;
  of(value: DecimalLike | null | undefined): Decimal | null;
  add(a: DecimalLike, b: DecimalLike): Decimal;
  add(a: DecimalLike | null | undefined, b: DecimalLike | null | undefined): Decimal | null;
  subtract(a: DecimalLike, b: DecimalLike): Decimal;
  subtract(a: DecimalLike | null | undefined, b: DecimalLike | null | undefined): Decimal | null;
  multiply(a: DecimalLike, b: DecimalLike): Decimal;
  multiply(a: DecimalLike | null | undefined, b: DecimalLike | null | undefined): Decimal | null;
  /** The quotient with this many digits after the decimal point. Dividing by zero throws. */
  divide(a: DecimalLike, b: DecimalLike, digits: number, rounding?: 'half-up' | 'half-even'): Decimal;
  divide(a: DecimalLike | null | undefined, b: DecimalLike | null | undefined, digits: number, rounding?: 'half-up' | 'half-even'): Decimal | null;
  /** With this many digits after the decimal point (0 if not given). */
  round(value: DecimalLike, digits?: number, rounding?: 'half-up' | 'half-even'): Decimal;
  round(value: DecimalLike | null | undefined, digits?: number, rounding?: 'half-up' | 'half-even'): Decimal | null;
  abs(value: DecimalLike): Decimal;
  abs(value: DecimalLike | null | undefined): Decimal | null;
  negate(value: DecimalLike): Decimal;
  negate(value: DecimalLike | null | undefined): Decimal | null;
  min(...values: readonly DecimalLike[]): Decimal;
  min(...values: readonly (DecimalLike | null | undefined)[]): Decimal | null;
  max(...values: readonly DecimalLike[]): Decimal;
  max(...values: readonly (DecimalLike | null | undefined)[]): Decimal | null;
  /** -1, 0 or 1, as a is less than, equal to or greater than b: also for \`sort(decimal.compare)\`. */
  compare(a: DecimalLike, b: DecimalLike): number;
  compare(a: DecimalLike | null | undefined, b: DecimalLike | null | undefined): number | null;
  /** 12.5 and 12.50 are equal; null equals only null. */
  equals(a: DecimalLike | null | undefined, b: DecimalLike | null | undefined): boolean;
  /** The nearest number of type number. */
  toNumber(value: DecimalLike): number;
  toNumber(value: DecimalLike | null | undefined): number | null;
};
/** Rounds half away from zero, to this many digits after the decimal point (0 if not given). Null gives null. */
declare function round(value: number, digits?: number): number;
declare function round(value: number | null | undefined, digits?: number | null): number | null;
`;
