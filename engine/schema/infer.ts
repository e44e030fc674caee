/** Which types the columns of a source have, told from its first rows. */
import { parseTimestamp } from './timestamp.ts';
import type { ColumnType, Schema } from './types.ts';

/** A column type, or `wide`: whole numbers beyond 2^53, which stay text and make every number beside them text as well. */
type Found = ColumnType | 'wide';

/** `-0`, `007` and `+5` are left out on purpose: as numbers they would not be what was written. */
const integerText = /^(0|-?[1-9]\d*)$/;
const numberText = /^-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?$/;
const booleanText = /^(true|false)$/i;

/**
 * The schema of text columns (a CSV file). The i-th column stands for `names[i]`; an empty name becomes `column_<i+1>`, a
 * repeated one gets a number. A column has the narrowest type that loses nothing of any cell: boolean, integer, number,
 * timestamp (ISO 8601), else string. Ids such as `00123` and whole numbers beyond 2^53 stay text. Null and blank cells
 * say nothing, and a column of nothing else is text. Every column is nullable, since later rows may lack a cell.
 */
export function inferFromText(names: readonly string[], sample: readonly (readonly (string | null)[])[]): Schema {
  return {
    columns: uniqueNames(names).map((name, i) => ({
      name,
      type: columnType(mergeAll(sample.map((row) => textType(row[i] ?? null))), 'string'),
      nullable: true,
    })),
  };
}

/**
 * The schema of records (JSON Lines): columns in order of first appearance. Numbers are integer or number, text is
 * timestamp where every cell is ISO 8601, objects, arrays and mixtures are json, and so is a column that was always null.
 * A whole number that JavaScript cannot hold exactly (as bigint, or already rounded) makes its column text. Every column is nullable.
 */
export function inferFromJson(sample: readonly Record<string, unknown>[]): Schema {
  const types = new Map<string, Found | null>();
  for (const record of sample) {
    for (const name of Object.keys(record)) types.set(name, merge(types.get(name) ?? null, jsonType(record[name]), 'json'));
  }
  return { columns: [...types].map(([name, type]) => ({ name, type: columnType(type, 'json'), nullable: true })) };
}

/** The narrowest type that holds this cell; null where it says nothing. */
function textType(cell: string | null): Found | null {
  const text = cell?.trim();
  if (!text) return null;
  if (integerText.test(text)) return Number.isSafeInteger(Number(text)) ? 'integer' : 'wide';
  const first = text.charCodeAt(0);
  // 't', 'f' and their capitals; everything else is spared the regular expression.
  if ((first | 32) === 116 || (first | 32) === 102) return booleanText.test(text) ? 'boolean' : 'string';
  if (numberText.test(text) && Number.isFinite(Number(text))) return 'number';
  return parseTimestamp(text) === null ? 'string' : 'timestamp';
}

function jsonType(value: unknown): Found | null {
  switch (typeof value) {
    case 'string':
      return parseTimestamp(value) === null ? 'string' : 'timestamp';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? 'integer' : 'wide';
    case 'number':
      if (Number.isSafeInteger(value)) return 'integer';
      // From 1e21 on, a number is written with an exponent: a magnitude, not somebody's id that was rounded.
      return Number.isInteger(value) && Math.abs(value) < 1e21 ? 'wide' : 'number';
    default:
      return value === null || value === undefined ? null : value instanceof Uint8Array ? 'bytes' : 'json';
  }
}

function columnType(found: Found | null, unknown: ColumnType): ColumnType {
  return found === 'wide' ? 'string' : (found ?? unknown);
}

function mergeAll(types: readonly (Found | null)[]): Found | null {
  let merged: Found | null = null;
  for (const type of types) merged = merge(merged, type, 'string');
  return merged;
}

/** The type that holds both: integers are numbers, timestamps were text. */
function merge(a: Found | null, b: Found | null, mixed: ColumnType): Found | null {
  if (a === b || b === null) return a;
  if (a === null) return b;
  if (isNumeric(a) && isNumeric(b)) return a === 'wide' || b === 'wide' ? 'wide' : 'number';
  return isText(a) && isText(b) ? 'string' : mixed;
}

function isNumeric(type: Found): boolean {
  return type === 'integer' || type === 'number' || type === 'wide';
}

function isText(type: Found): boolean {
  return type === 'string' || type === 'timestamp';
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((given, i) => {
    const base = given === '' ? `column_${i + 1}` : given;
    let name = base;
    for (let n = 2; seen.has(name) || (name !== given && taken.has(name)); n++) name = `${base}_${n}`;
    seen.add(name);
    return name;
  });
}
