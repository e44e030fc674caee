/** Plain text whose entries may span several lines, such as stack traces: an entry begins where a line matches a pattern. */
import { isUtf8 } from 'node:buffer';
import type { RowFailure, SourceContext } from '@millrace/kit/node';
import { type Batch, type Parser, unreadable, type Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { entryProblems } from '../log-fields.ts';

const lineFeed = 10;
/** An entry that may continue is returned when nothing has arrived for this long. */
const quietMs = 2000;
/** A file that was not checked for longer may have grown unnoticed. */
const lookedAtMs = 1500;

/** Whether a line begins an entry. */
export type EntryBeginning = (line: string) => boolean;

export class TextEntriesParser implements Parser {
  readonly #begins: EntryBeginning;
  readonly #fileColumn: string | null;
  readonly #maxBytes: number;
  readonly #fail: (failure: RowFailure) => void;
  readonly #now: () => number;
  #file = '';
  /** Bytes of the entry in which no other begins. */
  #searched = 0;
  #isTooLong = false;
  /** Bytes that wait for what follows, since when, and when they were last checked. */
  #waiting = { length: -1, since: 0, seen: 0 };

  constructor(begins: EntryBeginning, fileColumn: string | null, maxBytes: number, fail: (failure: RowFailure) => void, now = () => performance.now()) {
    this.#begins = begins;
    this.#fileColumn = fileColumn;
    this.#maxBytes = maxBytes;
    this.#fail = fail;
    this.#now = now;
  }

  begin(file: InputFile): void {
    this.#file = file.name;
    this.#isTooLong = false;
    this.#searched = 0;
    this.#waiting.length = -1;
  }

  parse(window: Window, batch: Batch): void {
    while (batch.rows.length < batch.size && window.at < window.bytes.length) {
      const end = this.#endOf(window);
      if (end === -1) return;
      this.#take(window, end, batch);
    }
  }

  /** After the entry at the window; -1 if that is not known yet. */
  #endOf(window: Window): number {
    const { bytes, at, last } = window;
    if (this.#searched > bytes.length - at) this.#searched = 0;
    for (;;) {
      const feed = bytes.indexOf(lineFeed, at + this.#searched);
      const next = feed + 1;
      const nextFeed = feed === -1 ? -1 : bytes.indexOf(lineFeed, next);
      if (nextFeed === -1) return last ? bytes.length : this.#wait(window);
      if (this.#begins(bytes.toString('utf8', next, nextFeed).replace(/\r$/, ''))) return next;
      this.#searched = next - at;
    }
  }

  #wait(window: Window): number {
    const { bytes, at } = window;
    const length = bytes.length - at;
    if (length > this.#maxBytes) {
      this.#giveUp(window);
      return -1;
    }
    const now = this.#now();
    const waiting = this.#waiting;
    if (waiting.length !== length || now - waiting.seen > lookedAtMs) this.#waiting = { length, since: now, seen: now };
    waiting.seen = now;
    return now - this.#waiting.since >= quietMs ? bytes.lastIndexOf(lineFeed) + 1 || -1 : -1;
  }

  #take(window: Window, end: number, batch: Batch): void {
    const { bytes, at, line } = window;
    if (end <= at) return;
    const raw = bytes.subarray(at, end);
    let lines = 0;
    for (let feed = raw.indexOf(lineFeed); feed !== -1; feed = raw.indexOf(lineFeed, feed + 1)) lines++;
    const text = raw.toString('utf8').replaceAll('\r\n', '\n').replace(/\n$/, '');
    if (this.#isTooLong) this.#isTooLong = false;
    else if (text.includes('\ufffd') && !isUtf8(raw)) {
      const hint = 'This source reads UTF-8. Convert the file, or skip such entries.';
      this.#fail(unreadable(window, end, lines, { code: 'text/encoding', message: 'The entry contains bytes that are not valid UTF-8.', hint }));
    } else {
      batch.rows.push(this.#fileColumn === null ? { line: text } : { line: text, [this.#fileColumn]: this.#file });
      batch.lines.push(line);
    }
    window.at = end;
    window.line += lines;
    this.#searched = 0;
    this.#waiting.length = -1;
  }

  /** The entry so far is one failure, and the rest of it is skipped. */
  #giveUp(window: Window): void {
    const { bytes, at } = window;
    const end = bytes.lastIndexOf(lineFeed) + 1;
    const to = end > at ? end : bytes.length;
    const raw = bytes.subarray(at, to);
    let lines = 0;
    for (let feed = raw.indexOf(lineFeed); feed !== -1; feed = raw.indexOf(lineFeed, feed + 1)) lines++;
    if (!this.#isTooLong) {
      const message = `The entry is longer than ${Math.round(this.#maxBytes / 1024 / 1024)} MB.`;
      const hint = 'Check the pattern that entries begin with, or raise the limit (Longest row).';
      this.#fail(unreadable(window, to, Math.max(1, lines), { code: 'text/long-entry', message, hint, field: 'entry' }));
    }
    this.#isTooLong = true;
    window.at = to;
    window.line += lines;
    this.#searched = 0;
  }
}

/** Finds the beginning of entries by the pattern of the param `entry`; null for an empty one. Throws a MillraceError for an invalid one. */
export function entryBeginning(text: string | null | undefined, compile: SourceContext<unknown>['pattern']): EntryBeginning | null {
  if (!text) return null;
  const [problem] = entryProblems(text);
  if (problem) throw new MillraceError(problem);
  const find = compile(text, 'u', 'entry');
  return (line) => find(line) !== null;
}
