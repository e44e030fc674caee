/** The rules of the column types (types.ts) as code: casting, writing as text, encoding as JSON, and accepting from users' code. */

import { dateAt, formatTimestamp, isBeyondMilliseconds, isDate, maxTimestamp, parseTimestamp } from '../time/timestamp.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { decimalOf, decimalOfNumber, maxDecimalDigitsText } from './decimal.ts';
import { decimalHandedOut, decimalInside } from './decimal-object.ts';
import { isExactDecimal } from './exact.ts';
import { refuseDeepValue } from './json-depth.ts';
import { parseJson, roundedNumber } from './json-text.ts';
import type { Column, ColumnType, Json, Row, Schema, Value } from './types.ts';

export { formatTimestamp, parseTimestamp };

export type Converted = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

const ok = (value: Value): Converted => ({ ok: true, value });
const no = (message: string): Converted => ({ ok: false, message });
const none: Converted = { ok: true, value: null };

const wholeText = /^[+-]?\d+(\.0*)?$/;
const numberText = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/**
 * A value cast to a type that a user has set; for a type that was inferred from the data, see read-text.ts. Total. Null stays null, and
 * blank text becomes null for every type but `string` (and an empty one for `bytes`); text is trimmed first. A cast that would change the
 * value (1.5 as integer, a whole number beyond 2^53) is refused; the spelling (007, +5, 12.0) is not kept.
 * - `string`: as `formatValue` writes it
 * - `integer`: whole numbers, their text (`12`, `12.0`), true = 1, false = 0, a timestamp's milliseconds
 * - `number`: finite numbers, their decimal text (`-1.5e3`, and the nearest double of a longer one), true = 1, false = 0, a timestamp's milliseconds
 * - `decimal`: numbers by the digits with which they are written, decimal text of any spelling (`+5`, `1.5e3`) with its zeros at the end, true = 1, false = 0, a timestamp's milliseconds
 * - `boolean`: true/false/1/0, as text in any case
 * - `timestamp`: ISO 8601 text with at most milliseconds, or whole milliseconds as a number
 * - `date`: ISO 8601 text, or a timestamp, of a day's midnight in UTC
 * - `json`: text is parsed as JSON; anything but bytes is a JSON value already
 * - `bytes`: base64 text; an empty text is zero bytes
 * `from` is the value's own type if known: without it a timestamp is a number, and a JSON value that is a string is a text.
 */
export function castValue(value: Value, to: ColumnType, from?: ColumnType): Converted {
  if (value === null || value === undefined) return none;
  if (from === to) return ok(value);
  if (to === 'string') return ok(typeof value === 'string' ? value : formatValue(value, from === 'timestamp' ? 'timestamp' : typeOf(value)));
  if (typeof value === 'string') {
    if (from === 'decimal') return castDecimal(value, to);
    const text = value.trim();
    return text === '' && !isNoBytes(value, to) ? none : castText(text, to);
  }
  switch (to) {
    case 'integer': {
      const number = typeof value === 'boolean' ? Number(value) : value;
      return Number.isSafeInteger(number) ? ok(number) : no(`${show(value)} is not a whole number`);
    }
    case 'number': {
      const number = typeof value === 'boolean' ? Number(value) : value;
      return Number.isFinite(number) ? ok(number) : no(`${show(value)} is not a number`);
    }
    case 'decimal': {
      const number = typeof value === 'boolean' ? Number(value) : value;
      const decimal = typeof number === 'number' ? decimalOfNumber(number) : null;
      return decimal === null ? no(`${show(value)} is not a decimal`) : ok(decimal);
    }
    case 'boolean':
      return typeof value === 'boolean' ? ok(value) : value === 1 || value === 0 ? ok(value === 1) : no(`${show(value)} is not true or false`);
    case 'timestamp':
      return isTimestamp(value) ? ok(value) : no(`${show(value)} is not a timestamp`);
    case 'date': {
      const date = isTimestamp(value) ? dateAt(value) : null;
      return date === null ? no(`${isTimestamp(value) ? formatTimestamp(value) : show(value)} is not a day`) : ok(date);
    }
    case 'json':
      return value instanceof Uint8Array ? no('Bytes are not a JSON value') : ok(value);
    case 'bytes':
      return value instanceof Uint8Array ? ok(value) : no(`${show(value)} is not bytes`);
  }
}

/** The base64 of zero bytes: the only blank text that is a value. */
export function isNoBytes(text: string, type: ColumnType): boolean {
  return text === '' && type === 'bytes';
}

function castDecimal(decimal: string, to: Exclude<ColumnType, 'string'>): Converted {
  switch (to) {
    case 'timestamp':
    case 'date':
      return castValue(Number(decimal), to);
    case 'json':
      return isExactDecimal(decimal) ? ok(Number(decimal)) : no(`${decimal} has more digits than a number in JSON keeps`);
    case 'bytes':
      return no(`${decimal} is not bytes`);
    default:
      return castText(decimal, to);
  }
}

/** A text without white space around it, and empty only for bytes. */
export function castText(text: string, to: Exclude<ColumnType, 'string'>): Converted {
  switch (to) {
    case 'integer': {
      if (!wholeText.test(text)) return no(`${show(text)} is not a whole number`);
      const number = Number(text);
      return Number.isSafeInteger(number) ? ok(number) : no(beyondWhole(text));
    }
    case 'number': {
      const number = numberText.test(text) ? Number(text) : Number.NaN;
      if (!Number.isFinite(number)) return no(`${show(text)} is not a number`);
      return Number.isInteger(number) && wholeText.test(text) && !isExactDecimal(text) ? no(beyondWhole(text)) : ok(number);
    }
    case 'decimal': {
      const decimal = decimalOf(text);
      if (decimal !== null) return ok(decimal);
      return no(numberText.test(text) ? `${show(text)} has more than ${maxDecimalDigitsText} digits` : `${show(text)} is not a decimal`);
    }
    case 'boolean': {
      const word = text.toLowerCase();
      if (word === 'true' || word === '1') return ok(true);
      return word === 'false' || word === '0' ? ok(false) : no(`${show(text)} is not true or false`);
    }
    case 'timestamp': {
      const ms = parseTimestamp(text);
      if (ms === null) return no(`${show(text)} is not an ISO 8601 timestamp`);
      return isBeyondMilliseconds(text) ? no(`${show(text)} is finer than milliseconds`) : ok(ms);
    }
    case 'date': {
      if (isDate(text)) return ok(text);
      const ms = parseTimestamp(text);
      const date = ms === null || isBeyondMilliseconds(text) ? null : dateAt(ms);
      return date === null ? no(`${show(text)} is not a day such as 2026-01-31`) : ok(date);
    }
    case 'json':
      try {
        refuseDeepValue(text);
        const value = parseJson(text) as Json;
        const rounded = roundedNumber(text);
        return rounded === null ? ok(value) : no(`It holds ${rounded}, which would be rounded`);
      } catch {
        return no(`${show(text)} is not JSON`);
      }
    case 'bytes': {
      const bytes = decodeBase64(text);
      return bytes ? ok(bytes) : no(`${show(text)} is not base64`);
    }
  }
}

/** A value as text, for CSV files and the editor: null is '', timestamps and dates ISO 8601, JSON compact, bytes base64. */
export function formatValue(value: Value, type: ColumnType): string {
  if (value === null || value === undefined) return '';
  if (type === 'json') return value instanceof Uint8Array ? encodeBase64(value) : JSON.stringify(value);
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return type === 'timestamp' ? formatTimestamp(value) : String(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return value instanceof Uint8Array ? encodeBase64(value) : JSON.stringify(value);
}

/** A row as it is sent over the protocol: aligned with the schema's columns, bytes as `{ $bytes: base64 }`. */
export function encodeCells(row: Row, schema: Schema): Json[] {
  return schema.columns.map(({ name }) => {
    const value = row[name] ?? null;
    return value instanceof Uint8Array ? { $bytes: encodeBase64(value) } : value;
  });
}

/** The row that was passed to `encodeCells`. A column's type decides what is bytes, so JSON that looks alike stays JSON. */
export function decodeCells(cells: readonly Json[], schema: Schema): Row {
  const row: Record<string, Value> = {};
  schema.columns.forEach(({ name, type }, i) => {
    const cell = cells[i] ?? null;
    setColumn(row, name, type === 'bytes' ? decodeBytes(cell) : cell);
  });
  return row;
}

/** `{ $bytes: base64 }` as bytes; null if they are damaged, and anything else unchanged. */
export function decodeBytes(cell: Json): Value {
  const bytes = typeof cell === 'object' && cell !== null && '$bytes' in cell ? cell['$bytes'] : null;
  return typeof bytes === 'string' ? (decodeBase64(bytes) ?? null) : cell;
}

/** Assigns a column, whatever its name: a plain assignment to `__proto__` would be lost. */
export function setColumn(row: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
  else row[name] = value;
}

/**
 * What users' code returned, as a value of a column. Undefined, NaN and the infinities become null, a Date its milliseconds, a bigint
 * within 2^53 a number; a decimal may be given as a decimal, a whole number, or its text; JSON is copied by JSON's own rules. Anything that
 * is not of the column's type is a mismatch, never a guess.
 */
export function conformValue(value: unknown, column: Column): Converted {
  const found = plain(value);
  if (found === null) return column.nullable ? none : no(`Column "${column.name}" may not be null`);
  switch (column.type) {
    case 'string':
      if (typeof found === 'string') return ok(found);
      break;
    case 'integer':
      if (Number.isSafeInteger(found)) return ok(found as number);
      break;
    case 'number':
      if (typeof found === 'number') return ok(found);
      break;
    case 'decimal': {
      const decimal = decimalHandedOut(found);
      if (decimal !== null) return ok(decimal);
      break;
    }
    case 'boolean':
      if (typeof found === 'boolean') return ok(found);
      break;
    case 'timestamp':
      if (isTimestamp(found)) return ok(found);
      break;
    case 'date':
      if (typeof found === 'string' && isDate(found)) return ok(found);
      if (value instanceof Date && typeof found === 'number' && dateAt(found) !== null) return ok(dateAt(found));
      break;
    case 'json': {
      const json = toJson(value, 0);
      if (json !== undefined) return ok(json);
      break;
    }
    case 'bytes':
      // A copy of the plain class: the code may change its own later.
      if (found instanceof Uint8Array) return ok(new Uint8Array(found));
      break;
  }
  return no(`Column "${column.name}" is of type ${column.type}, but the value is ${describe(found, column.type)}`);
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return safeNumber(value) ?? value;
  if (value instanceof Date) return plain(timeOf(value));
  return value;
}

/** Whatever methods a class of the code gives its dates. NaN for anything but a date, such as a proxy of one. */
function timeOf(date: Date): number {
  try {
    return Date.prototype.getTime.call(date);
  } catch {
    return Number.NaN;
  }
}

const maxJsonDepth = 100;

/** A copy as JSON would make it, or undefined if JSON cannot express it (functions, bytes, cycles, big integers). */
function toJson(value: unknown, depth: number): Json | undefined {
  if (value === undefined || value === null) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return safeNumber(value) ?? undefined;
    case 'object':
      break;
    default:
      return undefined;
  }
  if (depth > maxJsonDepth || value instanceof Uint8Array) return undefined;
  const decimal = decimalInside(value);
  if (decimal !== null) return decimal;
  if (value instanceof Date) {
    const time = timeOf(value);
    return Number.isNaN(time) ? null : new Date(time).toISOString();
  }
  if (Array.isArray(value)) {
    // Not by the list's own methods: a class of the code may have methods of its own.
    const items: Json[] = [];
    for (let i = 0; i < value.length; i++) {
      const item = toJson(value[i], depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
  // Only plain objects, also those of another realm: an instance of a class would lose what makes it one.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  const copy: Record<string, Value> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const json = toJson(item, depth + 1);
    if (json === undefined) return undefined;
    setColumn(copy, key, json);
  }
  return copy as Json;
}

function safeNumber(value: bigint): number | null {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

function isTimestamp(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= maxTimestamp;
}

function typeOf(value: Exclude<Value, null>): ColumnType {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return value instanceof Uint8Array ? 'bytes' : 'json';
}

function beyondWhole(text: string): string {
  return `${show(text)} is beyond 2^53, where whole numbers would be rounded`;
}

/** A value inside a message: short, and with quotes if it is text. */
export function show(value: unknown): string {
  const text = value instanceof Uint8Array ? `${value.length} bytes` : typeof value === 'number' ? String(value) : JSON.stringify(start(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The maximum that a message shows of a value: a text of many megabytes is not scanned for it. */
function start(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, 100) : value;
}

function describe(value: unknown, wanted: ColumnType): string {
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`;
  if (typeof value === 'string') return `the text ${show(value)}`;
  if (typeof value === 'bigint') return `the integer ${value}, which is beyond 2^53`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (value instanceof Uint8Array) return 'bytes';
  if (decimalInside(value) !== null) return `the decimal ${decimalInside(value)}`;
  if (value instanceof Promise) return 'a promise (code runs synchronously here)';
  const what = Array.isArray(value) ? 'an array' : 'an object';
  if (wanted !== 'json') return what;
  const plain = Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
  return plain ? `${what} with something in it that JSON cannot hold, such as a function, a Map, a large bigint, or itself` : `${what} that JSON cannot hold`;
}
