/** One line of JSON Lines. */

import type { Conversion } from '../../../io/text/row-conversion.ts';
import { type EpochUnit, epochUnits } from '../../../model/time/epoch.ts';
import { decimalExactly } from '../../../model/values/decimal.ts';
import { isExactDecimal, readExactly } from '../../../model/values/exact.ts';
import { refuseDeepValue } from '../../../model/values/json-depth.ts';
import { parseJson } from '../../../model/values/json-text.ts';
import { isRawNumber, type RawNumber, rawNumber } from '../../../model/values/raw-number.ts';
import { readText, widerType } from '../../../model/values/read-text.ts';
import type { Column, ColumnType, Json, Value } from '../../../model/values/types.ts';
import { type Converted, castText, castValue, setColumn, show } from '../../../model/values/values.ts';
import type { CellFormat } from '../cells/cell-formats.ts';
import { faultAt } from './json-fault.ts';

export type JsonRecord = { readonly [key: string]: Json };
/** As JsonRecord, but numbers that a double would write differently are RawNumbers, at any depth. */
export type ExactRecord = { readonly [key: string]: unknown };

export const isRecord = (value: unknown): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);

/** Parses without changing a number. Far slower than JSON.parse. Throws a SyntaxError, also for text that is nested too deep. */
export function parseExactly(line: string): unknown {
  refuseDeepValue(line);
  return parseJson(line, (_key, value, context) => {
    const { source } = context;
    return typeof value !== 'number' || source === undefined || String(value) === source ? value : rawNumber(source);
  });
}

/** The error of JSON.parse or `parseExactly`, with the column instead of V8's position. */
export function syntaxMessage(error: unknown, line: string): string {
  const { message } = error as SyntaxError;
  // Nesting that is too deep has no single place.
  if (!message.includes('JSON')) return message;
  const position = /at position (\d+)/.exec(message)?.[1];
  // V8 quotes the whole text if it is short, and gives no position if it ends too early.
  const reason = message.replace(/,? in JSON at position.*$|, (\.\.\.)?".*is not valid JSON$/s, '');
  const at = position === undefined ? (message.startsWith('Unexpected end') ? line.trimEnd().length : faultAt(line)) : Number(position);
  return `${reason}, at column ${at + 1}`;
}

/** As `syntaxMessage` for a record of several lines, which starts at this line and column. */
export function syntaxPlace(error: unknown, source: string, line: number, column: number): string {
  const message = syntaxMessage(error, source);
  const [, reason, at] = /^(.*), at column (\d+)$/s.exec(message) ?? [];
  if (at === undefined) return message;
  const before = source.slice(0, Number(at) - 1);
  const feeds = before.split('\n').length - 1;
  return `${reason}, at line ${line + feeds}, column ${feeds === 0 ? column + before.length : before.length - before.lastIndexOf('\n')}`;
}

/**
 * The values from JSON.parse, which has rounded numbers of more than 15 digits (callers that find such digits parse exactly), that fit
 * their column's type; all others are undefined.
 */
export const jsonConversions: { readonly [type in ColumnType]: Conversion } = {
  string: (found) => (typeof found === 'string' ? found : nothing(found)),
  integer: (found) => (Number.isSafeInteger(found) && !Object.is(found, -0) ? (found as number) : nothing(found)),
  // 1e999 is Infinity for JSON.parse; and whole numbers beyond 2^53 may have been rounded.
  number: (found) => (isKept(found) ? found : nothing(found)),
  // JSON.parse drops the zeros at the end, and may have rounded.
  decimal: nothing,
  boolean: (found) => (typeof found === 'boolean' ? found : nothing(found)),
  timestamp: (found) => (typeof found === 'string' ? (readExactly(found, 'timestamp') as number | undefined) : nothing(found)),
  date: (found) => (typeof found === 'string' ? (readExactly(found, 'date') as string | undefined) : nothing(found)),
  json: (found) => (found === undefined ? null : (found as Json)),
  bytes: nothing,
};

function isKept(found: unknown): found is number {
  return typeof found === 'number' && Number.isFinite(found) && (!Number.isInteger(found) || Number.isSafeInteger(found) || Math.abs(found) >= 1e21);
}

/**
 * The value of a column in a record that was parsed exactly; a missing key is null. `isCast`: a user has set the column's type, so that a
 * text may become a number, or true a 1. Otherwise the value has to be what inference accepts. `format`: the format of the column's values,
 * if it is unusual.
 */
export function recordValue(record: ExactRecord, { name, type }: Column, isCast: boolean, format: CellFormat | null = null): Converted {
  const found = Object.hasOwn(record, name) ? record[name] : null;
  if (format !== null) {
    const own = formattedValue(found, format);
    if (own !== null) return own;
  }
  if (type === 'json') return withoutRounding(found);
  if (isRawNumber(found)) return rawValue(found, type, isCast);
  if (type === 'decimal' && typeof found === 'number') return decimalValue(String(found));
  if (type === 'string' && typeof found === 'object' && found !== null) return { ok: true, value: JSON.stringify(found) };
  if (type === 'timestamp' && typeof found === 'number') return isCast ? timestampOf(found) : no(`${found} is not ISO 8601 text`);
  if (type === 'date' && typeof found === 'number') return no(`${found} is not ${names[type]}`);
  if (isCast || type === 'string' || type === 'bytes' || found === null) return castValue(found as Json, type);
  if (typeof found === 'string') return type === 'timestamp' || type === 'date' ? readText(found, type) : no(`${show(found)} is a text`);
  const value = jsonConversions[type](found);
  if (value !== undefined) return { ok: true, value };
  // It was written with these digits: a number that would be rounded is a RawNumber.
  if (type === 'number' && typeof found === 'number') return castValue(found, type);
  return no(Number.isInteger(found) && !Number.isSafeInteger(found) ? beyondWhole(String(found)) : `${show(found)} is not ${names[type]}`);
}

/** The value of a text or a number in its format; null if the format does not apply to it. */
function formattedValue(found: unknown, format: CellFormat): Converted | null {
  if (typeof found === 'string') return format.read(found, true);
  if (isRawNumber(found)) return format.readNumber(found.rawJSON);
  return typeof found === 'number' ? format.readNumber(String(found)) : null;
}

/** As `formattedValue` for a result of JSON.parse, which may have rounded a number; undefined for values that need the slow path. */
export function formatConversion(format: CellFormat, type: ColumnType): Conversion {
  const usual = jsonConversions[type];
  return (found) => {
    const own = typeof found === 'string' || Number.isSafeInteger(found) ? formattedValue(found, format) : null;
    if (own !== null) return own.ok ? own.value : undefined;
    return typeof found === 'number' ? undefined : usual(found);
  };
}

const names = {
  integer: 'a whole number',
  number: 'a number',
  decimal: 'a number',
  boolean: 'true or false',
  timestamp: 'an ISO 8601 text',
  date: 'a day such as 2026-01-31',
} as const;

/** A number as it was written, in a column of scalars. */
function rawValue({ rawJSON }: RawNumber, type: Exclude<ColumnType, 'json'>, isCast: boolean): Converted {
  if (type === 'string') return { ok: true, value: rawJSON };
  if (type === 'decimal') return decimalValue(rawJSON);
  const value = Number(rawJSON);
  if (type === 'timestamp') return isCast ? timestampOf(value) : no(`${rawJSON} is not ${names[type]}`);
  if (type === 'date') return no(`${rawJSON} is not ${names[type]}`);
  if (type === 'integer' || type === 'number') {
    // A user who asks for numbers gets the nearest one to a long decimal, but no other whole number.
    const isAsked = isCast && type === 'number';
    const isExact = isExactDecimal(rawJSON);
    if (isWholeText(rawJSON) && !Number.isSafeInteger(value) && !(isAsked && isExact)) return no(beyondWhole(rawJSON));
    if (!isExact && !isAsked) return no(`${rawJSON} has more digits than a number keeps`);
    return type === 'integer' && Object.is(value, -0) ? no('-0 is not a whole number') : castValue(value, type);
  }
  return isCast ? castValue(value, type) : no(`${rawJSON} is not ${names[type as 'boolean']}`);
}

function decimalValue(written: string): Converted {
  return castText(written, 'decimal');
}

const isWholeText = (text: string): boolean => /^-?\d+$/.test(text);
const beyondWhole = (text: string): string => `${text} is beyond 2^53, where whole numbers would be rounded`;

/** The next wider type, for a value that does not fit its column's. As text, everything is kept as it was written. */
export function widerJsonType(found: unknown, type: ColumnType): ColumnType {
  if (type === 'date') return typeof found === 'string' ? widerType(found, type) : 'string';
  if (type !== 'integer' && type !== 'number') return 'string';
  if (type === 'integer' && (isKept(found) || (isRawNumber(found) && /[.e]/i.test(found.rawJSON) && isExactDecimal(found.rawJSON)))) return 'number';
  const written = isRawNumber(found) ? found.rawJSON : typeof found === 'number' ? String(found) : '';
  return decimalExactly(written) === null ? 'string' : 'decimal';
}

/** Milliseconds of the years 1973 to 5138: read as such, seconds are always in 1970, and finer units in no realistic year. */
const earliest = 1e11;
const latest = 1e14;

/** The unit in which a number is a time in those years, or null if there is none. */
export function likelyUnit(value: number): EpochUnit | null {
  const size = Math.abs(value);
  return epochUnits.find((_, i) => size >= (earliest / 1000) * 1000 ** i && size < (latest / 1000) * 1000 ** i) ?? null;
}

/** A number as milliseconds since the epoch, unless it looks like another unit. */
export function timestampOf(value: number): Converted {
  const size = Math.abs(value);
  if (size >= earliest && size < latest) return castValue(value, 'timestamp');
  const unit = size < earliest ? 'seconds' : 'a unit finer than milliseconds';
  return no(`${value} seems to be ${unit}, and a timestamp takes milliseconds (from ${earliest} to ${latest})`);
}

/** A value as it was written, except for white space. */
export function writtenJson(value: unknown): string {
  if (isRawNumber(value)) return value.rawJSON;
  if (Array.isArray(value)) return `[${value.map(writtenJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${writtenJson(item)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** A JSON value with plain numbers, or why it cannot be. */
function withoutRounding(found: unknown): Converted {
  const rounded = findRounded(found);
  if (rounded !== null) return no(`it holds ${rounded}, which would be rounded`);
  return { ok: true, value: (found === undefined ? null : plainNumbers(found)) as Json };
}

function findRounded(value: unknown): string | null {
  if (isRawNumber(value)) return isExactDecimal(value.rawJSON) ? null : value.rawJSON;
  if (typeof value !== 'object' || value === null) return null;
  for (const item of Object.values(value)) {
    const found = findRounded(item);
    if (found !== null) return found;
  }
  return null;
}

function plainNumbers(value: unknown): unknown {
  if (isRawNumber(value)) return Number(value.rawJSON);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, Value> = {};
  for (const [key, item] of Object.entries(value)) setColumn(copy, key, plainNumbers(item) as Value);
  return copy;
}

const no = (message: string): Converted => ({ ok: false, message });

function nothing(found: unknown): null | undefined {
  return found === null || found === undefined ? null : undefined;
}
