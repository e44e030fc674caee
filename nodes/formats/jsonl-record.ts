/** One line of JSON Lines. */
import type { Column, ColumnType, Json } from '../../engine/schema/types.ts';
import { type Converted, castValue, parseTimestamp } from '../../engine/schema/values.ts';
import { faultAt } from './json-fault.ts';
import type { Conversion } from './row-conversion.ts';

export type JsonRecord = { readonly [key: string]: Json };
/** As JsonRecord, but whole numbers that a JavaScript number would round are bigints, at any depth. */
export type ExactRecord = { readonly [key: string]: unknown };

export const isRecord = (value: unknown): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses without rounding whole numbers. Slower than JSON.parse by far. Throws a SyntaxError. */
export function parseExactly(line: string): unknown {
  return JSON.parse(line, ((_key: string, value: unknown, context: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const { source } = context;
    return source !== undefined && /^-?\d+$/.test(source) && String(value) !== source ? BigInt(source) : value;
  }) as (key: string, value: unknown) => unknown);
}

/** What JSON.parse threw, with the column instead of V8's position. */
export function syntaxMessage(error: unknown, line: string): string {
  const { message } = error as SyntaxError;
  const position = /at position (\d+)/.exec(message)?.[1];
  // V8 quotes the whole text where it is short, and says no position where it ends too early.
  const reason = message.replace(/,? in JSON at position.*$|, (\.\.\.)?".*is not valid JSON$/s, '');
  const at = position === undefined ? (message.startsWith('Unexpected end') ? line.trimEnd().length : faultAt(line)) : Number(position);
  return `${reason}, at column ${at + 1}`;
}

/** As `syntaxMessage` for a record of several lines, which starts at this line and column. */
export function syntaxPlace(error: unknown, source: string, line: number, column: number): string {
  const message = syntaxMessage(error, source);
  const [, reason, at] = /^(.*), at column (\d+)$/s.exec(message)!;
  const before = source.slice(0, Number(at) - 1);
  const feeds = before.split('\n').length - 1;
  return `${reason}, at line ${line + feeds}, column ${feeds === 0 ? column + before.length : before.length - before.lastIndexOf('\n')}`;
}

export const jsonConversions: { readonly [type in ColumnType]: Conversion } = {
  string: (found) => (typeof found === 'string' ? found : nothing(found)),
  integer: (found) => (Number.isSafeInteger(found) ? (found as number) : nothing(found)),
  // 1e999 is Infinity for JSON.parse.
  number: (found) => (Number.isFinite(found) ? (found as number) : nothing(found)),
  boolean: (found) => (typeof found === 'boolean' ? found : nothing(found)),
  timestamp: (found) => (typeof found === 'string' ? (parseTimestamp(found) ?? undefined) : nothing(found)),
  json: (found) => (found === undefined ? null : (found as Json)),
  bytes: nothing,
};

/** The value of a column in a record that was parsed exactly; a missing key is null. */
export function recordValue(record: ExactRecord, { name, type }: Column): Converted {
  const found = Object.hasOwn(record, name) ? record[name] : null;
  if (typeof found === 'bigint') {
    if (type === 'number') return { ok: true, value: Number(found) };
    return castValue(String(found), type === 'json' ? 'integer' : type);
  }
  if (type !== 'json') return castValue(found as Json, type);
  if (holdsBigint(found)) return { ok: false, message: 'it holds a whole number beyond 2^53, which would be rounded' };
  return { ok: true, value: found as Json };
}

function holdsBigint(value: unknown): boolean {
  if (typeof value === 'bigint') return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsBigint);
}

function nothing(found: unknown): null | undefined {
  return found === null || found === undefined ? null : undefined;
}
