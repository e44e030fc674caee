/** Messages whose values are text: a JSON object, a CSV record, or text as it is. */
import { isUtf8 } from 'node:buffer';
import type { RowFailure, SourceContext } from '@millrace/kit/node';
import type { Parser, Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import type { Row, Schema } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../../formats/cells/cell-formats.ts';
import { CsvParser } from '../../formats/csv/csv-parser.ts';
import { delimiters } from '../../formats/csv-fields.ts';
import { JsonlParser } from '../../formats/json/jsonl-parser.ts';
import type { Decoded, Decoder } from './message-rows.ts';
import type { Message } from './partition-feed.ts';

export interface LineParams {
  readonly format: 'json' | 'text' | 'csv';
  readonly names: string | null;
  readonly delimiter: keyof typeof delimiters;
  readonly extra: 'ignore' | 'error';
  readonly types: readonly ColumnEntry[];
}
type Context = Pick<SourceContext<unknown>, 'log'>;

const lineFeed = 10;
const carriageReturn = 13;
const quote = 34;
const maxRecordBytes = 256 * 1024 * 1024;
const rawLength = 10_000;
export const textColumn = 'text';

/** `schema`: the columns of the values. */
export function textDecoder(params: LineParams, schema: Schema, context: Context): Decoder {
  if (params.format === 'text') return new TextMessages();
  return new LineMessages(params, schema, context);
}

/** The names of the fields of CSV records. */
export function fieldNames(names: string | null): string[] {
  return (names ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));
}

class TextMessages implements Decoder {
  decode(messages: readonly Message[], { rows, of, fail }: Decoded): void {
    messages.forEach(({ value }, i) => {
      if (value === null) return;
      if (isUtf8(value)) {
        rows.push({ [textColumn]: value.toString('utf8') });
        of.push(i);
      } else fail(i, notText(value));
    });
  }
}

/** The parsers of files, over values that are put one below the other: a value is a line, and what is no line is looked at by itself. */
class LineMessages implements Decoder {
  readonly #parser: Parser;
  readonly #isJson: boolean;
  readonly #file: InputFile = { path: '', name: 'the topic', size: 0 };
  #failures: { readonly line: number; readonly failure: RowFailure }[] = [];
  #buffer = Buffer.alloc(64 * 1024);

  constructor({ format, names, delimiter, extra, types }: LineParams, schema: Schema, context: Context) {
    this.#isJson = format === 'json';
    const formats = new CellFormats(types);
    const { cast } = formats;
    const fail = (failure: RowFailure) => this.#failures.push({ line: failure.position?.line ?? 1, failure });
    const dialect = { delimiter: delimiters[delimiter].charCodeAt(0), quote };
    this.#parser = this.#isJson
      ? new JsonlParser(schema, { extra, maxRecordBytes, cast, formats }, null, { fail, log: context.log })
      : new CsvParser(schema, fieldNames(names), { dialect, header: false, nullText: '', maxRecordBytes, cast, formats }, null, fail);
    this.#parser.begin(this.#file, true);
  }

  decode(messages: readonly Message[], into: Decoded): void {
    for (let from = 0; from < messages.length; ) {
      const to = this.#fill(messages, from);
      if (to === from) this.#single(messages[from]?.value ?? Buffer.alloc(0), from, into);
      else this.#lines(from, to, into);
      from = Math.max(to, from + 1);
    }
  }

  close(): void {
    this.#parser.end?.(this.#file);
  }

  #filled = 0;

  /** Puts values that are lines into the buffer, from this one up to the first that is none. */
  #fill(messages: readonly Message[], from: number): number {
    let at = 0;
    let i = from;
    for (; i < messages.length; i++) {
      const value = messages[i]?.value;
      if (!value || isNoLine(value)) break;
      const { length } = value;
      if (at + length + 1 > this.#buffer.length) {
        const larger = Buffer.alloc(2 * (at + length + 1));
        this.#buffer.copy(larger, 0, 0, at);
        this.#buffer = larger;
      }
      this.#buffer.set(value, at);
      at += length;
      this.#buffer[at++] = lineFeed;
    }
    this.#filled = at;
    return i;
  }

  #lines(from: number, to: number, { rows, of, fail }: Decoded): void {
    // The parser keeps texts of the bytes that it had last, by their identity.
    const bytes = this.#buffer.subarray(0, this.#filled);
    const lines: number[] = [];
    const first = rows.length;
    this.#parse(bytes, rows, lines);
    for (const line of lines) of.push(from + line - 1);
    for (const { line, failure } of this.#failures) fail(from + line - 1, ofMessage(failure));
    if (rows.length - first + this.#failures.length >= to - from) return;
    const told = new Set([...lines, ...this.#failures.map(({ line }) => line)]);
    for (let i = from; i < to; i++) if (!told.has(i - from + 1)) fail(i, empty());
  }

  /** A value of several lines, or of none. */
  #single(value: Buffer, index: number, { rows, of, fail }: Decoded): void {
    const bytes = this.#isJson ? onOneLine(value) : value;
    const found: Row[] = [];
    this.#parse(Buffer.concat([bytes, Buffer.of(lineFeed)]), found, []);
    const [failure] = this.#failures;
    const [row] = found;
    if (failure) fail(index, ofMessage(failure.failure));
    else if (!row) fail(index, empty());
    else if (found.length > 1)
      fail(index, {
        code: 'kafka/message',
        message: `The message holds ${found.length} records.`,
        hint: 'Each message has to be one record; read the topic as text and split it.',
        row: { raw: value.toString('utf8').slice(0, rawLength) },
      });
    else {
      rows.push(row);
      of.push(index);
    }
  }

  #parse(bytes: Buffer, rows: Row[], lines: number[]): void {
    this.#failures = [];
    const window: Window = { file: this.#file, bytes, at: 0, line: 1, last: true, translated: false };
    const batch = { rows, lines, size: Number.POSITIVE_INFINITY };
    for (let before = -1; window.at < bytes.length && window.at !== before; ) {
      before = window.at;
      this.#parser.parse(window, batch);
    }
  }
}

function isNoLine(value: Buffer): boolean {
  return value.length === 0 || value.includes(lineFeed) || value[value.length - 1] === carriageReturn;
}

/** Line feeds between the parts of a JSON text are blanks. Within a text they are wrong, and stay. */
function onOneLine(value: Buffer): Buffer {
  try {
    JSON.parse(value.toString('utf8'));
  } catch {
    return value;
  }
  const copy = Buffer.from(value);
  for (let at = copy.indexOf(lineFeed); at !== -1; at = copy.indexOf(lineFeed, at)) copy[at] = 32;
  return copy;
}

function ofMessage(failure: RowFailure): RowFailure {
  return { ...failure, message: failure.message.replace(/^The (line|row)\b/, 'The message') };
}

function empty(): RowFailure {
  return { code: 'kafka/message', message: 'The message is empty.', hint: 'Skip such messages, or read the topic as text.', row: { raw: '' } };
}

function notText(value: Buffer): RowFailure {
  return {
    code: 'kafka/message',
    message: 'The message is not text in UTF-8.',
    hint: 'Choose the format that it has.',
    row: { raw: value.toString('latin1').slice(0, rawLength) },
  };
}
