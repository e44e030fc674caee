/** What the library gives for a cell, as a value of its column. */

import type { Conversion } from '../../../io/text/row-conversion.ts';
import type { EntryFix } from '../../../model/problems/problem.ts';
import { decimalOfNumber, isDecimalValue } from '../../../model/values/decimal.ts';
import { readExactly } from '../../../model/values/exact.ts';
import { refuseDeepValue } from '../../../model/values/json-depth.ts';
import { parseJson, roundedNumber } from '../../../model/values/json-text.ts';
import { readText, widerType } from '../../../model/values/read-text.ts';
import type { Column, ColumnType, Json, Value } from '../../../model/values/types.ts';
import { type Converted, castValue } from '../../../model/values/values.ts';
import type { CellFormat } from '../../formats/cells/cell-formats.ts';
import { readAs } from '../../formats/column-fields.ts';

const conversions: { readonly [type in ColumnType]: Conversion } = {
  string: (found) => (typeof found === 'string' || found === null ? found : typeof found === 'number' ? String(found) : undefined),
  integer(found) {
    if (found instanceof Uint8Array) return bitsOf(found);
    return found === null || Number.isSafeInteger(found) ? (found as number | null) : undefined;
  },
  number(found) {
    if (typeof found === 'string') return readExactly(found, 'number') as number | undefined;
    return found === null || Number.isFinite(found) ? (found as number | null) : undefined;
  },
  decimal(found) {
    if (typeof found === 'string') return isDecimalValue(found) ? found : undefined;
    return typeof found === 'number' ? (decimalOfNumber(found) ?? undefined) : found === null ? null : undefined;
  },
  boolean(found) {
    const value = found instanceof Uint8Array ? bitsOf(found) : found;
    return value === 1 ? true : value === 0 ? false : value === null ? null : undefined;
  },
  timestamp: (found) => (typeof found === 'string' ? (readExactly(found, 'timestamp') as number | undefined) : found === null ? null : undefined),
  date: (found) => (typeof found === 'string' ? (readExactly(found, 'date') as string | undefined) : found === null ? null : undefined),
  json(found) {
    // Geometries and vectors come as objects.
    if (typeof found !== 'string') return found instanceof Uint8Array ? undefined : (found as Json);
    try {
      refuseDeepValue(found);
      const value = parseJson(found) as Json;
      return roundedNumber(found) === null ? value : undefined;
    } catch {
      return undefined;
    }
  },
  // What the library gives is a part of a piece of input, which would be kept as a whole.
  bytes: (found) => (found instanceof Uint8Array ? new Uint8Array(found) : found === null ? null : undefined),
};

/** Of a BIT column. */
function bitsOf(bytes: Uint8Array): number | undefined {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

export function conversionOf(type: ColumnType, format: CellFormat | null): Conversion {
  if (format === null) return conversions[type];
  return (found) => {
    const own = formattedValue(found, format);
    if (own === null) return conversions[type](found);
    return own.ok ? own.value : undefined;
  };
}

/** The value, or why there is none. */
export function convert(found: unknown, { type }: Column, format: CellFormat | null, isCast: boolean): Converted {
  const own = formattedValue(found, format);
  if (own !== null) return own;
  const simple = conversions[type](found);
  if (simple !== undefined) return { ok: true, value: simple };
  if (typeof found === 'string' && type === 'integer' && /^-?\d+$/.test(found)) {
    return { ok: false, message: `the value is ${found}, beyond 2^53, where whole numbers would be rounded` };
  }
  if (found instanceof Uint8Array) return { ok: false, message: `the value is ${found.length} bytes` };
  if (typeof found === 'string' && /^0000-00-00/.test(found)) return { ok: false, message: `${found} is no day` };
  if (typeof found === 'string' && !isCast) return readText(found, type);
  return castValue(found as Value, type);
}

export function hintOf({ name, type }: Column, found: unknown): string {
  if (type === 'integer' && typeof found === 'string') return `Read column "${name}" as decimal (under Column types).`;
  if (typeof found === 'string' && /^0000-00-00/.test(found)) return `Write NULLIF(${name}, 0) in a query, or read column "${name}" as text.`;
  return `Convert it in a query, or set another type for "${name}" under Column types.`;
}

/** Reads the column as a type that holds the value. */
export function fixOf({ name, type }: Column, found: unknown, format: CellFormat | null): EntryFix | undefined {
  if (format !== null || typeof found !== 'string') return readAs(name, type === 'boolean' && typeof found === 'number' ? 'integer' : 'string');
  return readAs(name, type === 'integer' || type === 'number' ? widerType(found, type) : 'string');
}

/** For a row that failed. */
export function plain(found: unknown): Value {
  return found instanceof Uint8Array ? new Uint8Array(found) : ((found ?? null) as Value);
}

/** The value of a text or a number in its format; null if the format does not apply to it. */
function formattedValue(found: unknown, format: CellFormat | null): Converted | null {
  if (format === null || found === null) return null;
  if (typeof found === 'string') return format.read(found, true);
  return typeof found === 'number' ? format.readNumber(String(found)) : null;
}
