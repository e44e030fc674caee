/**
 * Holes in text files: NUL bytes from a program that keeps writing at its old position in a truncated file, or from a crash. They are
 * skipped and counted; a line that one cuts ends there.
 */

import type { SourceContext } from '@millrace/kit/node';
import { type Batch, lineOf, type Parser, type Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { thousands } from '../../../model/text/thousands.ts';

const lineFeed = 10;
const carriageReturn = 13;
/** Within a line, fewer NUL bytes than these may be part of its text. */
const leastWithinLine = 8;
/** The maximum number of holes that are reported for a file. */
const toldPerFile = 5;

interface Hole {
  readonly from: number;
  readonly to: number;
}

export class HolesParser implements Parser {
  readonly #parser: Parser;
  readonly #log: SourceContext<unknown>['log'];
  #file = '';
  /** The bytes that were searched last, and the next hole in them. */
  #searched: { readonly bytes: Buffer; readonly at: number; readonly hole: Hole | null } | null = null;
  /** A hole that continues with the next bytes. */
  #open: { bytes: number; readonly line: number } | null = null;
  #told = 0;

  constructor(parser: Parser, log: SourceContext<unknown>['log']) {
    this.#parser = parser;
    this.#log = log;
  }

  begin(file: InputFile, resumed: boolean): void {
    this.#file = file.name;
    this.#searched = null;
    this.#open = null;
    this.#told = 0;
    this.#parser.begin(file, resumed);
  }

  parse(window: Window, batch: Batch): void {
    while (batch.rows.length < batch.size) {
      if (this.#open && !this.#passLineEnd(window)) return;
      const hole = this.#nextHole(window);
      if (this.#open && hole?.from !== window.at && window.at < window.bytes.length) this.#tell();
      if (hole === null) {
        this.#parser.parse(window, batch);
        return;
      }
      if (hole.from > window.at && !this.#parseUpTo(hole.from, window, batch)) return;
      this.#skip(hole, window);
    }
  }

  isBetweenRows(): boolean {
    return this.#open === null && this.#parser.isBetweenRows?.() !== false;
  }

  end(file: InputFile): void {
    this.#tell();
    this.#parser.end?.(file);
  }

  /** True once nothing is left before the hole. */
  #parseUpTo(end: number, window: Window, batch: Batch): boolean {
    const { bytes } = window;
    const isWhole = bytes[end - 1] === lineFeed;
    const before = isWhole ? bytes.subarray(0, end) : Buffer.concat([bytes.subarray(0, end), Buffer.of(lineFeed)]);
    const part = { ...window, bytes: before, last: true };
    this.#parser.parse(part, batch);
    // The added line feed is not the file's own.
    const isDone = part.at >= end;
    window.at = Math.min(part.at, end);
    window.line = part.at > end ? part.line - 1 : part.line;
    return isDone;
  }

  #skip({ from, to }: Hole, window: Window): void {
    this.#open ??= { bytes: 0, line: lineOf(window) };
    this.#open.bytes += to - from;
    window.at = to;
    if (window.last) this.#tell();
  }

  /** The line end after a hole does not end another line. False if the end of the bytes cuts it. */
  #passLineEnd(window: Window): boolean {
    const { bytes, at } = window;
    const length = bytes[at] === carriageReturn ? 2 : 1;
    if (length === 2 && at + 1 === bytes.length) return false;
    if (bytes[at + length - 1] !== lineFeed) return true;
    window.at += length;
    this.#tell();
    window.line++;
    return true;
  }

  #tell(): void {
    const open = this.#open;
    this.#open = null;
    if (!open || ++this.#told > toldPerFile) return;
    const bytes = open.bytes === 1 ? '1 NUL byte' : `${thousands(open.bytes)} NUL bytes`;
    const more = this.#told === toldPerFile ? ' Further holes in this file are not reported.' : '';
    const why = 'The file was probably cut off while a program went on writing, or the machine crashed.';
    this.#log('warning', `${this.#file} has ${bytes} in line ${thousands(open.line)}: they are left out. ${why}${more}`);
  }

  #nextHole({ bytes, at }: Window): Hole | null {
    const known = this.#searched;
    if (known?.bytes === bytes && known.at <= at && (known.hole === null || known.hole.from >= at)) return known.hole;
    const hole = findHole(bytes, at);
    this.#searched = { bytes, at, hole };
    return hole;
  }
}

/** The first hole at or after `at`, where a line begins. */
function findHole(bytes: Buffer, at: number): Hole | null {
  for (let from = bytes.indexOf(0, at); from !== -1; ) {
    let to = from + 1;
    while (to < bytes.length && bytes[to] === 0) to++;
    const isLineStart = from === at || bytes[from - 1] === lineFeed;
    if (isLineStart || to - from >= leastWithinLine) return { from, to };
    from = bytes.indexOf(0, to);
  }
  return null;
}
