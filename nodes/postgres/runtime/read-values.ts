/** Values as the server writes them, and what they are in Millrace. */
import type { Conversion } from '../../../io/text/row-conversion.ts';
import { isDate, parseTimestamp } from '../../../model/time/timestamp.ts';
import { isDecimalValue } from '../../../model/values/decimal.ts';
import { refuseDeepValue } from '../../../model/values/json-depth.ts';
import { parseJson, roundedNumber } from '../../../model/values/json-text.ts';
import type { ColumnType, Json, Value } from '../../../model/values/types.ts';

/** What becomes of the digits of a time beyond milliseconds. */
export type Finer = 'cut' | 'text' | 'fail';

/** A type of the server: `pg_type`. */
export interface ServerType {
  readonly name: string;
  /** `A` for arrays. */
  readonly category: string;
  /** Of the items of an array. */
  readonly item: string | null;
}

const types: { readonly [name: string]: ColumnType } = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  float4: 'number',
  float8: 'number',
  numeric: 'decimal',
  bool: 'boolean',
  timestamptz: 'timestamp',
  timestamp: 'timestamp',
  date: 'date',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
};

/** Anything else is text, as the server writes it: enums, `uuid`, `inet`, `interval`, ranges. */
export function columnTypeOf({ name, category, item }: ServerType, finer: Finer): ColumnType {
  if (category === 'A' && item !== null) return 'json';
  const type = types[name] ?? 'string';
  return type === 'timestamp' && finer === 'text' ? 'string' : type;
}

/** By column type; undefined for what the type has no value for. */
export function conversionOf(type: ColumnType, server: ServerType | null, finer: Finer): Conversion {
  if (type === 'timestamp' && finer === 'fail') return orNull((text) => (isFiner(text) ? undefined : (timeOf(text) ?? undefined)));
  if (type === 'json' && server?.category === 'A') return orNull((text) => listOf(text, server.item ?? ''));
  return conversions[type];
}

function orNull(read: (text: string) => Value | undefined): Conversion {
  return (found) => (found === null ? null : read(found as string));
}

const conversions: { readonly [type in ColumnType]: Conversion } = {
  string: orNull((text) => text),
  integer: orNull((text) => {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : undefined;
  }),
  number: orNull((text) => {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }),
  decimal: orNull((text) => (isDecimalValue(text) ? text : undefined)),
  boolean: orNull((text) => text === 't'),
  timestamp: orNull((text) => timeOf(text) ?? undefined),
  date: orNull((text) => (isDate(text) ? text : undefined)),
  json: orNull(jsonOf),
  bytes: orNull((text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))),
};

function jsonOf(text: string): Json | undefined {
  try {
    refuseDeepValue(text);
    const value = parseJson(text) as Json;
    return roundedNumber(text) === null ? value : undefined;
  } catch {
    return undefined;
  }
}

const zero = 48;
/** Whole milliseconds of `2026-01-31 12:00:00.123456+00`, or without a zone, which is then UTC. Null for what is beyond the calendar. */
export function timeOf(text: string): number | null {
  if (text.length < 19 || text.charCodeAt(4) !== 45) return olderOrLater(text);
  const at = (i: number) => text.charCodeAt(i) - zero;
  const two = (i: number) => at(i) * 10 + at(i + 1);
  let ms = 0;
  let end = 19;
  if (text.charCodeAt(19) === 46) {
    for (end = 20; end < text.length && at(end) >= 0 && at(end) <= 9; end++) if (end < 23) ms += at(end) * (end === 20 ? 100 : end === 21 ? 10 : 1);
  }
  const rest = text.length - end;
  if (rest !== 0 && !(rest === 3 && text.endsWith('+00'))) return olderOrLater(text);
  const year = two(0) * 100 + two(2);
  if (year < 100) return olderOrLater(text);
  return Date.UTC(year, two(5) - 1, two(8), two(11), two(14), two(17), ms);
}

function olderOrLater(text: string): number | null {
  const [, year = '', rest = '', fraction = ''] = /^(\d{4,6})-(\d\d-\d\d \d\d:\d\d:\d\d)(\.\d{1,3})?\d*(?:\+00)?$/.exec(text) ?? [];
  if (year === '') return null;
  return parseTimestamp(`${year.length === 4 ? year : `+${year.padStart(6, '0')}`}-${rest.replace(' ', 'T')}${fraction}Z`);
}

export function isFiner(text: string): boolean {
  return /\.\d{3}\d*[1-9]/.test(text);
}

/** An array as a list; undefined where an item has no value in JSON. */
export function listOf(text: string, item: string): Json | undefined {
  // The bounds of one that does not begin at 1 stand before it.
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const read = (): Json[] | undefined => {
    const list: Json[] = [];
    at++;
    while (text[at] !== '}') {
      if (text[at] === ',') at++;
      if (text[at] === '{') {
        const inner = read();
        if (inner === undefined) return undefined;
        list.push(inner);
        continue;
      }
      const [value, isQuoted] = word();
      if (value === 'NULL' && !isQuoted) {
        list.push(null);
        continue;
      }
      const found = itemOf(value, item);
      if (found === undefined) return undefined;
      list.push(found);
    }
    at++;
    return list;
  };
  const word = (): [string, boolean] => {
    if (text[at] !== '"') {
      const start = at;
      while (text[at] !== ',' && text[at] !== '}' && at < text.length) at++;
      return [text.slice(start, at), false];
    }
    let value = '';
    for (at++; text[at] !== '"' && at < text.length; at++) {
      if (text[at] === '\\') at++;
      value += text[at];
    }
    at++;
    return [value, true];
  };
  return read();
}

function itemOf(text: string, item: string): Json | undefined {
  const type = types[item];
  // Exact decimals are texts, in lists too; of times and bytes so is what the server writes.
  if (type === 'integer' || type === 'number' || type === 'boolean' || type === 'json') return conversions[type](text) as Json | undefined;
  return text;
}
