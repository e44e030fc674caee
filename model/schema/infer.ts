/** Infers the column types of a source from a sample of its rows. The rule for texts is in exact.ts. */

import { itemAt } from '../faults/missing.ts';
import { decimalExactly } from '../values/decimal.ts';
import { isBeyondWhole, isDecimal, isExactDecimal, readExactly, TrailingZeros, toldTypes } from '../values/exact.ts';
import { isRawNumber } from '../values/raw-number.ts';
import type { Column, ColumnType, Schema } from '../values/types.ts';

/**
 * A column type, or a finer distinction: `large` is a whole number beyond 2^53 that a double holds all the same (a number beside numbers
 * with decimals, otherwise a decimal); `power` a number with an exponent, which as a decimal would be written differently; `wide` a number
 * that only a text keeps, which makes every number beside it text as well.
 */
type Found = ColumnType | 'large' | 'power' | 'wide';
const numeric: readonly Found[] = ['integer', 'large', 'number', 'power', 'decimal', 'wide'];

/**
 * The schema of text columns (a CSV file). The i-th column is called `names[i]`; an empty name becomes `column_<i+1>`, a repeated one gets
 * a number. A column has the narrowest type that loses nothing of any cell: boolean, integer, number, decimal (whole numbers beyond 2^53,
 * and more digits than a number keeps), date, timestamp (ISO 8601), otherwise string. Ids such as `00123` and version numbers such as 1.9
 * beside 1.10 stay text. Null and blank cells are ignored, and a column with nothing else is text. Every column is nullable, since later
 * rows may lack a cell; columns in which each cell of the sample has a value say so.
 */
export function inferFromText(names: readonly string[], sample: readonly (readonly (string | null)[])[]): Schema {
  return {
    columns: uniqueNames(names).map((name, i) => {
      const { type, isFull } = ofCells(sample.map((row) => row[i] ?? null));
      return { name, type, ...sampled(isFull) };
    }),
  };
}

/**
 * The schema of records (JSON Lines): columns in order of first appearance. Numbers are integer or number, text is timestamp if every cell
 * is ISO 8601; objects, arrays and mixtures are json, and so is a column that was always null. A number that a double does not hold exactly
 * (as bigint or RawNumber, or already rounded) makes its column decimal, or text if it has too many digits for that. Every column is
 * nullable; columns in which each record has a value say so.
 */
export function inferFromJson(sample: readonly Record<string, unknown>[]): Schema {
  const types = new Map<string, Found | null>();
  const values = new Map<string, number>();
  for (const record of sample) {
    for (const name of Object.keys(record)) {
      const found = jsonType(record[name]);
      if (found !== null) values.set(name, (values.get(name) ?? 0) + 1);
      types.set(name, merge(types.get(name) ?? null, found, 'json'));
    }
  }
  return { columns: [...types].map(([name, type]) => ({ name, type: columnType(type, 'json'), ...sampled(values.get(name) === sample.length) })) };
}

/** For a column of a sample, by whether each of its rows had a value there. */
function sampled(isFull: boolean): Pick<Column, 'nullable' | 'nulls'> {
  return isFull ? { nullable: true, nulls: 'unseen' } : { nullable: true };
}

/** The type of a column's cells, and whether each has a value: blank ones are null, except in text. */
function ofCells(cells: readonly (string | null)[]): { readonly type: ColumnType; readonly isFull: boolean } {
  const ofText = () => ({ type: 'string', isFull: cells.length > 0 && !cells.includes(null) }) as const;
  const zeros = new TrailingZeros();
  let isVersion = false;
  let merged: Found | null = null;
  let isFull = cells.length > 0;
  for (const cell of cells) {
    const text = cell === null ? '' : cell.trim();
    if (text === '') {
      isFull = false;
      continue;
    }
    merged = merge(merged, textType(text), 'string');
    if (merged === 'string') return ofText();
    if (merged !== null && numeric.includes(merged)) isVersion ||= !zeros.accepts(text);
  }
  // Decimals keep their zeros.
  const type = isVersion && merged !== 'decimal' ? 'string' : columnType(merged, 'string');
  return type === 'string' ? ofText() : { type, isFull };
}

/** The narrowest type that holds this text. */
function textType(text: string): Found {
  for (const type of toldTypes.slice(isLikeTime(text) ? firstTime : 0)) {
    if (readExactly(text, type) === undefined) continue;
    return type !== 'number' ? type : isBeyondWhole(text) ? 'large' : /e/i.test(text) ? 'power' : type;
  }
  return isDecimal(text) ? 'wide' : 'string';
}

const firstTime = toldTypes.indexOf('date');

/** `2024-01-31`, with any digits and end: not a number and not a boolean. */
function isLikeTime(text: string): boolean {
  return text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45;
}

function jsonType(value: unknown): Found | null {
  switch (typeof value) {
    case 'string':
      return readExactly(value, 'date') !== undefined ? 'date' : readExactly(value, 'timestamp') !== undefined ? 'timestamp' : 'string';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? 'integer' : 'decimal';
    case 'number':
      if (Number.isSafeInteger(value)) return Object.is(value, -0) ? 'number' : 'integer';
      // From 1e21 on, a number is written with an exponent: a magnitude, not an id that was rounded.
      return Number.isInteger(value) && Math.abs(value) < 1e21 ? 'large' : 'number';
    default:
      if (isRawNumber(value)) return rawType(value.rawJSON);
      return value === null || value === undefined ? null : value instanceof Uint8Array ? 'bytes' : 'json';
  }
}

function rawType(written: string): Found {
  if (!isExactDecimal(written)) return decimalExactly(written) === null ? 'wide' : 'decimal';
  const value = Number(written);
  return /[.e]/i.test(written) && !Number.isSafeInteger(value) ? 'number' : (jsonType(value) ?? 'integer');
}

function columnType(found: Found | null, unknown: ColumnType): ColumnType {
  if (found === 'large') return 'decimal';
  if (found === 'power') return 'number';
  return found === 'wide' ? 'string' : (found ?? unknown);
}

/** The type that holds both: integers are numbers, days have their midnight, dates and timestamps were text. */
function merge(a: Found | null, b: Found | null, mixed: ColumnType): Found | null {
  if (a === b || b === null) return a;
  if (a === null) return b;
  if (numeric.includes(a) && numeric.includes(b)) {
    if ((a === 'power' && b === 'decimal') || (a === 'decimal' && b === 'power')) return 'wide';
    return itemAt(numeric, Math.max(numeric.indexOf(a), numeric.indexOf(b)));
  }
  if (isTime(a) && isTime(b)) return 'timestamp';
  return isText(a) && isText(b) ? 'string' : mixed;
}

function isTime(type: Found): boolean {
  return type === 'date' || type === 'timestamp';
}

function isText(type: Found): boolean {
  return type === 'string' || isTime(type);
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
