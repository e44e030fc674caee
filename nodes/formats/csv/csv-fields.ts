/**
 * The fast path through a CSV file: values directly from the bytes, without strings where none are needed. Each method reads one field at
 * `at` and moves past it. If it is not certain, it sets `failed`; the row is then read again by the slow path, which follows all rules
 * (csv-record.ts). So whatever is accepted here must be what the slow path would have found.
 */

import { exactDigits, powersOfTen } from '../../../io/text/exact-decimals.ts';
import { copiedLength, type StringCache } from '../../../io/text/string-cache.ts';
import { TimestampBytes } from '../../../io/text/timestamp-bytes.ts';
import { isDate } from '../../../model/time/timestamp.ts';
import { type TrailingZeros, variousPlaces } from '../../../model/values/exact.ts';
import type { ColumnType, Value } from '../../../model/values/types.ts';
import type { Converted } from '../../../model/values/values.ts';
import type { CsvDialect } from './csv-record.ts';

/** How the cells of a column become values. */
export interface CellReader {
  readonly type: ColumnType;
  readonly zeros: TrailingZeros;
  /** For a text with its blanks; null for one that is missing. */
  readonly read: (text: string, quoted: boolean) => Converted;
  /** For texts that are kept. */
  readonly cache: StringCache | null;
}

const lineFeed = 10;
const carriageReturn = 13;
const zero = 48;

export class CsvFields {
  bytes: Buffer = Buffer.alloc(0);
  /** Some of the bytes as Latin-1, one character per byte: cutting from a string is far faster than from bytes. */
  text = '';
  /** The index in `bytes` of the text's first character. */
  textStart = 0;
  at = 0;
  failed = false;
  /** For the column with the name of a row's file. */
  fileName = '';
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #nullText: string;
  readonly #empty: string | null;
  /** 1 for the bytes that end an unquoted field, and for NUL. */
  readonly #stops = new Uint8Array(256);
  readonly #timestamps = new TimestampBytes();

  constructor(dialect: CsvDialect, nullText: string) {
    this.#delimiter = dialect.delimiter;
    this.#quote = dialect.quote;
    this.#nullText = nullText;
    this.#empty = nullText === '' ? null : '';
    for (const stop of [dialect.delimiter, lineFeed, carriageReturn, 0]) this.#stops[stop] = 1;
  }

  /** Makes `length` bytes from `start` readable. Rows must end within them. */
  open(start: number, length: number): void {
    this.at = this.textStart = start;
    this.text = this.bytes.toString('latin1', start, start + length);
  }

  separator(): void {
    if (this.bytes[this.at] === this.#delimiter) this.at++;
    else this.failed = true;
  }

  lineEnd(): void {
    let byte = this.bytes[this.at];
    if (byte === carriageReturn) byte = this.bytes[++this.at];
    if (byte === lineFeed) this.at++;
    else this.failed = true;
  }

  /** A delimiter that no field follows may precede it. */
  trailingEnd(): void {
    if (this.bytes[this.at] === this.#delimiter) this.at++;
    this.lineEnd();
  }

  string(cache: StringCache): string | null {
    const { bytes } = this;
    const stops = this.#stops;
    const start = this.at;
    let at = start;
    let byte = bytes[at]!;
    if (byte === this.#quote) return this.#quoted(cache);
    let all = 0;
    while (stops[byte] === 0) {
      all |= byte;
      byte = bytes[++at]!;
    }
    this.at = at;
    if (at === start) {
      if (byte === 0) this.failed = true;
      return this.#empty;
    }
    if (byte === 0) this.failed = true;
    const value = this.#cut(start, at, all, cache);
    return value === this.#nullText ? null : value;
  }

  integer(column: CellReader): number | null {
    const { bytes } = this;
    const start = this.at;
    let at = start;
    let byte = bytes[at]!;
    const negative = byte === 45;
    if (negative) byte = bytes[++at]!;
    const first = at;
    const lead = byte;
    let value = 0;
    while (byte >= 48 && byte <= 57) {
      value = value * 10 + byte - 48;
      byte = bytes[++at]!;
    }
    // With a leading zero it is 0, or no integer.
    const isOther = lead === zero && (negative || at - first > 1);
    if (this.#stops[byte] !== 1 || at === first || at - first > exactDigits || isOther) return this.converted(column) as number | null;
    this.at = at;
    return negative ? -value : value;
  }

  number(column: CellReader): number | null {
    const { bytes } = this;
    const start = this.at;
    let at = start;
    let byte = bytes[at]!;
    const negative = byte === 45;
    if (negative) byte = bytes[++at]!;
    const first = at;
    const lead = byte;
    let value = 0;
    let point = -1;
    for (;;) {
      if (byte >= 48 && byte <= 57) value = value * 10 + byte - 48;
      else if (byte === 46 && point === -1) point = at;
      else break;
      byte = bytes[++at]!;
    }
    if (point === -1) {
      if (this.#stops[byte] !== 1 || at === first || at - first > exactDigits || (lead === zero && at - first > 1)) {
        return this.converted(column) as number | null;
      }
    } else if (at - first > exactDigits + 1) {
      return this.#long(column, at, at - point - 1);
    } else {
      const places = at - point - 1;
      if (this.#stops[byte] !== 1 || places === 0 || (lead === zero && point - first > 1) || !takes(column.zeros, places, bytes[at - 1] === zero)) {
        return this.converted(column) as number | null;
      }
      value /= powersOfTen[places]!;
    }
    this.at = at;
    return negative ? -value : value;
  }

  /** A decimal of more digits, up to `end`, if it equals its printed double: no other double has these digits. */
  #long(column: CellReader, end: number, places: number): number | null {
    const text = this.text.substring(this.at - this.textStart, end - this.textStart);
    const value = Number(text);
    if (this.#stops[this.bytes[end]!] !== 1 || String(value) !== text || !takes(column.zeros, places, false)) return this.converted(column) as number | null;
    this.at = end;
    return value;
  }

  timestamp(column: CellReader): number | null {
    const time = this.#timestamps.read(this.bytes, this.at);
    if (Number.isNaN(time) || this.#stops[this.bytes[this.#timestamps.end]!] !== 1) return this.converted(column) as number | null;
    this.at = this.#timestamps.end;
    return time;
  }

  date(column: CellReader): string | null {
    const { bytes, at } = this;
    if (bytes[at + 4] !== 45 || bytes[at + 7] !== 45 || this.#stops[bytes[at + 10]!] !== 1) return this.converted(column) as string | null;
    const text = this.text.substring(at - this.textStart, at + 10 - this.textStart);
    if (!isDate(text)) return this.converted(column) as string | null;
    this.at = at + 10;
    return text;
  }

  boolean(column: CellReader): boolean | null {
    const { bytes, at } = this;
    // "true", "false"
    if (bytes[at] === 116 && bytes[at + 1] === 114 && bytes[at + 2] === 117 && bytes[at + 3] === 101 && this.#stops[bytes[at + 4]!] === 1) {
      this.at = at + 4;
      return true;
    }
    if (
      bytes[at] === 102 &&
      bytes[at + 1] === 97 &&
      bytes[at + 2] === 108 &&
      bytes[at + 3] === 115 &&
      bytes[at + 4] === 101 &&
      this.#stops[bytes[at + 5]!] === 1
    ) {
      this.at = at + 5;
      return false;
    }
    return this.converted(column) as boolean | null;
  }

  /** Through the field's text, by the column's own rules. */
  converted(column: CellReader): Value {
    const { bytes } = this;
    const start = this.at;
    const quoted = bytes[start] === this.#quote;
    let text: string;
    if (quoted) {
      text = this.#quoted(column.cache);
    } else {
      let at = start;
      let all = 0;
      for (let byte = bytes[at]!; this.#stops[byte] === 0; byte = bytes[++at]!) all |= byte;
      this.at = at;
      if (bytes[at] === 0) this.failed = true;
      text = this.#cut(start, at, all, column.cache);
      if (text === '' && column.cache === null) return null;
    }
    const cast = column.read(text, quoted);
    if (cast.ok) return cast.value;
    this.failed = true;
    return null;
  }

  /** Without a cache the string is used only for a moment. */
  #cut(start: number, end: number, all: number, cache: StringCache | null): string {
    if (all < 128) {
      if (cache !== null && end - start > copiedLength) return cache.string(this.bytes, start, end);
      return this.text.substring(start - this.textStart, end - this.textStart);
    }
    const value = this.bytes.toString('utf8', start, end);
    if (value.includes('\ufffd')) this.failed = true;
    return value;
  }

  #quoted(cache: StringCache | null): string {
    const { bytes } = this;
    const quote = this.#quote;
    const start = this.at + 1;
    let at = start;
    let all = 0;
    let doubled = false;
    for (;;) {
      const byte = bytes[at]!;
      if (byte === quote) {
        if (bytes[at + 1] !== quote) break;
        doubled = true;
        at++;
      } else if (byte === lineFeed || byte === 0 || byte === undefined) {
        this.failed = true;
        return '';
      }
      all |= byte;
      at++;
    }
    this.at = at + 1;
    if (this.#stops[bytes[at + 1]!] !== 1) this.failed = true;
    const value = this.#cut(start, at, all, cache);
    if (!doubled) return value;
    const mark = String.fromCharCode(quote);
    return value.replaceAll(mark + mark, mark);
  }
}

/** As `zeros.take`, which is only called if it would learn something. */
function takes(zeros: TrailingZeros, places: number, endsWithZero: boolean): boolean {
  const isNew = zeros.places === places ? endsWithZero && !zeros.matter : endsWithZero || zeros.places !== variousPlaces;
  return !isNew || zeros.take(places, endsWithZero);
}
