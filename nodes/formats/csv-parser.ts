/** CSV files into typed rows: fast where the rows are as expected, by the book where they are not. */

import { TrailingZeros } from '../../engine/schema/exact.ts';
import { type Fix, MillraceError } from '../../engine/schema/problem.ts';
import { readText, widerType } from '../../engine/schema/read-text.ts';
import type { Column, Row, Schema, Value } from '../../engine/schema/types.ts';
import { castValue, setColumn } from '../../engine/schema/values.ts';
import type { RowFailure } from '../kit/node.ts';
import { readAs } from './column-types.ts';
import { type CellReader, CsvFields } from './csv-fields.ts';
import { type CsvDialect, type CsvField, type CsvRecord, readCsvRecord } from './csv-record.ts';
import { type Batch, type Parser, unreadable, type Window } from './file-rows.ts';
import { generatedFunction } from './generated-function.ts';
import type { InputFile } from './input-files.ts';
import { rowLiteral } from './row-code.ts';
import { StringCache } from './string-cache.ts';

export interface CsvFormat {
  readonly dialect: CsvDialect;
  readonly header: boolean;
  /** Unquoted fields of this text are null. */
  readonly nullText: string;
  /** A record of more bytes is given up, so that a missing line break or quote cannot fill the memory. */
  readonly maxRecordBytes: number;
  /** The columns whose types somebody has set: their cells are cast. All others have to be what the guess takes (read-text.ts). */
  readonly cast: ReadonlySet<string>;
}

const lineFeed = 10;
/** Decoded at a time: beyond this, V8 allocates strings more slowly. */
const textBytes = 64 * 1024;
/** Delimiters that could be part of a number or a timestamp are left to the slow way. */
const slowDelimiters = new Set(Buffer.from('0123456789+-.: TZaelrsuft'));

type FillRows = (fields: CsvFields, rows: Row[], lines: number[], line: number, max: number, end: number) => number;

export class CsvParser implements Parser {
  readonly #schema: Schema;
  /** The names that each file's header must have, or null where files have none. */
  readonly #header: readonly string[] | null;
  readonly #format: CsvFormat;
  readonly #fileColumn: string | null;
  readonly #fail: (failure: RowFailure) => void;
  readonly #fields: CsvFields;
  readonly #cells: readonly CellReader[];
  readonly #fillRows: FillRows | null;
  readonly #width: number;
  #firstFile: InputFile | null = null;
  #bytes: Buffer | null = null;
  #textEnd = 0;
  #headerIsNext = false;
  #inLongLine = false;

  /**
   * `schema`: the columns in the file's order, then the file column if there is one. `header`: the names as the files
   * have them; null if they have no header.
   */
  constructor(schema: Schema, header: readonly string[] | null, format: CsvFormat, fileColumn: string | null, fail: (failure: RowFailure) => void) {
    this.#schema = schema;
    this.#header = header;
    this.#format = format;
    this.#fileColumn = fileColumn;
    this.#fail = fail;
    this.#width = schema.columns.length - (fileColumn === null ? 0 : 1);
    this.#cells = schema.columns.map((column) => cellReader(column, format.cast.has(column.name)));
    this.#fields = new CsvFields(format.dialect, format.nullText);
    this.#fillRows = slowDelimiters.has(format.dialect.delimiter) ? null : compileFill(schema, this.#cells.slice(0, this.#width));
  }

  begin(file: InputFile, resumed: boolean): void {
    this.#firstFile ??= file;
    this.#fields.fileName = file.name;
    this.#headerIsNext = this.#header !== null && !resumed;
    this.#inLongLine = false;
    this.#bytes = null;
  }

  end(file: InputFile): void {
    if (this.#headerIsNext) throw emptyFile(file);
  }

  parse(window: Window, batch: Batch): void {
    const { rows, lines, size } = batch;
    const fields = this.#fields;
    while (rows.length < size && window.at < window.bytes.length) {
      if (this.#fillRows && !this.#headerIsNext && !this.#inLongLine && this.#open(window)) {
        fields.at = window.at;
        window.line = this.#fillRows(fields, rows, lines, window.line, size, this.#textEnd);
        window.at = fields.at;
        if (!fields.failed) continue;
        fields.failed = false;
      }
      if (!this.#parseRecord(window, batch)) return;
    }
  }

  /** Makes text of the next whole lines, unless that was done; false if there are none. */
  #open(window: Window): boolean {
    const { bytes, at } = window;
    if (this.#bytes === bytes && at < this.#textEnd) return true;
    const end = bytes.lastIndexOf(lineFeed, at + textBytes - 1) + 1;
    if (end <= at) return false;
    this.#bytes = this.#fields.bytes = bytes;
    this.#fields.open(at, end - at);
    this.#textEnd = end;
    return true;
  }

  /** One record by the book; false if more bytes are needed. */
  #parseRecord(window: Window, batch: Batch): boolean {
    if (this.#inLongLine) return this.#skipLine(window);
    const { bytes, at, line, last, translated } = window;
    const { dialect, maxRecordBytes } = this.#format;
    // No record ends without a line feed: a line of many chunks is not gone through again with each of them.
    const hasEnd = last || bytes.includes(lineFeed, at);
    let record: CsvRecord = hasEnd ? readCsvRecord(bytes, at, dialect, line, last, translated) : { kind: 'more' };
    if (record.kind === 'more') {
      if (bytes.length - at <= maxRecordBytes && !last) return false;
      // Beyond the limit the file might as well have ended: a quote that is open counts as never closed.
      record = readCsvRecord(bytes, at, dialect, line, true, translated);
      if (record.kind === 'more') return this.#beginLongLine(window);
    }
    if (record.kind === 'bad') this.#reportBad(window, record);
    else if (this.#headerIsNext) this.#checkHeader(window, record.fields);
    else if (!isBlank(record.fields, this.#width)) this.#addRow(window, record, batch);
    window.at = record.next;
    window.line += record.lines;
    return true;
  }

  #addRow(window: Window, record: CsvRecord & { kind: 'fields' }, batch: Batch): void {
    const { fields } = record;
    const failure = (code: string, message: string, hint: string, fix?: Fix) =>
      this.#fail(unreadable(window, record.next, record.lines, { code, message, hint, fix }));
    if (fields.length !== this.#width) {
      const expected = `${this.#header ? 'the header has' : 'the first row has'} ${this.#width}`;
      failure(
        'csv/fields',
        `The row has ${count(fields.length, 'field')}, but ${expected}.`,
        'Check its delimiters: a field that holds one has to be in quotes.',
      );
      return;
    }
    const row: Record<string, Value> = {};
    for (let i = 0; i < fields.length; i++) {
      const { name, type } = this.#schema.columns[i]!;
      const { text, quoted } = fields[i]!;
      const cast = !quoted && text === this.#format.nullText ? null : this.#cells[i]!.read(text);
      if (cast?.ok === false) {
        const wider = widerType(text, type);
        failure(
          'csv/value',
          `Column "${name}" is of type ${type}: ${cast.message}.`,
          `Correct the file, or read column "${name}" as ${wider} (under Column types).`,
          this.#format.cast.has(name) ? undefined : readAs(name, wider),
        );
        return;
      }
      setColumn(row, name, cast?.value ?? null);
    }
    if (this.#fileColumn !== null) setColumn(row, this.#fileColumn, window.file.name);
    batch.rows.push(row);
    batch.lines.push(window.line);
  }

  #reportBad(window: Window, record: CsvRecord & { kind: 'bad' }): void {
    const { code, message, hint } = record;
    if (this.#headerIsNext) throw new MillraceError({ code, message: `The header of ${window.file.name} cannot be read. ${message}`, hint });
    this.#fail(unreadable(window, record.next, record.lines, { code, message, hint }));
  }

  #checkHeader(window: Window, fields: readonly CsvField[]): void {
    if (isBlank(fields, 2)) return;
    this.#headerIsNext = false;
    const names = fields.map((field) => field.text);
    const expected = this.#header!;
    if (names.length === expected.length && names.every((name, i) => name === expected[i])) return;
    throw headerMismatch(this.#firstFile!, expected, window.file, names);
  }

  #beginLongLine(window: Window): boolean {
    const megabytes = Math.round(this.#format.maxRecordBytes / 1024 / 1024);
    const problem = {
      code: 'csv/long-line',
      message: `The line is longer than ${megabytes} MB.`,
      hint: 'The file may be no CSV, or have other line ends than LF and CR LF. If it is right, raise the limit (Longest row).',
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
      hint: 'The file has changed meanwhile: check the pipeline again.',
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

/** A blank line is no row, except in a file of one column, where it is a null. */
export function isBlank(fields: readonly CsvField[], width: number): boolean {
  return width !== 1 && fields.length === 1 && fields[0]!.text === '' && !fields[0]!.quoted;
}

function cellReader({ type }: Column, isCast: boolean): CellReader {
  if (isCast) return { type, zeros: new AnyZeros(), read: (text) => castValue(text, type) };
  const zeros = new TrailingZeros();
  return { type, zeros, read: (text) => readText(text, type, zeros) };
}

/** For a column that is cast: zeros tell nothing there. */
class AnyZeros extends TrailingZeros {
  override take(places: number): boolean {
    this.places = places;
    return true;
  }
}

/** The loop over whole lines in the fast way. Stops at a row that it cannot read, with `fields.failed` set. */
function compileFill(schema: Schema, cells: readonly CellReader[]): FillRows {
  const width = cells.length;
  const values = schema.columns.map((_, i) => (i < width ? `v${i}` : 'fields.fileName'));
  const reads = cells.map(({ type }, i) => `const v${i} = fields.${readCall(type, i)}; fields.${i < width - 1 ? 'separator' : 'lineEnd'}();`);
  const names = schema.columns.map((column) => column.name);
  const given = Object.fromEntries(cells.map((cell, i) => [`c${i}`, cell.type === 'string' ? new StringCache() : cell]));
  return generatedFunction<FillRows>(
    given,
    `function fillRows(fields, rows, lines, line, max, end) {
      while (rows.length < max && fields.at < end) {
        const start = fields.at;
        ${reads.join('\n')}
        if (fields.failed) { fields.at = start; return line; }
        rows.push(${rowLiteral(names, values)});
        lines.push(line++);
      }
      return line;
    }`,
  );
}

function readCall(type: Schema['columns'][number]['type'], i: number): string {
  return `${type === 'json' || type === 'bytes' ? 'converted' : type}(c${i})`;
}
