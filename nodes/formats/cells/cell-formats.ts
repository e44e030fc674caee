/** The cells of a source's columns in unusual formats: how they are read, and how inference sees them. */

import { numberTypes } from '@millrace/kit/columns';
import {
  type ColumnFormatParams,
  formattedParser,
  numberFormatOf,
  type SetType,
  type SourceFormatParams,
  textFormat,
  toldType,
} from '@millrace/kit/formats/column-formats';
import { words } from '@millrace/kit/formats/words';
import { parseTimestamp } from '../../../model/time/timestamp.ts';
import { isDecimal, type TrailingZeros } from '../../../model/values/exact.ts';
import { numberExample, numberReader } from '../../../model/values/number-format.ts';
import { readText, widerType } from '../../../model/values/read-text.ts';
import type { ColumnType } from '../../../model/values/types.ts';
import { type Converted, castText, castValue, isNoBytes, show } from '../../../model/values/values.ts';

export interface ColumnEntry extends ColumnFormatParams {
  readonly column: string;
  readonly type: SetType;
}

/** How one column's cells are read. */
export interface CellFormat {
  /** What a user has set for the column, if anything. */
  readonly entry: ColumnEntry | null;
  /** The value of a text; blank and missing ones are null. In a column of text, an empty one only without quotes. */
  read(text: string, quoted: boolean, zeros?: TrailingZeros): Converted;
  /** The value of a number as it was written in JSON, or by a database; null if it is read as without a format. */
  readNumber(written: string): Converted | null;
  /** The next wider type for a text that does not fit. */
  wider(text: string): ColumnType;
  /** The column has marks for missing of its own, which replace those of the source. */
  readonly hasMarks: boolean;
  /** Cells in the usual format have the values that they would have without it. */
  readonly keepsUsual: boolean;
}

const none: Converted = { ok: true, value: null };
const usual: ReadonlySet<string> = new Set(['']);

/**
 * The unquoted cells that are null in a source without further settings: empty ones, or instead the marks. The whole text is one of the
 * marks, as it was when there could be only one.
 */
export function missingMarks(nullText: string | null | undefined): ReadonlySet<string> {
  const marks = words(nullText ?? '');
  return marks.length === 0 ? usual : new Set([...marks, nullText ?? '']);
}

export class CellFormats {
  /** The columns whose types a user has set. */
  readonly cast: ReadonlySet<string>;
  readonly #entries: ReadonlyMap<string, ColumnEntry>;
  readonly #source: SourceFormatParams;
  readonly #emptyIsText: boolean;

  constructor(entries: readonly ColumnEntry[], source: SourceFormatParams = {}) {
    this.cast = new Set(entries.filter(({ type }) => type !== toldType).map(({ column }) => column));
    this.#entries = new Map(entries.map((entry) => [entry.column, entry]));
    this.#source = source;
    this.#emptyIsText = !missingMarks(source.nullText).has('');
  }

  /** Null for a column whose cells are in the usual format. */
  of(column: string, type: ColumnType): CellFormat | null {
    const entry = this.#entries.get(column) ?? { column, type: toldType };
    const missing = ownMarks(entry);
    const reading = this.cast.has(column) ? setReading(entry, type, this.#source) : toldReading(entry, type, this.#source);
    return missing === null && !reading.isOwn ? null : new Cells(type, reading, missing, this.#emptyIsText, this.#entries.get(column) ?? null);
  }

  /** Whether a user has set something for a column. */
  has(column: string): boolean {
    return this.#entries.has(column);
  }

  /** The type of a column that was set to be this one. */
  typeOf(column: string, told: ColumnType): ColumnType {
    const type = this.#entries.get(column)?.type ?? toldType;
    return type === toldType ? told : type;
  }

  /** Whether a column has marks for missing of its own, which replace those of the source. */
  hasMarks(column: string): boolean {
    return ownMarks(this.#entries.get(column) ?? {}) !== null;
  }

  /** The cells of a column as inference is to see them; null if they are unchanged. */
  plain(column: string): ((cell: string) => string | null) | null {
    const entry = this.#entries.get(column) ?? { column, type: toldType };
    const missing = ownMarks(entry);
    const format = numberFormatOf(entry) ?? numberFormatOf(this.#source);
    if (missing === null && format === null) return null;
    const read = format && numberReader(format, { asWritten: true });
    return (cell) => {
      const text = cell.trim();
      if (text === '' || missing?.has(text)) return null;
      const written = read?.(text) ?? null;
      // A number in another notation is not a number here; one within quotes is not one in any notation.
      return written ?? (read && isDecimal(text) ? `"${text}"` : cell);
    };
  }
}

function ownMarks({ missing }: ColumnFormatParams): ReadonlySet<string> | null {
  return missing === null || missing === undefined || missing === '' ? null : new Set(words(missing));
}

/** How the texts of a column are read that are neither blank nor missing. */
interface Reading {
  /** It differs from how texts of its type are read by default. */
  readonly isOwn: boolean;
  read(text: string, zeros?: TrailingZeros): Converted;
  readNumber(written: string): Converted | null;
  wider(text: string): ColumnType;
}

/** For a column whose type a user has set. */
function setReading(entry: ColumnEntry, type: ColumnType, source: SourceFormatParams): Reading {
  const format = textFormat(entry, type, source);
  const isCut = type === 'timestamp' && entry.finer === 'cut';
  const wider = (): ColumnType => 'string';
  if (format === null) return { isOwn: isCut, read: (text) => (isCut ? cutTimestamp(text) : castValue(text, type)), readNumber: () => null, wider };
  const parse = formattedParser(format, type);
  // A JSON number is a number in any notation, but it does not say whether it is a percentage.
  const hasPercent = format.as === 'number' && format.percent === 'fraction';
  const asNumber = (written: string) => (hasPercent ? unfit(`${written} has no percent sign`) : null);
  return { isOwn: true, read: (text) => parse(text.trim()), readNumber: (written) => (format.as === 'number' ? asNumber(written) : parse(written)), wider };
}

/** For a column whose type was inferred from the data: nothing of its cells but their marks may be lost. */
function toldReading(entry: ColumnEntry, type: ColumnType, source: SourceFormatParams): Reading {
  const format = (numberTypes as readonly ColumnType[]).includes(type) ? (numberFormatOf(entry) ?? numberFormatOf(source)) : null;
  const readNumber = () => null;
  if (format === null) return { isOwn: false, read: (text, zeros) => readText(text, type, zeros), readNumber, wider: (text) => widerType(text, type) };
  const plainOf = numberReader(format, { asWritten: true });
  const read = (text: string, zeros?: TrailingZeros) => {
    const plain = plainOf(text.trim());
    return plain === null ? unfit(`${show(text)} is not a number such as ${numberExample(format)}`) : readText(plain, type, zeros);
  };
  const wider = (text: string) => {
    const plain = plainOf(text.trim());
    return plain === null ? 'string' : widerType(plain, type);
  };
  return { isOwn: true, read, readNumber, wider };
}

function cutTimestamp(text: string): Converted {
  const ms = parseTimestamp(text.trim());
  return ms === null ? castValue(text, 'timestamp') : { ok: true, value: ms };
}

function unfit(message: string): Converted {
  return { ok: false, message };
}

class Cells implements CellFormat {
  readonly entry: ColumnEntry | null;
  readonly hasMarks: boolean;
  readonly keepsUsual: boolean;
  readonly #type: ColumnType;
  readonly #reading: Reading;
  readonly #missing: ReadonlySet<string> | null;
  readonly #emptyIsText: boolean;

  constructor(type: ColumnType, reading: Reading, missing: ReadonlySet<string> | null, emptyIsText: boolean, entry: ColumnEntry | null) {
    this.entry = entry;
    this.#type = type;
    this.#reading = reading;
    this.#missing = missing;
    this.#emptyIsText = emptyIsText;
    this.hasMarks = missing !== null;
    this.keepsUsual = !reading.isOwn && noneIsOf(missing, type);
  }

  read(text: string, quoted: boolean, zeros?: TrailingZeros): Converted {
    const trimmed = text.trim();
    if (trimmed === '' && !(quoted && isNoBytes(text, this.#type))) {
      const isNull = this.#type !== 'string' || (text === '' && !quoted && (!this.#emptyIsText || this.#missing?.has('')));
      return isNull ? none : { ok: true, value: text };
    }
    if (this.#missing?.has(trimmed)) return none;
    return this.#reading.read(text, zeros);
  }

  readNumber(written: string): Converted | null {
    return this.#missing?.has(written) ? none : this.#reading.readNumber(written);
  }

  wider(text: string): ColumnType {
    return this.#reading.wider(text);
  }
}

/** Rows of cells as inference is to see them. */
export function plainRows(
  names: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  formats: CellFormats,
): readonly (readonly (string | null)[])[] {
  const plain = names.map((name) => formats.plain(name));
  if (plain.every((each) => each === null)) return rows;
  return rows.map((row) => row.map((cell, i) => (cell === null ? null : (plain[i] ?? ((same) => same))(cell))));
}

/** Whether no mark could be a value of the type: a reader that tries values first would read such a mark as one. */
export function noneIsOf(marks: ReadonlySet<string> | null, type: ColumnType): boolean {
  return type !== 'string' && [...(marks ?? [])].every((mark) => mark === '' || !castText(mark, type).ok);
}
