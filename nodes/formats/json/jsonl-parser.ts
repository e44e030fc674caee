/** JSON Lines files into typed rows. */

import { isUtf8 } from 'node:buffer';
import type { Misfit, RowFailure } from '@millrace/kit/node';
import { type Batch, lineOf, type Parser, unreadable, type Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { stringLiteral } from '../../../io/text/row-code.ts';
import { compileRows, convertRow } from '../../../io/text/row-conversion.ts';
import { missing } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { thousands } from '../../../model/text/thousands.ts';
import { refuseDeepValue } from '../../../model/values/json-depth.ts';
import { parseJson } from '../../../model/values/json-text.ts';
import type { Column, Row, Schema } from '../../../model/values/types.ts';
import type { Converted } from '../../../model/values/values.ts';
import type { CellFormat, CellFormats } from '../cells/cell-formats.ts';
import { readAs } from '../column-fields.ts';
import { hasDoubleKeys } from './double-keys.ts';
import { compileLines, type FillLines, JsonlFields } from './jsonl-fields.ts';
import {
  type ExactRecord,
  formatConversion,
  isRecord,
  type JsonRecord,
  jsonConversions,
  parseExactly,
  recordValue,
  syntaxMessage,
  syntaxPlace,
  widerJsonType,
  writtenJson,
} from './jsonl-record.ts';
import { hasLongNumber } from './long-numbers.ts';

export interface JsonlFormat {
  /** What happens to rows with keys that are not columns. */
  readonly extra: 'error' | 'ignore';
  /** What happens to rows with an object that has a key twice: by default the last value counts, and the log says how many. */
  readonly doubleKeys?: 'last' | 'error';
  readonly maxRecordBytes: number;
  /** The columns whose types a user has set. */
  readonly cast: ReadonlySet<string>;
  /** The columns in an unusual format. */
  readonly formats?: CellFormats;
}

const lineFeed = 10;
/** The amount decoded at a time: beyond this, V8 allocates strings more slowly. */
const textBytes = 64 * 1024;
/** After this many lines that the fast path cannot read, a file is taken for one of another kind. */
const enoughMisses = 100;

export class JsonlParser implements Parser {
  readonly #schema: Schema;
  readonly #names: ReadonlySet<string>;
  /** Whether there are columns in which JSON.parse may round a number unnoticed. */
  readonly #hasJson: boolean;
  readonly #hasNumbers: boolean;
  readonly #format: JsonlFormat;
  readonly #formats: ReadonlyMap<string, CellFormat>;
  readonly #fileColumn: string | null;
  readonly #fail: (failure: RowFailure) => void;
  readonly #log: (level: 'info' | 'warning', message: string) => void;
  readonly #toRow: (record: JsonRecord) => Row | undefined;
  #file: InputFile | null = null;
  #inLongLine = false;
  readonly #ignored = new Map<string, number>();
  #doubled = { rows: 0, line: 0 };
  readonly #fields = new JsonlFields();
  readonly #fillLines: FillLines | null;
  /** Consecutive lines that the fast path could not read. */
  #misses = 0;

  /** `schema`: the columns, then the file column if there is one. */
  constructor(
    schema: Schema,
    format: JsonlFormat,
    fileColumn: string | null,
    context: { fail(failure: RowFailure): void; log(level: 'info' | 'warning', message: string): void },
  ) {
    this.#schema = schema;
    this.#names = new Set(schema.columns.map(({ name }) => name).filter((name) => name !== fileColumn));
    this.#hasJson = schema.columns.some(({ type }) => type === 'json');
    this.#hasNumbers = schema.columns.some(({ type }) => type === 'json' || type === 'number');
    this.#format = format;
    this.#fileColumn = fileColumn;
    this.#fail = (failure) => context.fail(failure);
    this.#log = (level, message) => context.log(level, message);
    const reads = schema.columns.map(({ name }) => (name === fileColumn ? 'undefined' : readOf(name)));
    this.#formats = formatsOf(schema, format.formats);
    const conversions = schema.columns.map(({ name, type }) => {
      const own = this.#formats.get(name);
      return name === fileColumn ? () => this.#fileName() : own ? formatConversion(own, type) : jsonConversions[type];
    });
    const present = reads.map((read) => `(${read} === undefined ? 0 : 1)`).join(' + ') || '0';
    this.#fillLines = [...this.#formats.values()].every(({ keepsUsual }) => keepsUsual) ? compileLines(schema, fileColumn) : null;
    this.#toRow = compileRows(schema, reads, conversions, `Object.keys(input).length === ${present}`);
  }

  begin(file: InputFile): void {
    this.#file = file;
    this.#fields.fileName = file.name;
    this.#misses = 0;
    this.#inLongLine = false;
    this.#ignored.clear();
    this.#doubled = { rows: 0, line: 0 };
  }

  end(file: InputFile): void {
    const { rows, line } = this.#doubled;
    if (rows > 0) {
      const which = rows === 1 ? `The row in line ${line} of ${file.name} has` : `${thousands(rows)} rows of ${file.name} (line ${line} is the first) have`;
      this.#log('warning', `${which} a key twice in an object: its last value counts.`);
    }
    if (this.#ignored.size === 0) return;
    const keys = [...this.#ignored].map(([key, rows]) => `"${key}" (${thousands(rows)})`).join(', ');
    this.#log('warning', `Keys of ${file.name} that are not columns were left out, with the number of rows that had them: ${keys}.`);
  }

  isBetweenRows(): boolean {
    return !this.#inLongLine;
  }

  parse(window: Window, batch: Batch): void {
    while (batch.rows.length < batch.size && window.at < window.bytes.length) {
      if (this.#inLongLine && !this.#skipLine(window)) return;
      const { bytes, at } = window;
      let end = bytes.lastIndexOf(lineFeed, at + textBytes - 1) + 1;
      if (end <= at) end = bytes.indexOf(lineFeed, at) + 1;
      if (end === 0) {
        if (bytes.length - at <= this.#format.maxRecordBytes) return;
        this.#beginLongLine(window);
        return;
      }
      if (this.#fillLines && this.#misses < enoughMisses) {
        if (this.#parseFast(window, batch, end, this.#fillLines)) continue;
        end = bytes.indexOf(lineFeed, at) + 1;
      }
      const text = bytes.toString('utf8', at, end);
      if (text.includes('\ufffd') && (window.translated || !isUtf8(bytes.subarray(at, end)))) this.#parseLine(window, batch);
      else this.#parseText(window, batch, text);
    }
  }

  /** Whole lines up to `end` as long as they are as expected; false if the first one is not. */
  #parseFast(window: Window, batch: Batch, end: number, fillLines: FillLines): boolean {
    const fields = this.#fields;
    const { bytes, at } = window;
    if (fields.bytes !== bytes || at < fields.textStart || end > fields.textStart + fields.text.length) {
      fields.bytes = bytes;
      fields.textStart = at;
      fields.text = bytes.toString('latin1', at, end);
    }
    fields.at = at;
    fields.failed = false;
    window.line = fillLines(fields, batch.rows, batch.lines, window.line, batch.size, end);
    window.at = fields.at;
    this.#misses = window.at > at ? 0 : this.#misses + 1;
    return window.at > at;
  }

  /** Whole lines, as far as the batch has room for them. */
  #parseText(window: Window, batch: Batch, text: string): void {
    const { rows, lines, size } = batch;
    let from = 0;
    const advance = (to: number, count: number) => {
      window.at += Buffer.byteLength(text.substring(from, to));
      window.line += count;
      from = to;
    };
    let start = 0;
    let line = window.line;
    while (start < text.length && rows.length < size) {
      const feed = text.indexOf('\n', start);
      const source = text.substring(start, feed);
      let row = this.quickly(source);
      if (row === undefined) {
        // Failures get their place and raw text from the window.
        advance(start, line - window.line);
        row = this.convert(source, window, window.at + Buffer.byteLength(source) + 1);
      }
      if (row !== undefined) {
        rows.push(row);
        lines.push(line);
      }
      start = feed + 1;
      line++;
    }
    advance(start, line - window.line);
  }

  /** One line that may contain bytes which are not text. */
  #parseLine(window: Window, batch: Batch): void {
    const { bytes, at, line } = window;
    const next = bytes.indexOf(lineFeed, at) + 1;
    const text = bytes.toString('utf8', at, next - 1);
    if (text.includes('\ufffd') && (window.translated || !isUtf8(bytes.subarray(at, next)))) {
      const hint = 'Write it in UTF-8, or set the encoding that it has, such as windows-1252.';
      this.#fail(unreadable(window, next, 1, { code: 'jsonl/encoding', message: 'The line contains bytes that are not valid in this encoding.', hint }));
    } else {
      const row = this.convert(text, window, next);
      if (row !== undefined) {
        batch.rows.push(row);
        batch.lines.push(line);
      }
    }
    window.at = next;
    window.line++;
  }

  /** An expected record, from text that is one JSON value; undefined for any other. */
  quickly(source: string): Row | undefined {
    // JSON.parse rounds numbers, and makes the largest infinite; its result does not show that.
    if (source.charCodeAt(0) !== 123 || (this.#hasNumbers && hasLongNumber(source))) return undefined;
    try {
      if (this.#hasJson) refuseDeepValue(source);
      const record = parseJson(source) as JsonRecord;
      return hasDoubleKeys(source, record) ? undefined : this.#toRow(record);
    } catch {
      return undefined;
    }
  }

  /** A line or record that is not quite as expected: a row after all, or a failure, or nothing for a blank line. */
  convert(source: string, window: Window, next: number, unit: 'line' | 'record' = 'line', column = 1): Row | undefined {
    if (source.trim() === '') return undefined;
    const failure = (code: ProblemCode, message: string, hint: string, misfits?: readonly Misfit[]) => {
      const fix = misfits?.[0]?.fix;
      const found = unreadable(window, next, unit === 'line' ? 1 : source.split('\n').length, { code, message, hint, fix });
      this.#fail(misfits ? { ...found, misfits } : found);
      return undefined;
    };
    let record: unknown;
    try {
      record = parseExactly(source);
    } catch (error) {
      const where = unit === 'line' ? syntaxMessage(error, source) : syntaxPlace(error, source, window.line, column);
      return failure('jsonl/syntax', `The ${unit} is not JSON: ${where}.`, `Each ${unit} has to be one JSON object; correct the ${unit} or skip it.`);
    }
    if (!isRecord(record)) {
      const hint =
        unit === 'line' ? 'Each line has to be one object such as {"id": 1}.' : 'Each record has to be one object such as {"id": 1}: set the path to them.';
      return failure('jsonl/not-an-object', `The ${unit} is JSON, but not an object.`, hint);
    }
    if (hasDoubleKeys(source, parseJson(source))) {
      if (this.#format.doubleKeys === 'error')
        return failure('jsonl/double-key', 'The row has a key twice in an object.', 'Correct the row, or let the last value count.');
      if (this.#doubled.rows++ === 0) this.#doubled.line = lineOf(window);
    }
    const extra = Object.keys(record).filter((key) => !this.#names.has(key));
    if (extra.length > 0) {
      if (this.#format.extra === 'error') {
        const keys = extra.map((key) => `"${key}"`).join(', ');
        return failure(
          'jsonl/extra',
          `The row has ${keys}, which no row of the sample had.`,
          'Add the column under Column types, or have unknown keys left out.',
        );
      }
      for (const key of extra) this.#ignored.set(key, (this.#ignored.get(key) ?? 0) + 1);
    }
    const found = convertRow(this.#schema, (column) => this.#value(record, column));
    if ('row' in found) return found.row;
    const { name, type } = found.column;
    const wider = widerJsonType(record[name], type);
    return failure(
      'jsonl/value',
      `Column "${name}" is of type ${type}: ${found.message}.`,
      `Correct the file, or read column "${name}" as ${wider} (under Column types).`,
      this.#misfits(record),
    );
  }

  #misfits(record: ExactRecord): Misfit[] {
    return this.#schema.columns.flatMap((column) => {
      const { name, type } = column;
      const found = this.#value(record, column);
      if (found.ok) return [];
      const fix =
        this.#format.cast.has(name) && !this.#formats.has(name) ? {} : { fix: readAs(name, widerJsonType(record[name], type), this.#formats.get(name)?.entry) };
      return [{ column: name, text: writtenJson(record[name]), message: found.message, ...fix }];
    });
  }

  #fileName(): string {
    return (this.#file ?? missing('the file')).name;
  }

  #value(record: ExactRecord, column: Column): Converted {
    if (column.name === this.#fileColumn) return { ok: true, value: this.#fileName() };
    return recordValue(record, column, this.#format.cast.has(column.name), this.#formats.get(column.name) ?? null);
  }

  #beginLongLine(window: Window): void {
    const megabytes = Math.round(this.#format.maxRecordBytes / 1024 / 1024);
    this.#inLongLine = true;
    const hint = 'The file may be one large JSON array instead of JSON Lines. If it is right, raise the limit (Longest row).';
    this.#fail(unreadable(window, window.bytes.length, 1, { code: 'jsonl/long-line', message: `The line is longer than ${megabytes} MB.`, hint }));
    window.at = window.bytes.length;
  }

  #skipLine(window: Window): boolean {
    const feed = window.bytes.indexOf(lineFeed, window.at);
    window.at = feed === -1 ? window.bytes.length : feed + 1;
    if (feed === -1) return false;
    this.#inLongLine = false;
    window.line++;
    return window.at < window.bytes.length;
  }
}

function formatsOf({ columns }: Schema, formats: CellFormats | undefined): ReadonlyMap<string, CellFormat> {
  const found = columns.map(({ name, type }) => [name, formats?.of(name, type) ?? null] as const);
  return new Map(found.filter((each): each is readonly [string, CellFormat] => each[1] !== null));
}

/** Source text that reads a key of `input`. Inherited properties must not stand in for a missing key. */
function readOf(name: string): string {
  const key = stringLiteral(name);
  return name in Object.prototype ? `(Object.hasOwn(input, ${key}) ? input[${key}] : undefined)` : `input[${key}]`;
}
