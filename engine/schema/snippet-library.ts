/**
 * Declarations of what the sandbox gives users' code beyond JavaScript itself: for the editor's completion and the type
 * checker. The functions are in engine/sandbox/library.ts; a test holds both together.
 */
export const snippetLibrary = `
/** Times are milliseconds since 1970-01-01 UTC, as in columns of type timestamp; a day such as "2024-01-31", as in columns of type date, is its midnight. Parts are those in UTC, or in a \`zone\`: \`Europe/Berlin\`, \`+02:00\`. Null gives null. */
declare const time: {
  /** The time of an ISO 8601 date or time; null for any other text. What names no offset is local time of the zone; without one it is UTC. */
  parse(text: string, zone?: string): number;
  /** 2024-01-31T12:00:00.000Z, or 2024-01-31T13:00:00.000+01:00 in a zone */
  iso(time: number | string, zone?: string): string;
  /** 2024-01-31 */
  date(time: number | string, zone?: string): string;
  year(time: number | string, zone?: string): number;
  /** 1 to 12 */
  month(time: number | string, zone?: string): number;
  /** 1 to 31 */
  day(time: number | string, zone?: string): number;
  /** 1 (Monday) to 7 (Sunday) */
  weekday(time: number | string, zone?: string): number;
  /** 0 to 23 */
  hour(time: number | string, zone?: string): number;
  /** 0 to 59 */
  minute(time: number | string, zone?: string): number;
  /** 0 to 59 */
  second(time: number | string, zone?: string): number;
  /** The start of the unit that the time lies in; a number is a length in milliseconds, counted from 1970. Weeks start on Monday. */
  floor(time: number | string, unit: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year' | number, zone?: string): number;
};
declare const text: {
  /** Without space at the ends, and with one blank for every run of space within. */
  clean(text: string): string;
  /** The first letter of every word in upper case, the others in lower case. */
  title(text: string): string;
  /** The number in a text such as "1,234.50" or "-3e2", or with a decimal comma "1.234,50"; null where there is none. */
  number(text: string, decimal?: '.' | ','): number;
};
/** Rounds half away from zero, to so many digits after the decimal point (0 if not given). Null gives null. */
declare function round(value: number, digits?: number): number;
`;
