/** CSV files into typed rows: by a fast path for expected rows, by a slow one that follows all rules for the others. */

import type { Misfit, RowFailure } from '@millrace/kit/node';
import { type Batch, lineOf, type Parser, unreadable, type Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { generatedFunction } from '../../../io/text/generated-function.ts';
import { rowLiteral } from '../../../io/text/row-code.ts';
import { StringCache } from '../../../io/text/string-cache.ts';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { TrailingZeros } from '../../../model/values/exact.ts';
import { readText, widerType } from '../../../model/values/read-text.ts';
import type { Column, ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';
import { type Converted, castValue, setColumn } from '../../../model/values/values.ts';
import { type CellFormat, type CellFormats, type ColumnEntry, missingMarks, noneIsOf } from '../cells/cell-formats.ts';
import { readAs } from '../column-fields.ts';
import { asWindows1252 } from '../text/text-evidence.ts';
import { type CellReader, CsvFields } from './csv-fields.ts';
import { hasStrayReturn, strayReturn } from './csv-line-ends.ts';
import { type CsvDialect, type CsvField, type CsvRecord, readCsvRecord } from './csv-record.ts';

export interface CsvFormat {
  readonly dialect: CsvDialect;
  readonly header: boolean;
  /** Lines before the header, or before the first row. */
  readonly skip?: number;
  /** The comment mark was detected, not set: a line that has it and as many fields as a row may be a row, and fails. */
  readonly guessedComment?: boolean;
  readonly width?: RowWidth;
  /** The marks for missing: see cell-formats.ts. */
  readonly nullText: string;
  /** A longer record, in bytes, is given up, so that a missing line break or quote cannot fill the memory. */
  readonly maxRecordBytes: number;
  /** The columns whose types a user has set: their cells are cast. All others must be what inference accepts (read-text.ts). */
  readonly cast: ReadonlySet<string>;
  /** The columns in an unusual format. */
  readonly formats?: CellFormats;
  /** What the decimals of each column had so far, if several parsers read parts of it. */
  readonly zeros?: Map<string, TrailingZeros>;
}

/** What happens to rows of another width: a failure, nulls for missing cells, or that and extra cells dropped. */
export type RowWidth = 'strict' | 'fill' | 'cut';

const lineFeed = 10;
/** The amount decoded at a time: beyond this, V8 allocates strings more slowly. */
const textBytes = 64 * 1024;
/** Delimiters that could be part of a number or a timestamp are left to the slow path. */
const slowDelimiters = new Set(Buffer.from('0123456789+-.: TZaelrsuft'));

type FillRows = (fields: CsvFields, rows: Row[], lines: number[], line: number, max: number, end: number) => number;

export class CsvParser implements Parser {
  readonly #schema: Schema;
  /** The names that each file's header must have, or null if files have none. */
  readonly #header: readonly string[] | null;
  readonly #format: CsvFormat;
  readonly #fileColumn: string | null;
  readonly #fail: (failure: RowFailure) => void;
  readonly #fields: CsvFields;
  readonly #cells: readonly RecordReader[];
  readonly #fillRows: FillRows | null;
  readonly #width: number;
  readonly #output: Schema;
  #firstFile: InputFile | null = null;
  #bytes: Buffer | null = null;
  #textEnd = 0;
  #headerIsNext = false;
  #toSkip = 0;
  #inLongLine = false;
  /** False while the open bytes contain escape characters. */
  #isPlain = true;
  #short = 0;
  #long = 0;

  /**
   * `schema`: the columns in the file's order, then the file column if there is one. `header`: the names as in the files; null if they have
   * no header. `output`: the columns of the rows, which are null if the file lacks them.
   */
  constructor(
    schema: Schema,
    header: readonly string[] | null,
    format: CsvFormat,
    fileColumn: string | null,
    fail: (failure: RowFailure) => void,
    output: Schema = schema,
  ) {
    this.#schema = schema;
    this.#header = header;
    this.#format = format;
    this.#fileColumn = fileColumn;
    this.#fail = fail;
    this.#width = schema.columns.length - (fileColumn === null ? 0 : 1);
    const missing = missingMarks(format.nullText);
    this.#cells = schema.columns.map((column) => {
      const { name, type } = column;
      return cellReader(column, { isCast: format.cast.has(name), zeros: zerosOf(name, format.zeros), format: format.formats?.of(name, type) ?? null, missing });
    });
    this.#fields = new CsvFields(format.dialect, itemAt([...missing], 0));
    this.#output = output;
    const own = this.#cells.slice(0, this.#width);
    this.#fillRows = slowDelimiters.has(format.dialect.delimiter) ? null : compileFill(schema, own, format.dialect, output);
  }

  begin(file: InputFile, resumed: boolean): void {
    this.#firstFile ??= file;
    this.#fields.fileName = file.name;
    this.#headerIsNext = this.#header !== null && !resumed;
    this.#toSkip = resumed ? 0 : (this.#format.skip ?? 0);
    this.#inLongLine = false;
    this.#bytes = null;
    this.#short = 0;
    this.#long = 0;
  }

  end(file: InputFile): void {
    if (this.#headerIsNext) throw emptyFile(file);
  }

  isBetweenRows(): boolean {
    return !this.#headerIsNext && this.#toSkip === 0 && !this.#inLongLine;
  }

  /** Rows of this file that were made as wide as the header: missing cells are null, extra cells are dropped. */
  get fitted(): { readonly short: number; readonly long: number } {
    return { short: this.#short, long: this.#long };
  }

  parse(window: Window, batch: Batch): void {
    const { rows, lines, size } = batch;
    const fields = this.#fields;
    while (rows.length < size && window.at < window.bytes.length) {
      if (this.#fillRows && !this.#headerIsNext && this.#toSkip === 0 && !this.#inLongLine && this.#open(window) && this.#isPlain) {
        fields.at = window.at;
        window.line = this.#fillRows(fields, rows, lines, window.line, size, this.#textEnd);
        window.at = fields.at;
        if (!fields.failed) continue;
        fields.failed = false;
      }
      if (!this.#parseRecord(window, batch)) return;
    }
  }

  /** Decodes the next whole lines, unless that was done; false if there are none. */
  #open(window: Window): boolean {
    const { bytes, at } = window;
    if (this.#bytes === bytes && at < this.#textEnd) return true;
    const end = bytes.lastIndexOf(lineFeed, at + textBytes - 1) + 1;
    if (end <= at) return false;
    this.#bytes = this.#fields.bytes = bytes;
    this.#fields.open(at, end - at);
    this.#textEnd = end;
    const mark = this.#format.dialect.escape;
    this.#isPlain = mark === undefined || !this.#fields.text.includes(String.fromCharCode(mark));
    return true;
  }

  /** One record by the slow path; false if more bytes are needed. */
  #parseRecord(window: Window, batch: Batch): boolean {
    if (this.#inLongLine) return this.#skipLine(window);
    if (this.#toSkip > 0) {
      if (!this.#skipLine(window)) return false;
      this.#toSkip--;
      return true;
    }
    const { bytes, at, line, last, translated } = window;
    const { dialect, maxRecordBytes } = this.#format;
    // No record ends without a line feed: a line of many chunks is not scanned again with each of them.
    const hasEnd = last || bytes.includes(lineFeed, at);
    let record: CsvRecord = hasEnd ? readCsvRecord(bytes, at, dialect, line, last, translated) : { kind: 'more' };
    let isEnd = last;
    if (record.kind === 'more') {
      if (bytes.length - at <= maxRecordBytes && !last) return false;
      // Beyond the limit, a quote that is open counts as never closed, as if the file had ended.
      isEnd = true;
      record = readCsvRecord(bytes, at, dialect, line, isEnd, translated);
      if (record.kind === 'more') return this.#beginLongLine(window);
    }
    if (record.kind === 'bad') this.#reportBad(window, record, isEnd);
    else if (record.kind === 'comment') this.#checkComment(window, record.next);
    else if (this.#headerIsNext) this.#checkHeader(window, record.fields);
    else if (!isBlank(record.fields, this.#width)) this.#addRow(window, record, batch);
    window.at = record.next;
    window.line += record.lines;
    return true;
  }

  #addRow(window: Window, record: CsvRecord & { kind: 'fields' }, batch: Batch): void {
    const fields = this.#fit(record.fields);
    if (fields.length !== this.#width) {
      const expected = `${this.#header ? 'the header has' : 'the first row has'} ${this.#width}`;
      const what = `The row has ${count(fields.length, 'field')}, but ${expected}`;
      const hint = 'Check its delimiters: a field that holds one has to be in quotes.';
      const problem = hasStrayReturn(record.fields) ? strayReturn(what) : ({ code: 'csv/fields', message: `${what}.`, hint } as const);
      this.#fail(unreadable(window, record.next, record.lines, problem));
      return;
    }
    const row: Record<string, Value> = {};
    for (const [i, field] of fields.entries()) {
      const cast = this.#read(i, field);
      if (!cast.ok) {
        const misfits = this.#misfits(fields, i, cast.message);
        const [{ message, fix }] = misfits;
        const { name, type } = this.#column(i);
        const hint = `Correct the file, or read column "${name}" as ${this.#cell(i).wider(field.text)} (under Column types).`;
        const problem = { code: 'csv/value' as const, message: `Column "${name}" is of type ${type}: ${message}.`, hint, fix };
        this.#fail({ ...unreadable(window, record.next, record.lines, problem), misfits });
        return;
      }
      setColumn(row, this.#column(i).name, cast.value);
    }
    if (this.#fileColumn !== null) setColumn(row, this.#fileColumn, window.file.name);
    batch.rows.push(this.#output === this.#schema ? row : inOrder(row, this.#output));
    batch.lines.push(window.line);
  }

  #column(i: number): Column {
    return itemAt(this.#schema.columns, i);
  }

  #cell(i: number): RecordReader {
    return itemAt(this.#cells, i);
  }

  #read(i: number, field: CsvField): Converted {
    return field === absent ? nothing : this.#cell(i).read(field.text, field.quoted);
  }

  /** For a row whose `first` field is known not to fit: that one, and those after it, which must not count for later rows. */
  #misfits(fields: readonly CsvField[], first: number, message: string): [Misfit, ...Misfit[]] {
    const misfit = (i: number, why: string): Misfit => {
      const { name } = this.#column(i);
      const { text } = itemAt(fields, i);
      const { canWiden, wider, entry } = this.#cell(i);
      return { column: name, text, message: why, ...(canWiden && { fix: readAs(name, wider(text), entry) }) };
    };
    const found: [Misfit, ...Misfit[]] = [misfit(first, message)];
    for (let i = first + 1; i < fields.length; i++) {
      const { zeros } = this.#cell(i);
      const { places, matter } = zeros;
      const cast = this.#read(i, itemAt(fields, i));
      zeros.places = places;
      zeros.matter = matter;
      if (!cast.ok) found.push(misfit(i, cast.message));
    }
    return found;
  }

  /** The fields without one that only a trailing delimiter makes, and as many as the header has if that is wanted. */
  #fit(record: readonly CsvField[]): readonly CsvField[] {
    const { dialect, width: wanted = 'strict' } = this.#format;
    const width = this.#width;
    const fields = dialect.trailing ? withoutTrailing(record, width) : record;
    if (fields.length === width || wanted === 'strict') return fields;
    if (fields.length < width) {
      this.#short++;
      return [...fields, ...Array.from({ length: width - fields.length }, () => absent)];
    }
    if (wanted === 'fill') return fields;
    this.#long++;
    return fields.slice(0, width);
  }

  #checkComment(window: Window, next: number): void {
    if (!this.#format.guessedComment || this.#headerIsNext || this.#width < 2) return;
    const { delimiter, quote } = this.#format.dialect;
    const line = window.bytes.subarray(window.at, next);
    const record = readCsvRecord(line, 0, { delimiter, quote }, window.line, true, window.translated);
    if (record.kind !== 'fields' || record.fields.length !== this.#width) return;
    const mark = String.fromCharCode(itemAt(line, 0));
    const code = 'csv/comment';
    const message = `The line begins with ${mark}, as comments of this file do, but has as many fields as a row.`;
    const hint = `Set the comment mark to ${mark} if it is a comment, or to nothing if lines with ${mark} are rows.`;
    this.#fail(unreadable(window, next, 1, { code, message, hint, field: 'comment' }));
  }

  #reportBad(window: Window, found: CsvRecord & { kind: 'bad' }, isEnd: boolean): void {
    const { bytes, at, translated, linesBefore } = window;
    // Its message may mention lines.
    const again = linesBefore && readCsvRecord(bytes, at, this.#format.dialect, lineOf(window), isEnd, translated);
    const record = again?.kind === 'bad' ? again : found;
    const { code, message, hint } = record;
    if (this.#headerIsNext) throw new MillraceError({ code, message: `The header of ${window.file.name} cannot be read. ${message}`, hint });
    // Only UTF-8 is read as it is: invalid bytes are most likely windows-1252.
    const fix = code === 'csv/encoding' ? { fix: asWindows1252 } : {};
    this.#fail(unreadable(window, record.next, record.lines, { code, message, hint, ...fix }));
  }

  #checkHeader(window: Window, fields: readonly CsvField[]): void {
    if (isBlank(fields, 2)) return;
    this.#headerIsNext = false;
    const names = (this.#format.dialect.trailing ? withoutTrailing(fields, this.#width) : fields).map((field) => field.text);
    const expected = this.#header ?? missing('the header');
    if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
    throw headerMismatch(this.#firstFile ?? window.file, expected, window.file, names);
  }

  #beginLongLine(window: Window): boolean {
    const megabytes = Math.round(this.#format.maxRecordBytes / 1024 / 1024);
    const problem = {
      code: 'csv/long-line' as const,
      message: `The line is longer than ${megabytes} MB.`,
      hint: 'The file may be no CSV, or have other line ends (see there). If it is right, raise the limit (Longest row).',
    };
    if (this.#headerIsNext) throw new MillraceError({ ...problem, message: `The first line of ${window.file.name} is longer than ${megabytes} MB.` });
    this.#inLongLine = true;
    this.#fail(unreadable(window, window.bytes.length, 1, problem));
    return this.#skipLine(window);
  }

  #skipLine(window: Window): boolean {
    const feed = window.bytes.indexOf(lineFeed, window.at);
    window.at = feed === -1 ? window.bytes.length : feed + 1;
    if (feed === -1) return false;
    this.#inLongLine = false;
    window.line++;
    return true;
  }
}

export function emptyFile(file: InputFile): MillraceError {
  return new MillraceError({
    code: 'csv/empty',
    message: `The file ${file.name} is empty.`,
    hint: 'Check how it was written; a CSV file begins with a row of names.',
  });
}

export function headerMismatch(first: InputFile, expected: readonly string[], file: InputFile, names: readonly string[]): MillraceError {
  const missing = expected.filter((name) => !names.includes(name));
  const added = names.filter((name) => !expected.includes(name));
  const parts = [missing.length > 0 && `without ${list(missing)}`, added.length > 0 && `with ${list(added)}`].filter(Boolean);
  const difference = parts.length > 0 ? parts.join(' and ') : names.length === expected.length ? 'in another order' : 'with other repetitions';
  const code = 'csv/header';
  if (file === first) {
    return new MillraceError({
      code,
      message: `The columns of ${file.name} are not those that the pipeline was checked with: it is ${difference}.`,
      hint:
        names.length === 1 && expected.length > 1
          ? 'It may have another delimiter than the one that is set.'
          : 'The file has changed meanwhile: check the pipeline again.',
    });
  }
  return new MillraceError({
    code,
    message: `The header of ${file.name} differs from that of ${first.name}: it is ${difference}.`,
    hint: 'Files that are read together need the same columns in the same order. Read them by two sources, and unite these.',
  });
}

function list(names: readonly string[]): string {
  const shown = names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A blank line is not a row, except in a file of one column, where it is a null. */
export function isBlank(fields: readonly CsvField[], width: number): boolean {
  const [only, ...others] = fields;
  return width !== 1 && others.length === 0 && only?.text === '' && !only.quoted;
}

function zerosOf(column: string, shared = new Map<string, TrailingZeros>()): TrailingZeros {
  const zeros = shared.get(column) ?? new TrailingZeros();
  shared.set(column, zeros);
  return zeros;
}

interface RecordReader extends CellReader {
  /** Its cells are read through their text in any case. */
  readonly isByText: boolean;
  /** What a user has set for the column, if anything. */
  readonly entry: ColumnEntry | null;
  /** Whether a cell that does not fit can be read as another type. */
  readonly canWiden: boolean;
  wider(text: string): ColumnType;
}
interface CellRules {
  readonly isCast: boolean;
  readonly zeros: TrailingZeros;
  readonly format: CellFormat | null;
  /** Unquoted fields that are null if the column has no marks of its own. */
  readonly missing: ReadonlySet<string>;
}

function cellReader({ type, asWritten }: Column, { isCast, zeros: told, format, missing: marks }: CellRules): RecordReader {
  const missing = asWritten ? missingMarks(null) : marks;
  const zeros = isCast ? new AnyZeros() : told;
  const convert = format
    ? (text: string, quoted: boolean) => format.read(text, quoted, zeros)
    : isCast
      ? (text: string) => castValue(text, type)
      : (text: string) => readText(text, type, zeros);
  const isMissing = (text: string) => missing.has(text) || (text === '' && type !== 'string');
  const read = format?.hasMarks ? convert : (text: string, quoted: boolean) => (!quoted && isMissing(text) ? nothing : convert(text, quoted));
  const isByText = format ? !format.keepsUsual : type === 'string' ? marks.size > 1 || missing !== marks : !noneIsOf(missing, type);
  return {
    type,
    zeros,
    read,
    cache: isByText && type === 'string' ? new StringCache() : null,
    isByText,
    entry: format?.entry ?? null,
    canWiden: !isCast || format !== null,
    wider: (text) => (format ? format.wider(text) : widerType(text, type)),
  };
}

const nothing: Converted = { ok: true, value: null };
/** The missing fields of a short record. */
const absent: CsvField = { text: '', quoted: false };

/** For a column that is cast: there zeros are not significant. */
class AnyZeros extends TrailingZeros {
  override take(places: number): boolean {
    this.places = places;
    return true;
  }
}

/** The fields without an empty one after the last delimiter, if there is one more than `width`. */
export function withoutTrailing(fields: readonly CsvField[], width: number): readonly CsvField[] {
  const last = fields[width];
  return fields.length === width + 1 && last?.text === '' && !last.quoted ? fields.slice(0, width) : fields;
}

function inOrder(row: Row, output: Schema): Row {
  const ordered: Record<string, Value> = {};
  for (const { name } of output.columns) setColumn(ordered, name, (Object.hasOwn(row, name) ? row[name] : null) ?? null);
  return ordered;
}

/** The loop over whole lines in the fast path. Stops at a row that it cannot read, with `fields.failed` set. */
function compileFill(schema: Schema, cells: readonly RecordReader[], { comment, trailing }: CsvDialect, output: Schema): FillRows {
  const width = cells.length;
  const sources = new Map(schema.columns.map(({ name }, i) => [name, i < width ? `v${i}` : 'fields.fileName']));
  const values = output.columns.map(({ name }) => sources.get(name) ?? 'null');
  const lineEnd = trailing ? 'trailingEnd' : 'lineEnd';
  const reads = cells.map((cell, i) => `const v${i} = fields.${readCall(cell, i)}; fields.${i < width - 1 ? 'separator' : lineEnd}();`);
  const names = output.columns.map((column) => column.name);
  const given = Object.fromEntries(cells.map((cell, i) => [`c${i}`, cell.type === 'string' && !cell.isByText ? new StringCache() : cell]));
  return generatedFunction<FillRows>(
    given,
    `function fillRows(fields, rows, lines, line, max, end) {
      while (rows.length < max && fields.at < end) {
        const start = fields.at;
        ${comment === undefined ? '' : `if (fields.bytes[start] === ${comment}) { fields.failed = true; return line; }`}
        ${reads.join('\n')}
        if (fields.failed) { fields.at = start; return line; }
        rows.push(${rowLiteral(names, values)});
        lines.push(line++);
      }
      return line;
    }`,
  );
}

function readCall({ type, isByText }: RecordReader, i: number): string {
  return `${isByText || type === 'json' || type === 'bytes' || type === 'decimal' ? 'converted' : type}(c${i})`;
}
