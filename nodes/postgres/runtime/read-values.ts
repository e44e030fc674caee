/** The texts of a server as values of columns; nothing is rounded or cut. */

import { isBeyondMilliseconds, parseTimestamp } from '../../../model/time/timestamp.ts';
import { decimalExactly, decimalOf } from '../../../model/values/decimal.ts';
import { isExactDecimal } from '../../../model/values/exact.ts';
import { refuseDeepValue } from '../../../model/values/json-depth.ts';
import { parseJson, roundedNumber } from '../../../model/values/json-text.ts';
import type { ColumnType, Json, Value } from '../../../model/values/types.ts';
import { castText } from '../../../model/values/values.ts';
import type { CellFormat } from '../../formats/cells/cell-formats.ts';

export interface StoredAs {
  /** See `FactColumn`. */
  readonly type: string;
  readonly isArray: boolean;
}
/** Null stays null; undefined for a text that does not fit. */
export type ReadValue = (text: unknown) => Value | undefined;

/** Of a column that is stored as `stored` and read as `type`. `format`: what a user has set for it. */
export function valueReader(stored: StoredAs, type: ColumnType, format: CellFormat | null): ReadValue {
  const read = format ? formatted(stored, format) : readerOf(stored, type);
  return (text) => (text === null ? null : read(text as string));
}

/** Why a text does not fit. */
export function whyNot(text: string, type: ColumnType): string {
  if (/^(?:NaN|-?Infinity|-?infinity)$/.test(text)) return `"${text}" is no value here`;
  if (/ BC$/.test(text)) return `"${text}" is before the year 0`;
  if (type === 'string') return 'it cannot be read';
  const found = castText(plainTime(text, type), type);
  return found.ok ? `"${text}" would be rounded` : found.message;
}

type Read = (text: string) => Value | undefined;

function formatted(stored: StoredAs, format: CellFormat): Read {
  const usual = stored.type === 'boolean' && !stored.isArray;
  return (text) => {
    const found = format.read(usual ? (text === 't' ? 'true' : 'false') : text, true);
    return found.ok ? found.value : undefined;
  };
}

function readerOf({ type: stored, isArray }: StoredAs, type: ColumnType): Read {
  switch (type) {
    case 'string':
      return stored === 'boolean' && !isArray ? (text) => (text === 't' ? 'true' : 'false') : (text) => text;
    case 'integer':
      return integer;
    case 'number':
      return stored === 'real' || stored === 'double precision' ? double : exactNumber;
    case 'decimal':
      return (text) => decimalExactly(text) ?? decimalOf(text) ?? undefined;
    case 'boolean':
      return (text) => (text === 't' ? true : text === 'f' ? false : undefined);
    case 'timestamp':
      return timestamp;
    case 'date':
      return (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined);
    case 'json':
      return isArray ? (text) => arrayOf(text, elementOf(stored)) : json;
    case 'bytes':
      return (text) => (text.startsWith('\\x') ? new Uint8Array(Buffer.from(text.slice(2), 'hex')) : undefined);
  }
}

function integer(text: string): number | undefined {
  const value = +text;
  return Number.isSafeInteger(value) ? value : undefined;
}
/** As the server prints a double, it is that double. */
function double(text: string): number | undefined {
  const value = +text;
  return Number.isFinite(value) ? value : undefined;
}
function exactNumber(text: string): number | undefined {
  const value = +text;
  return Number.isFinite(value) && isExactDecimal(text) ? value : undefined;
}
function timestamp(text: string): number | undefined {
  const at = plainTime(text, 'timestamp');
  return isBeyondMilliseconds(at) ? undefined : (parseTimestamp(at) ?? undefined);
}
/** The server leaves zeros at the end of fractions out, and minutes of offsets. */
function plainTime(text: string, type: ColumnType): string {
  return type === 'timestamp' ? text.replace(' ', 'T') : text;
}
function json(text: string): Json | undefined {
  try {
    refuseDeepValue(text);
    const value = parseJson(text) as Json;
    return roundedNumber(text) === null ? value : undefined;
  } catch {
    return undefined;
  }
}

function elementOf(stored: string): (text: string) => Json | undefined {
  if (/^(?:smallint|integer|bigint|oid)$/.test(stored)) return integer;
  if (/^(?:real|double precision)$/.test(stored)) return double;
  if (stored === 'numeric') return exactNumber;
  if (stored === 'boolean') return (text) => text === 't';
  if (stored === 'json' || stored === 'jsonb') return json;
  return (text) => text;
}

/** `{1,NULL,"a \"b\""}`, with arrays within; bounds before it are left out. Undefined where it, or an element, cannot be read. */
export function arrayOf(text: string, read: (element: string) => Json | undefined): Json | undefined {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const list = (): Json[] | undefined => {
    const items: Json[] = [];
    at++;
    while (text[at] !== '}') {
      if (at >= text.length) return undefined;
      if (text[at] === ',') at++;
      else if (text[at] === '{') {
        const inner = list();
        if (!inner) return undefined;
        items.push(inner);
      } else {
        const element = item();
        const value = element === null ? null : read(element);
        if (value === undefined) return undefined;
        items.push(value);
      }
    }
    at++;
    return items;
  };
  const item = (): string | null => {
    if (text[at] !== '"') {
      const from = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '}') at++;
      const plain = text.slice(from, at);
      return plain === 'NULL' ? null : plain;
    }
    let found = '';
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') at++;
      found += text[at];
    }
    at++;
    return found;
  };
  return text[at] === '{' ? list() : undefined;
}
