/**
 * One CSV record by all rules, with a reason for every error in it. The fast reader (csv-fields.ts) leaves to this one whatever it cannot
 * handle, so the rules are here:
 * - a field that begins with the quote ends with it; doubled quotes inside stand for one; line breaks inside belong to it
 * - a quote in the middle of an unquoted field is an ordinary character
 * - an escape character makes a delimiter, a quote, a line break or itself an ordinary character; before any other it is one
 * - a line that begins with the comment mark is not a record
 * - lines end with LF or CR LF
 */

import { isUtf8 } from 'node:buffer';
import { missing } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';

export interface CsvDialect {
  /** Bytes. `quote` is -1 if there are no quotes. */
  readonly delimiter: number;
  readonly quote: number;
  /** Bytes; absent for none. */
  readonly escape?: number;
  readonly comment?: number;
  /** Records may end with a delimiter that no field follows. */
  readonly trailing?: boolean;
}
export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}
export type CsvRecord =
  | { readonly kind: 'fields'; readonly fields: readonly CsvField[]; readonly next: number; readonly lines: number }
  | { readonly kind: 'comment'; readonly next: number; readonly lines: number }
  /** Reading continues at `next`, `lines` lines further on. */
  | { readonly kind: 'bad'; readonly code: ProblemCode; readonly message: string; readonly hint: string; readonly next: number; readonly lines: number }
  /** The bytes end before the record does. */
  | { readonly kind: 'more' };

const lineFeed = 10;
const carriageReturn = 13;

/**
 * The record that starts at `at`. `line` is its line, for messages. `last`: no more bytes will come, and the last one is a
 * line feed. `translated`: U+FFFD in the bytes stands for what another encoding could not express.
 */
export function readCsvRecord(bytes: Buffer, at: number, dialect: CsvDialect, line: number, last: boolean, translated: boolean): CsvRecord {
  const { delimiter, quote, escape: mark = -1, comment = -1 } = dialect;
  if (bytes[at] === comment) {
    const feed = bytes.indexOf(lineFeed, at);
    return feed === -1 ? { kind: 'more' } : { kind: 'comment', next: feed + 1, lines: 1 };
  }
  const plain = mark === -1 ? plainRecord(bytes, at, delimiter, quote) : null;
  if (plain) return plain;
  const fields: CsvField[] = [];
  let isText = true;
  const text = (from: number, to: number) => {
    const value = bytes.toString('utf8', from, to);
    if (value.includes('\ufffd') && (translated || !isUtf8(bytes.subarray(from, to)))) isText = false;
    return value;
  };
  for (let start = at; ; ) {
    let end: number;
    if (bytes[start] === quote) {
      const close = closingQuote(bytes, start, quote, mark);
      if (close === -1) return last ? neverClosed(bytes, at, start, line) : { kind: 'more' };
      end = close + 1;
      // After the very last byte: the next bytes show whether the quote is doubled.
      if (end >= bytes.length || (bytes[end] === carriageReturn && end + 1 >= bytes.length)) return { kind: 'more' };
      if (bytes[end] === carriageReturn && bytes[end + 1] === lineFeed) end++;
      if (bytes[end] !== delimiter && bytes[end] !== lineFeed) {
        const feed = bytes.indexOf(lineFeed, end);
        if (feed === -1) return { kind: 'more' };
        const opened = line + countLines(bytes, at, start);
        return bad(
          bytes,
          at,
          feed + 1,
          'csv/quote',
          `There is text after the closing quote of a field that opened in line ${opened}.`,
          'Inside a quoted field, write each quote twice; or choose another quote or escape character.',
        );
      }
      const value = text(start + 1, close);
      const single = String.fromCharCode(quote);
      fields.push({
        text: mark === -1 ? (value.includes(single) ? value.replaceAll(single + single, single) : value) : unescaped(value, dialect, true),
        quoted: true,
      });
    } else {
      end = start;
      while (end < bytes.length && bytes[end] !== delimiter && bytes[end] !== lineFeed) end = bytes[end] === mark ? behindEscape(bytes, end) : end + 1;
      if (end >= bytes.length) {
        // Only an escape character before the very last line feed: there is no character that it escapes.
        if (!last || bytes[bytes.length - 1] !== lineFeed) return { kind: 'more' };
        end = bytes.length - 1;
      }
      const trimmed = bytes[end] === lineFeed && end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
      const value = text(start, trimmed);
      fields.push({ text: mark === -1 ? value : unescaped(value, dialect, false), quoted: false });
    }
    start = end + 1;
    if (bytes[end] !== lineFeed) continue;
    if (bytes.subarray(at, start).includes(0)) {
      return bad(
        bytes,
        at,
        start,
        'csv/nul',
        'The line holds NUL bytes.',
        'The file may be binary, or UTF-16 without a mark: set its encoding (utf-16le for instance).',
      );
    }
    if (!isText) {
      return bad(
        bytes,
        at,
        start,
        'csv/encoding',
        'The line contains bytes that are not valid in this encoding.',
        'Write it in UTF-8, or set the encoding that it has, such as windows-1252.',
      );
    }
    return { kind: 'fields', fields, next: start, lines: countLines(bytes, at, start) };
  }
}

/** The record of a line without special characters: at a sixth of the cost, as no single bytes are examined. Null for others. */
function plainRecord(bytes: Buffer, at: number, delimiter: number, quote: number): CsvRecord | null {
  const feed = bytes.indexOf(lineFeed, at);
  if (feed === -1 || delimiter > 127 || quote > 127) return null;
  const line = bytes.toString('utf8', at, feed > at && bytes[feed - 1] === carriageReturn ? feed - 1 : feed);
  if ((quote !== -1 && line.includes(String.fromCharCode(quote))) || line.includes('\ufffd') || line.includes('\0')) return null;
  const fields = line.split(String.fromCharCode(delimiter)).map((text) => ({ text, quoted: false }));
  return { kind: 'fields', fields, next: feed + 1, lines: 1 };
}

/** After the character that is escaped at `at`. */
function behindEscape(bytes: Buffer, at: number): number {
  return bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed ? at + 3 : at + 2;
}

interface Escapes {
  readonly inside: RegExp;
  readonly outside: RegExp;
}
const escapesOf = new WeakMap<CsvDialect, Escapes>();

/** A field of a dialect with an escape character. Both ways of writing a quote within quotes are accepted. */
function unescaped(value: string, dialect: CsvDialect, quoted: boolean): string {
  let escapes = escapesOf.get(dialect);
  if (!escapes) {
    const code = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`;
    const special = [dialect.escape ?? missing('the escape mark'), dialect.delimiter, ...(dialect.quote === -1 ? [] : [dialect.quote])].map(code);
    const outside = `${special[0]}(\\r?\\n|\\r|[${special.join('')}])`;
    // A quote after an escape character is not half of a doubled one.
    const inside = dialect.quote === -1 ? outside : `${outside}|(${code(dialect.quote)}){2}`;
    escapes = { inside: new RegExp(inside, 'g'), outside: new RegExp(outside, 'g') };
    escapesOf.set(dialect, escapes);
  }
  return quoted ? value.replace(escapes.inside, '$1$2') : value.replace(escapes.outside, '$1');
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let feed = bytes.indexOf(lineFeed, from); feed !== -1 && feed < to; feed = bytes.indexOf(lineFeed, feed + 1)) lines++;
  return lines;
}

function closingQuote(bytes: Buffer, open: number, quote: number, mark: number): number {
  if (mark !== -1 && mark !== quote) {
    for (let at = open + 1; at < bytes.length; at++) {
      if (bytes[at] === mark) at++;
      else if (bytes[at] === quote) {
        if (bytes[at + 1] !== quote) return at;
        at++;
      }
    }
    return -1;
  }
  let close = bytes.indexOf(quote, open + 1);
  while (close !== -1 && bytes[close + 1] === quote) close = bytes.indexOf(quote, close + 2);
  return close;
}

/** There is no further quote, so the lines after it are whole: only the one where it opened is lost. */
function neverClosed(bytes: Buffer, at: number, open: number, line: number): CsvRecord {
  const opened = line + countLines(bytes, at, open);
  const feed = bytes.indexOf(lineFeed, open);
  if (feed === -1) return { kind: 'more' };
  return bad(
    bytes,
    at,
    feed + 1,
    'csv/quote',
    `The quote that opens in line ${opened} is never closed.`,
    'Close it, write it twice inside a quoted field, or choose another quote character.',
  );
}

function bad(bytes: Buffer, at: number, next: number, code: ProblemCode, message: string, hint: string): CsvRecord {
  return { kind: 'bad', code, message, hint, next, lines: countLines(bytes, at, next) };
}
