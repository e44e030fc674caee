/** Which cell of a sample decided the type of its column, in words for users. */

import { itemAt, itemsAt } from '../faults/missing.ts';
import { thousands } from '../text/thousands.ts';
import { TrailingZeros } from '../values/exact.ts';
import { readText } from '../values/read-text.ts';
import type { ColumnType } from '../values/types.ts';
import { castText, show } from '../values/values.ts';

export interface Decision {
  /** Index of the deciding cell; -1 if no cell is relevant. */
  readonly at: number;
  readonly because: string;
}

const one: Record<ColumnType, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  decimal: 'a number with more digits than a double keeps',
  boolean: 'true or false',
  timestamp: 'a time (ISO 8601)',
  date: 'a day (ISO 8601)',
  json: 'an object or a list',
  bytes: 'bytes',
};
const several: Record<ColumnType, string> = {
  string: 'text',
  integer: 'whole numbers',
  number: 'numbers',
  decimal: 'numbers with more digits than a double keeps',
  boolean: 'true or false',
  timestamp: 'times (ISO 8601)',
  date: 'days (ISO 8601)',
  json: 'objects, lists or a mixture',
  bytes: 'bytes',
};

/**
 * Why a column of texts got its type. `typeOf` is the inference that returned it; null and blank cells are ignored. The deciding cell is
 * the first one with which the column has its type: those before it alone would have given it another one.
 */
export function decideText(cells: readonly (string | null)[], type: ColumnType, typeOf: (cells: readonly (string | null)[]) => ColumnType): Decision {
  const saying = indexes(cells, (cell) => cell !== null && cell.trim() !== '');
  const empty = cells.length - saying.length;
  if (saying.length === 0)
    return { at: -1, because: cells.length === 0 ? 'There are no rows.' : `${countOf(cells.length, 'cell')}, all empty: nothing else is known.` };
  const place = firstDeciding(
    saying.length,
    (end) => typeOf(itemsAt(cells, saying.slice(0, end))) === type,
    (at) => typeOf(itemsAt(cells, saying.slice(at, at + 1))) === type,
  );
  const at = saying[place] ?? -1;
  const text = cells[at]?.trim() ?? '';
  const blanks = empty === 0 ? '' : ` ${empty === 1 ? 'One cell is' : `${thousands(empty)} cells are`} empty.`;
  if (type !== 'string') return { at, because: `${allOf(saying.length, type, 'cell')}.${zoneless(text, type)}${blanks}` };
  const before = itemsAt(cells, saying.slice(0, place)).filter((cell) => cell !== null);
  if (before.length === 0) {
    // Users ask about texts that look like numbers but are not.
    const looks = (['integer', 'number'] as const).find((type) => castText(text, type).ok);
    return { at, because: `${looks ? lossOf(text, looks, []) : `${show(text)} is text`}.${blanks}` };
  }
  const narrower = typeOf(before);
  return { at, because: `${lossOf(text, narrower, before)}; ${beforeIt(place, narrower, 'cell')}.${blanks}` };
}

/** As `decideText`, for values of JSON. `textOf` writes one as it is in the input. */
export function decideValue(
  values: readonly unknown[],
  type: ColumnType,
  typeOf: (values: readonly unknown[]) => ColumnType,
  textOf: (value: unknown) => string,
): Decision {
  const saying = indexes(values, (value) => value !== null && value !== undefined);
  const missing = values.length - saying.length;
  if (saying.length === 0) return { at: -1, because: 'It is always null, or missing.' };
  const prefix = (end: number) => typeOf(itemsAt(values, saying.slice(0, end)));
  const place = firstDeciding(
    saying.length,
    (end) => prefix(end) === type,
    (at) => typeOf(itemsAt(values, saying.slice(at, at + 1))) === type,
  );
  const at = itemAt(saying, place);
  const nulls = missing === 0 ? '' : ` In ${thousands(missing)} of ${countOf(values.length, 'row')} it is null or missing.`;
  const text = textOf(values[at]);
  const isNumber = /^-?\d/.test(text);
  if (place === 0)
    return {
      at,
      because: `${type === 'string' && isNumber ? `${short(text)} has more digits than a number keeps` : allOf(saying.length, type, 'value')}.${nulls}`,
    };
  const narrower = prefix(place);
  const isLong = isNumber && (type === 'string' || type === 'decimal');
  const why = isLong ? `${short(text)} has more digits than a number keeps` : `${short(text)} is not ${one[narrower]}`;
  return { at, because: `${why}; ${beforeIt(place, narrower, 'value')}.${nulls}` };
}

/**
 * The index of the first of `count` cells with which all up to it have the type. Inference never returns to a narrower type, so this is a
 * binary search; mostly a single cell has the type by itself.
 */
function firstDeciding(count: number, hasType: (end: number) => boolean, isAlone: (at: number) => boolean): number {
  let end = 0;
  while (end < count && !isAlone(end)) end++;
  if (end < count && (end === 0 || !hasType(end))) return end;
  let low = 0;
  let high = Math.min(end, count - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hasType(middle + 1)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function lossOf(text: string, type: ColumnType, before: readonly string[]): string {
  const zeros = new TrailingZeros();
  if (type === 'number') for (const cell of before) zeros.accepts(cell.trim());
  const read = readText(text, type, zeros);
  return read.ok ? `Beside the cells before it, ${show(text)} as ${type} would not be what was written` : read.message;
}

function zoneless(text: string, type: ColumnType): string {
  return type === 'timestamp' && !/(z|[+-]\d\d(:?\d\d)?)$/i.test(text.slice(10)) ? ` ${show(text)} names no zone: it is read as UTC.` : '';
}

function allOf(count: number, type: ColumnType, noun: string): string {
  return count === 1 ? `Its only ${noun} is ${one[type]}` : `All ${thousands(count)} ${noun}s are ${several[type]}`;
}

function beforeIt(count: number, type: ColumnType, noun: string): string {
  return count === 1 ? `the ${noun} before it is ${one[type]}` : `the ${thousands(count)} ${noun}s before it are ${several[type]}`;
}

function countOf(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function indexes<T>(all: readonly T[], isMeant: (item: T) => boolean): number[] {
  const found: number[] = [];
  all.forEach((item, i) => {
    if (isMeant(item)) found.push(i);
  });
  return found;
}
