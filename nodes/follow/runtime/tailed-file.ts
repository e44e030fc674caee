/** One file that is read as it grows. */
import { type BigIntStats, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { FilePath } from '../../../io/files/file-name.ts';
import type { Batch, Parser, Window } from '../../../io/files/file-rows.ts';
import { fileError } from '../../../io/files/input-files.ts';
import { headBytes, idOf, numbersOf, type Print, printOf, type TailPosition } from '../../../io/files/tail-position.ts';
import { missing } from '../../../model/faults/missing.ts';
import type { Content } from './tail-content.ts';

/** Where reading begins; absent values stand for the file's beginning. */
export type TailStart = Pick<TailPosition, 'offset' | 'line'>;

const chunkBytes = 256 * 1024;
/** Bytes that are read again with the next chunk, to verify that it continues what was read before. */
const overlapBytes = 64;
const maxNames = 20;
const longLine = 1024 * 1024;
const lineFeed = 10;
const nothing = Buffer.alloc(0);

export class TailedFile {
  readonly id: string;
  name: string;
  /** All names under which it was seen recently. */
  readonly names = new Set<string>();
  /** Of the file when it was last checked, unless it was found to be truncated since. */
  stat: BigIntStats;
  /** When it was first seen to be deleted, or to have a name that is not followed; null as long as it is listed. */
  leftAt: number | null = null;
  /** When it was last seen to have changed. */
  changedAt: number;
  /** Everything that will ever be in it is on disk: its last line counts without its end. */
  isFinal = false;
  /** It is shorter than what was read of it, or begins differently, and `startOver` has to be called. */
  isCut = false;
  /** More rows were in memory when it was read last. */
  hasRows = false;
  /** It appeared while others were followed: nothing is read of it until it is known not to be a copy of one of them. */
  isHeld = false;
  /** The file that had its name before, which is read to its end first. */
  after: TailedFile | null = null;
  readonly #content: Content;
  /** Reading is in the middle of a line that is too long, and skips the rest of it: nothing can resume from there. */
  isWithinLine = false;
  readonly #parser: Parser;
  readonly #window: { -readonly [K in keyof Window]: Window[K] };
  /** Of the window's first byte. */
  #offset: number;
  /** The offset of the file's end, if `last` added a line feed to the window. */
  #end = Number.POSITIVE_INFINITY;
  /** Its size when a whole chunk could be read: if reading lags behind, it may be truncated before it is checked again. */
  #seen = 0;
  /** The first bytes of what was read. */
  #head: Buffer;
  /** Of the bytes before `offset`, made for the previous checkpoint. Always from memory: the file may have been truncated since. */
  #print: { readonly offset: number; readonly print: Print } | null = null;

  constructor(name: string, stat: BigIntStats, content: Content, parser: Parser, start: TailStart, now: number) {
    this.id = idOf(stat);
    this.name = name;
    this.stat = stat;
    this.changedAt = now;
    this.#content = content;
    this.#parser = parser;
    const file = { path: name, name, size: Number(stat.size) };
    this.#window = { file, bytes: nothing, at: 0, line: start.line, last: false, translated: false };
    this.#offset = start.offset;
    this.#head = nothing;
    this.#begin(start.offset);
    this.isFinal = content.descriptor === null;
    parser.begin(file, start.offset > 0);
  }

  /** The size of its content when it was last checked. */
  get size(): number {
    return this.#content.length ?? Math.max(this.#seen, Number(this.stat.size));
  }

  /** Of the first byte that is in no row yet. */
  get offset(): number {
    return Math.min(this.#offset + this.#window.at, this.#end);
  }

  get line(): number {
    return this.#window.line;
  }

  /** Of the first byte that was not read yet; a held line without its end counts as read. */
  get readTo(): number {
    return Math.min(this.#offset + this.#window.bytes.length, this.#end);
  }

  get waiting(): number {
    return Math.max(0, this.size - this.readTo);
  }

  /**
   * Bytes that were seen in a file that was truncated, and that will give no rows: a held line has lost its end. `copied`: bytes that a
   * copy of it has, which is read instead.
   */
  unread(copied: number): number {
    return Math.max(0, Math.max(this.size, this.readTo) - Math.max(this.offset, copied));
  }

  /** Held bytes of a line without its end. */
  get held(): number {
    return this.readTo - this.offset;
  }

  /** Everything that will ever be in it was read. */
  get isDone(): boolean {
    return this.isFinal && this.#window.last;
  }

  get isPacked(): boolean {
    return this.#content.descriptor === null;
  }

  /** The lines seem to end with CR alone: there are some, and no LF. */
  get hasOtherLineEnds(): boolean {
    return this.line === 1 && this.offset === 0 && this.#window.bytes.includes(13) && !this.#window.bytes.includes(lineFeed);
  }

  /** It was seen with this name. */
  call(name: string): void {
    this.names.delete(name);
    this.names.add(name);
    for (const oldest of this.names) {
      if (this.names.size <= maxNames) return;
      this.names.delete(oldest);
    }
  }

  /** Its name and length now; `listed` is null if no followed name leads to it. */
  see(listed: { readonly name: string; readonly stat: BigIntStats } | null, now: number): void {
    if (listed) {
      this.name = listed.name;
      this.leftAt = null;
      // A program may be writing to it again.
      if (!this.isPacked && !this.#window.last) this.isFinal = false;
    } else this.leftAt ??= now;
    if (this.isCut) return;
    const stat = listed?.stat ?? fstatSync(this.#content.file, { bigint: true });
    const hasChanged = stat.size !== this.stat.size || stat.mtimeNs !== this.stat.mtimeNs;
    if (hasChanged) this.changedAt = now;
    if (hasChanged && !this.isPacked && (Number(stat.size) < this.readTo || !this.#isAsRead())) this.isCut = true;
    else this.stat = stat;
  }

  /** The same file, by a stat that was taken since its name was last listed. */
  statNow(): BigIntStats {
    return fstatSync(this.#content.file, { bigint: true });
  }

  /**
   * False while there is nothing more to read, and for a file that was truncated. Reads at most one chunk, or as much as is held of a long
   * line.
   */
  async fill(): Promise<boolean> {
    const window = this.#window;
    if (window.last || this.isCut) return false;
    const end = this.readTo;
    const overlap = this.isPacked ? 0 : Math.min(overlapBytes, window.bytes.length);
    const kept = window.bytes.subarray(this.isPacked ? window.at : Math.max(0, Math.min(window.at - headBytes, window.bytes.length - overlap)));
    // In proportion to what is held: a line of many chunks is not copied and parsed once for each of them.
    const room = Math.max(chunkBytes, kept.length >> 1);
    const bytes = Buffer.allocUnsafe(kept.length + room);
    let count: number;
    try {
      count = (await this.#content.read(bytes, kept.length - overlap, room + overlap, end - overlap)) - overlap;
    } catch (error) {
      throw fileError(error, this.name);
    }
    if (count < 0 || bytes.compare(kept, kept.length - overlap, kept.length, kept.length - overlap, kept.length) !== 0) {
      this.isCut = true;
      return false;
    }
    if (count === room && !this.isPacked) this.#seen = Number(this.statNow().size);
    if (count === 0) return this.isFinal && this.#finish();
    kept.copy(bytes);
    window.at -= window.bytes.length - kept.length;
    this.#offset = end - kept.length;
    window.bytes = bytes.subarray(0, kept.length + count);
    if (this.#head.length < headBytes && !this.isPacked && this.#head.length >= this.#offset)
      this.#head = Buffer.concat([this.#head, window.bytes.subarray(this.#head.length - this.#offset, headBytes - this.#offset)]);
    return true;
  }

  parse(batch: Batch): void {
    this.#parser.parse(this.#window, batch);
    const { at, bytes } = this.#window;
    if (at > 0) this.isWithinLine = bytes[at - 1] !== lineFeed;
  }

  /** Reading starts at the beginning again. */
  startOver(now: number): void {
    this.stat = this.statNow();
    this.changedAt = now;
    this.moveTo({ offset: 0, line: 1 });
  }

  /** Reading continues elsewhere in the file; everything that was read and is held is dropped. */
  moveTo(start: TailStart): void {
    const { file } = this.#window;
    this.#parser.end?.(file);
    this.#end = Number.POSITIVE_INFINITY;
    Object.assign(this.#window, { line: start.line, last: false });
    this.#begin(start.offset);
    this.#print = null;
    this.isWithinLine = false;
    this.isCut = false;
    this.#seen = 0;
    this.#parser.begin(file, start.offset > 0);
  }

  position(): TailPosition {
    const { offset, name } = this;
    const names = [...this.names].filter((each) => each !== name);
    const common = { name, ...(names.length > 0 && { names }), ...numbersOf(this.stat), offset, line: this.line };
    if (this.isPacked) return { ...common, head: this.#content.head ?? missing(`the head of ${this.name}`), packed: true, changed: String(this.stat.mtimeNs) };
    if (this.#print?.offset !== offset) this.#print = { offset, print: this.#printBefore(offset) };
    return { ...common, head: printOf(this.#head.subarray(0, Math.min(headBytes, offset))), end: this.#print.print };
  }

  /** Whether a file begins like this one did when it was read, over their common length; false if one of them is empty. */
  beginsAs(head: Buffer): boolean {
    const own = this.#head.length > 0 || this.isCut ? this.#head : readAt(this.#content.descriptor ?? missing(`the open file ${this.name}`), 0, headBytes);
    const length = Math.min(own.length, head.length);
    return length > 0 && own.compare(head, 0, length, 0, length) === 0;
  }

  /** Whether another file has at `readTo` what this one had when it was read. */
  endsAs(descriptor: number): boolean {
    const last = this.#window.bytes.subarray(-overlapBytes);
    return readAt(descriptor, this.readTo - last.length, last.length).equals(last);
  }

  readAt(position: number, length: number): Buffer {
    return this.#content.descriptor === null ? nothing : readAt(this.#content.descriptor, position, length);
  }

  get descriptor(): number {
    return this.#content.file;
  }

  async close(): Promise<void> {
    this.#parser.end?.(this.#window.file);
    await this.#content.close();
  }

  /** Keeps in memory by what a file is recognised of which this much was read. */
  #begin(offset: number): void {
    const before = Math.min(headBytes, this.isPacked ? 0 : offset);
    this.#head = this.readAt(0, before);
    const bytes = this.readAt(offset - before, before);
    this.#offset = offset - bytes.length;
    Object.assign(this.#window, { bytes, at: bytes.length });
  }

  /** The held bytes become the last line; false if there are none. */
  #finish(): boolean {
    const window = this.#window;
    const rest = window.bytes.subarray(window.at);
    this.#end = this.readTo;
    window.last = true;
    if (rest.length > 0 && rest[rest.length - 1] !== lineFeed) window.bytes = Buffer.concat([window.bytes, Buffer.of(lineFeed)]);
    return rest.length > 0;
  }

  #isAsRead(): boolean {
    const { descriptor } = this.#content;
    if (descriptor === null || this.#head.length === 0) return true;
    return readAt(descriptor, 0, this.#head.length).equals(this.#head) && this.endsAs(descriptor);
  }

  #printBefore(offset: number): Print {
    const at = offset - this.#offset;
    return printOf(this.#window.bytes.subarray(Math.max(0, at - headBytes), at));
  }
}

/** Fewer bytes than requested if the file is shorter. */
export function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, length));
  return length <= 0 ? bytes : bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}

/** The first start of a line at or after an offset; the offset itself if no line begins within a megabyte. */
export function lineStart(path: FilePath, offset: number): number {
  if (offset <= 0) return 0;
  const descriptor = openSync(path, 'r');
  try {
    // A line begins at the offset itself if the byte before ends one.
    const feed = readAt(descriptor, offset - 1, longLine).indexOf(lineFeed);
    return feed < 0 ? offset : offset + feed;
  } finally {
    closeSync(descriptor);
  }
}
