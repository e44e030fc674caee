/**
 * One CSV record by the book, with a reason for everything that is wrong with it. The fast reader (csv-fields.ts) leaves
 * to this one what it does not understand, so this is where the rules are:
 * - a field that begins with the quote ends with it; doubled quotes inside stand for one; line breaks inside belong to it
 * - a quote in the middle of an unquoted field is an ordinary character
 * - lines end with LF or CR LF
 */
import { isUtf8 } from 'node:buffer';

export interface CsvDialect {
  /** Bytes. `quote` is -1 where there are no quotes. */
  readonly delimiter: number;
  readonly quote: number;
}
export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}
export type CsvRecord =
  | { readonly kind: 'fields'; readonly fields: readonly CsvField[]; readonly next: number; readonly lines: number }
  /** Reading goes on at `next`, `lines` lines further on. */
  | { readonly kind: 'bad'; readonly code: string; readonly message: string; readonly hint: string; readonly next: number; readonly lines: number }
  /** The bytes end before the record does. */
  | { readonly kind: 'more' };

const lineFeed = 10;
const carriageReturn = 13;

/**
 * The record that starts at `at`. `line` is its line, for messages. `last`: no more bytes will come, and the last one is a
 * line feed. `translated`: U+FFFD in the bytes stands for what another encoding could not express.
 */
export function readCsvRecord(bytes: Buffer, at: number, dialect: CsvDialect, line: number, last: boolean, translated: boolean): CsvRecord {
  const { delimiter, quote } = dialect;
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
      const close = closingQuote(bytes, start, quote);
      if (close === -1) return last ? neverClosed(bytes, at, start, line) : { kind: 'more' };
      end = close + 1;
      // After the very last byte: whether the quote is doubled shows with the next bytes.
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
          'Inside a quoted field, write each quote twice; or choose another quote character.',
        );
      }
      const value = text(start + 1, close);
      const mark = String.fromCharCode(quote);
      fields.push({ text: value.includes(mark) ? value.replaceAll(mark + mark, mark) : value, quoted: true });
    } else {
      end = start;
      while (end < bytes.length && bytes[end] !== delimiter && bytes[end] !== lineFeed) end++;
      if (end === bytes.length) return { kind: 'more' };
      const trimmed = bytes[end] === lineFeed && end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
      fields.push({ text: text(start, trimmed), quoted: false });
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
        'The line holds bytes that are no text in this encoding.',
        'Write the file in UTF-8, or set the encoding that it has, such as windows-1252, where the source lets you.',
      );
    }
    return { kind: 'fields', fields, next: start, lines: countLines(bytes, at, start) };
  }
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let feed = bytes.indexOf(lineFeed, from); feed !== -1 && feed < to; feed = bytes.indexOf(lineFeed, feed + 1)) lines++;
  return lines;
}

function closingQuote(bytes: Buffer, open: number, quote: number): number {
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

function bad(bytes: Buffer, at: number, next: number, code: string, message: string, hint: string): CsvRecord {
  return { kind: 'bad', code, message, hint, next, lines: countLines(bytes, at, next) };
}
