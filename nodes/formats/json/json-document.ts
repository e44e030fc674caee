/** The records of JSON other than JSON Lines, as typed rows: an array, documents one after another, or what is at a path in them. */
import { isUtf8 } from 'node:buffer';
import type { RowFailure } from '@millrace/kit/node';
import { type Batch, type Parser, unreadable, type Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import type { Json } from '../../../model/values/types.ts';
import { endsTooEarly, type JsonFound, type JsonRecordPlace, JsonScanner, type JsonScanState } from './json-scanner.ts';
import type { JsonlParser } from './jsonl-parser.ts';

interface Context {
  fail(failure: RowFailure): void;
  log(level: 'info' | 'warning', message: string): void;
}

export class JsonDocumentParser implements Parser {
  readonly #path: readonly string[];
  readonly #maxBytes: number;
  readonly #records: JsonlParser;
  readonly #context: Context;
  #scanner: JsonScanner;
  /** From here on the file is not JSON. */
  #isBroken = false;

  /** `records` makes rows of single records. */
  constructor(path: readonly string[], maxBytes: number, records: JsonlParser, context: Context) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#records = records;
    this.#context = context;
    this.#scanner = new JsonScanner(path, maxBytes);
  }

  begin(file: InputFile, resumed: boolean, state?: Json): void {
    this.#records.begin(file);
    this.#scanner = new JsonScanner(this.#path, this.#maxBytes, resumed ? (state as JsonScanState) : undefined);
    this.#isBroken = false;
  }

  state(): Json {
    return this.#scanner.state();
  }

  parse(window: Window, batch: Batch): void {
    const scanner = this.#scanner;
    scanner.line = window.line;
    while (batch.rows.length < batch.size && window.at < window.bytes.length) {
      const found: JsonFound = this.#isBroken
        ? { kind: 'more', keep: window.bytes.length, line: window.line }
        : scanner.next(window.bytes, window.at, window.last);
      window.line = found.line;
      switch (found.kind) {
        case 'record':
          this.#take(window, found, batch);
          break;
        case 'long': {
          const megabytes = Math.round(this.#maxBytes / 1024 / 1024);
          const message = `The record is longer than ${megabytes} MB.`;
          const hint = 'If its parts are the records, set the path to them; else raise the limit (Longest row).';
          this.#context.fail(unreadable(window, window.bytes.length, 1, { code: 'json/long-record', message, hint }));
          window.at = window.bytes.length;
          break;
        }
        case 'fault':
          this.#break(window, found);
          break;
        case 'more':
          window.at = found.keep;
          return;
      }
    }
  }

  end(file: InputFile): void {
    this.#records.end(file);
    if (this.#isBroken) return;
    if (!this.#scanner.isComplete) {
      const { line } = this.#scanner;
      this.#context.fail({ ...notJson, message: `${file.name} ends within its JSON.`, row: { raw: '' }, position: { source: file.name, line } });
    } else if (!this.#scanner.hasTarget && this.#path.length > 0) this.#context.log('warning', nothingAt(file.name, this.#path, this.#scanner.otherKeys));
  }

  #take(window: Window, { start, end, column }: JsonRecordPlace, batch: Batch): void {
    const { bytes, line } = window;
    const text = bytes.toString('utf8', start, end);
    window.at = start;
    if (text.includes('\ufffd') && (window.translated || !isUtf8(bytes.subarray(start, end)))) {
      const hint = 'Write it in UTF-8, or set the encoding that it has, such as windows-1252.';
      this.#context.fail(
        unreadable(window, end, 1, { code: 'jsonl/encoding', message: 'The record contains bytes that are not valid in this encoding.', hint }),
      );
    } else {
      const row = this.#records.quickly(text) ?? this.#records.convert(text, window, end, 'record', column);
      if (row !== undefined) {
        batch.rows.push(row);
        batch.lines.push(line);
      }
    }
    window.at = end;
    window.line = this.#scanner.line;
  }

  #break(window: Window, { line, column, message }: JsonFound & { kind: 'fault' }): void {
    this.#isBroken = true;
    const { name } = window.file;
    const text = message === endsTooEarly ? `${name} ends within its JSON.` : `${name} is not JSON from line ${line}, column ${column} on: ${message}.`;
    const problem = { ...notJson, message: text };
    this.#context.fail(unreadable(window, window.bytes.length, 1, problem));
    window.at = window.bytes.length;
  }
}

const notJson = { code: 'json/syntax' as const, hint: 'Rows before that place were read; nothing after it can be. Fetch the file again, or correct it.' };

export function nothingAt(name: string, path: readonly string[], otherKeys: ReadonlySet<string>): string {
  const keys = [...otherKeys].map((key) => `"${key}"`).join(', ');
  return `${name} holds nothing at "${path.join('.')}"${keys === '' ? '' : `; its keys beside that path are ${keys}`}.`;
}
