/** Plain text: each line is a row with one column. */
import { isUtf8 } from 'node:buffer';
import type { RowFailure } from '@millrace/kit/node';
import { type Batch, type Parser, unreadable, type Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';

const lineFeed = 10;
const carriageReturn = 13;

export class TextLinesParser implements Parser {
  readonly #fileColumn: string | null;
  readonly #maxBytes: number;
  readonly #fail: (failure: RowFailure) => void;
  #file = '';
  #inLongLine = false;

  constructor(fileColumn: string | null, maxBytes: number, fail: (failure: RowFailure) => void) {
    this.#fileColumn = fileColumn;
    this.#maxBytes = maxBytes;
    this.#fail = fail;
  }

  begin(file: InputFile): void {
    this.#file = file.name;
    this.#inLongLine = false;
  }

  parse(window: Window, batch: Batch): void {
    const { bytes } = window;
    while (batch.rows.length < batch.size && window.at < bytes.length) {
      const feed = bytes.indexOf(lineFeed, window.at);
      if (feed === -1) {
        if (bytes.length - window.at > this.#maxBytes) this.#giveUp(window);
        return;
      }
      if (this.#inLongLine) this.#inLongLine = false;
      else this.#take(window, feed, batch);
      window.at = feed + 1;
      window.line++;
    }
  }

  isBetweenRows(): boolean {
    return !this.#inLongLine;
  }

  #take(window: Window, feed: number, batch: Batch): void {
    const { bytes, at, line } = window;
    const end = feed > at && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
    const text = bytes.toString('utf8', at, end);
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(at, end))) {
      const hint = 'This source reads UTF-8. Convert the file, or skip such lines.';
      this.#fail(unreadable(window, feed + 1, 1, { code: 'text/encoding', message: 'The line contains bytes that are not valid UTF-8.', hint }));
      return;
    }
    batch.rows.push(this.#fileColumn === null ? { line: text } : { line: text, [this.#fileColumn]: this.#file });
    batch.lines.push(line);
  }

  #giveUp(window: Window): void {
    const megabytes = Math.round(this.#maxBytes / 1024 / 1024);
    if (!this.#inLongLine) {
      const hint = 'Raise the limit (Longest row) if such lines are right.';
      this.#fail(unreadable(window, window.bytes.length, 1, { code: 'text/long-line', message: `The line is longer than ${megabytes} MB.`, hint }));
    }
    this.#inLongLine = true;
    window.at = window.bytes.length;
  }
}
