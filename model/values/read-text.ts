/** The cells of columns whose types were inferred from the data (exact.ts has the rule), and the errors of those that do not fit. */
import { decimalOf } from './decimal.ts';
import { isBeyondWhole, isDecimal, readExactly, type ToldType, type TrailingZeros } from './exact.ts';
import type { ColumnType } from './types.ts';
import { type Converted, castText, isNoBytes, show } from './values.ts';

/**
 * A cell as a value from which the cell can be reconstructed, except for its spelling (docs/types.md says which). Total. Blank is null in
 * every type but `string`. `zeros` is that of the column, and is called with its decimals one after another.
 */
export function readText(cell: string, to: ColumnType, zeros?: TrailingZeros): Converted {
  if (to === 'string') return { ok: true, value: cell };
  const text = cell.trim();
  if (text === '' && !isNoBytes(cell, to)) return { ok: true, value: null };
  // No text shows by itself that it has one of these types: a user has set it.
  if (to === 'json' || to === 'bytes') return castText(text, to);
  const value = readExactly(text, to);
  if (value === undefined) {
    const cast = castText(text, to);
    return cast.ok ? { ok: false, message: lossOf(text, to) } : cast;
  }
  if (to === 'number' && zeros && !zeros.accepts(text)) {
    const message = `${show(text)} has another number of decimals than a cell before it, and zeros at the end of one of them would be lost`;
    return { ok: false, message };
  }
  return { ok: true, value };
}

function lossOf(text: string, type: ToldType): string {
  if (type === 'date') return `${show(text)} has a time as well`;
  if (type === 'timestamp') return `${show(text)} is finer than milliseconds`;
  if (type === 'decimal' && isDecimal(text) && decimalOf(text) !== null) return `${show(text)} as a decimal would be written without its exponent`;
  if (type === 'number' && isDecimal(text)) return `${show(text)} has more digits than a number keeps`;
  return `${show(text)} as ${type === 'integer' ? 'an' : 'a'} ${type} would not be what was written`;
}

/** The next wider type, for a cell that does not fit its column's. */
export function widerType(cell: string, type: ColumnType): ColumnType {
  const text = cell.trim();
  if (type === 'date') return readExactly(text, 'timestamp') === undefined ? 'string' : 'timestamp';
  if (type === 'integer' && readExactly(text, 'number') !== undefined && !isBeyondWhole(text)) return 'number';
  // A number keeps what it can: only more digits than that make a decimal of its column.
  const isWider = type === 'integer' || (type === 'number' && readExactly(text, 'number') === undefined);
  return isWider && readExactly(text, 'decimal') !== undefined ? 'decimal' : 'string';
}
