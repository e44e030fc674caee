/** Detects the settings of a CSV file that nobody has set, from its first records. */
import { isUtf8 } from 'node:buffer';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { headerApart, headerBehindPadding, headerBehindPreamble, isPreamble, type Seen } from './csv-preamble.ts';
import { type CsvDialect, type CsvField, readCsvRecord } from './csv-record.ts';
import { refuseWide } from './csv-wide-delimiter.ts';

/** What is known about a dialect; null has to be detected. Bytes, and -1 for none. */
export interface DialectOptions {
  readonly delimiter: number | null;
  readonly quote: number;
  readonly escape: number | null;
  readonly comment: number | null;
  readonly trailing: boolean | null;
  /** Lines before the header, or before the first row if there is none. */
  readonly skip: number | null;
  readonly header: boolean;
}
export interface CsvLayout {
  readonly dialect: CsvDialect;
  readonly skip: number;
  /** The comment mark was detected, not set. */
  readonly guessedComment: boolean;
  /** The first line names the delimiter (`sep=;`). */
  readonly namedDelimiter: boolean;
  /** A later line that looks like the header of the table as well; null if there is none. */
  readonly otherHeader: number | null;
}

interface Fit {
  readonly score: number;
  readonly width: number;
  readonly skip: number;
  readonly records: readonly Seen[];
}

const lookedAt = 100;
const backslash = 92;
const hash = 35;
const letter = 120;
const lineFeed = 10;
const candidates = [...',;\t|'].map((character) => character.charCodeAt(0));
/** Excel's own marker: the delimiter, in a line of its own. */
const sepLine = /^"?sep=([^\r\n"])"?[,;\t|]*\r?\n/i;

/**
 * `head` is the beginning of a file; `last`: all of it, and the last byte is a line feed. Throws a MillraceError if the delimiter seems to
 * have several characters.
 */
export function detectLayout(head: Buffer, options: DialectOptions, last: boolean): CsvLayout {
  const bytes = isUtf8(head) ? head : lettersOnly(head);
  const sep = options.skip === 0 ? null : sepLine.exec(bytes.toString('latin1', 0, 32));
  const named = sep?.[1]?.charCodeAt(0);
  const delimiters = options.delimiter !== null ? [options.delimiter] : named !== undefined && named < 128 ? [named] : candidatesIn(bytes);
  const escapes = options.escape !== null ? [options.escape] : holdsEscapedQuote(bytes, options.quote) ? [-1, backslash] : [-1];
  const comments = options.comment !== null ? [options.comment] : holdsHash(bytes) ? [-1, hash] : [-1];
  const fixed = options.skip ?? (sep ? 1 : null);
  const start = fixed === null ? { at: 0, line: 1 } : behindLines(bytes, fixed);

  // If several fit equally well, the first one wins: a comment mark or an escape character has to explain something.
  let best: { readonly dialect: CsvDialect; readonly fit: Fit } | null = null;
  for (const delimiter of delimiters) {
    for (const comment of comments.filter((byte) => byte !== delimiter)) {
      for (const mark of escapes) {
        const dialect: CsvDialect = {
          delimiter,
          quote: options.quote,
          ...(mark !== -1 && { escape: mark }),
          ...(comment !== -1 && { comment }),
        };
        const fit = fitOf(survey(bytes, start, dialect, last), fixed === null && options.header);
        if (!best || fit.score > best.fit.score) best = { dialect, fit };
      }
    }
  }
  const { dialect, fit } = best ?? missing('a delimiter to try');
  const records = fit.skip === 0 ? fit.records : fit.records.filter(({ line }) => line > fit.skip);
  if (options.delimiter === null && named === undefined) refuseWide(records, dialect.delimiter);
  const apart = fixed === null && options.header && fit.skip === 0 && fit.score > 0 ? headerApart(records) : -1;
  const trailing = options.trailing ?? (options.header && endsWithDelimiter(records));
  return {
    dialect: trailing ? { ...dialect, trailing } : dialect,
    skip: fixed ?? fit.skip,
    guessedComment: options.comment === null && dialect.comment !== undefined,
    namedDelimiter: sep !== null && options.skip === null,
    otherHeader: apart === -1 ? null : itemAt(records, apart).line,
  };
}

/** A delimiter that does not occur makes one column, as the first one does. */
function candidatesIn(bytes: Buffer): readonly number[] {
  return candidates.filter((byte, i) => i === 0 || bytes.includes(byte));
}

/** Text in another encoding has the same layout: its letters beyond ASCII, as letters. */
function lettersOnly(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte < 128 ? byte : letter)));
}

function holdsEscapedQuote(bytes: Buffer, quote: number): boolean {
  return quote !== -1 && quote !== backslash && bytes.includes(Buffer.of(backslash, quote));
}

function holdsHash(bytes: Buffer): boolean {
  return bytes[0] === hash || bytes.includes(Buffer.of(lineFeed, hash));
}

function behindLines(bytes: Buffer, lines: number): { readonly at: number; readonly line: number } {
  let at = 0;
  for (let skipped = 0; skipped < lines; skipped++) {
    const feed = bytes.indexOf(lineFeed, at);
    if (feed === -1) return { at: bytes.length, line: skipped + 1 };
    at = feed + 1;
  }
  return { at, line: lines + 1 };
}

function survey(bytes: Buffer, start: { readonly at: number; readonly line: number }, dialect: CsvDialect, last: boolean): Seen[] {
  const seen: Seen[] = [];
  let isApart = false;
  for (let { at, line } = start; at < bytes.length && seen.length < lookedAt; ) {
    const record = readCsvRecord(bytes, at, dialect, line, last, false);
    if (record.kind === 'more') break;
    if (record.kind === 'fields' && isBlankLine(record.fields)) isApart = true;
    else if (record.kind !== 'comment') {
      seen.push({ fields: record.kind === 'fields' ? record.fields : [], line, isApart });
      isApart = false;
    }
    at = record.next;
    line += record.lines;
  }
  return seen;
}

/** How well records form a table: the share of them that are as wide as the first, or as the header after a preamble. */
function fitOf(records: readonly Seen[], mayHavePreamble: boolean): Fit {
  const width = records[0]?.fields.length ?? 0;
  const alike = records.filter(({ fields }) => fields.length === width).length / Math.max(1, records.length);
  // More fields decide only between delimiters that fit equally well.
  const plain: Fit = { score: width < 2 ? 0 : alike + Math.min(width, 1000) / 1e6, width, skip: 0, records };
  if (!mayHavePreamble) return plain;
  if (alike === 1 && width > 1) {
    const header = headerOfAlike(records);
    return header === -1 ? plain : { ...plain, skip: itemAt(records, header).line - 1 };
  }
  const header = headerBehindPreamble(records);
  if (header === -1) return plain;
  const table = records.slice(header);
  const { line, fields: names } = itemAt(records, header);
  const share = table.filter(({ fields }) => fields.length === names.length).length / records.length;
  return { score: 0.9 + share / 10 + names.length / 1e6, width: names.length, skip: line - 1, records };
}

/** If the lines before the table are as wide as it is. */
function headerOfAlike(records: readonly Seen[]): number {
  const padded = headerBehindPadding(records);
  if (padded !== -1) return padded;
  const apart = headerApart(records);
  return apart !== -1 && apart * 2 <= records.length && isPreamble(records.slice(0, apart)) ? apart : -1;
}

/** All rows end with an empty field for which the header has no name. */
function endsWithDelimiter([header, ...rows]: readonly Seen[]): boolean {
  if (!header || rows.length === 0) return false;
  const width = header.fields.at(-1)?.text === '' ? header.fields.length : header.fields.length + 1;
  if (width < 2) return false;
  return rows.every(({ fields }) => {
    const last = fields.at(-1);
    return fields.length === width && last?.text === '' && !last.quoted;
  });
}

function isBlankLine(fields: readonly CsvField[]): boolean {
  const [only, ...others] = fields;
  return others.length === 0 && only?.text === '' && !only.quoted;
}
