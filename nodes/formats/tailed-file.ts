/** One file that is read as it grows. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Json } from '../../engine/schema/types.ts';
import type { Batch, Parser, Window } from './file-rows.ts';
import { fileError, type InputFile } from './input-files.ts';

/** Where a file is read on, and how to know it again under another name. */
export interface TailPosition {
  readonly name: string;
  readonly inode: string;
  readonly offset: number;
  readonly line: number;
  /** The first bytes of what was read: how many, and their SHA-1. */
  readonly head: { readonly bytes: number; readonly sha1: string };
}

const chunkBytes = 256 * 1024;
const headBytes = 1024;
const longLine = 1024 * 1024;
const lineFeed = 10;
const nothing = Buffer.alloc(0);

export class TailedFile {
  readonly inode: string;
  name: string;
  /** Nothing is written to it any more, as far as we know: it was renamed, deleted or cut off. Its last line may lack its end. */
  isFinal = false;
  /** Bytes on disk when it was last looked at. */
  size: number;
  readonly #handle: FileHandle;
  readonly #parser: Parser;
  readonly #window: { -readonly [K in keyof Window]: Window[K] };
  /** Of the window's first byte. */
  #offset: number;
  #head: TailPosition['head'];

  constructor(file: InputFile, inode: string, handle: FileHandle, parser: Parser, start: Pick<TailPosition, 'offset' | 'line' | 'head'> | null) {
    this.inode = inode;
    this.name = file.name;
    this.size = file.size;
    this.#handle = handle;
    this.#parser = parser;
    this.#offset = start?.offset ?? 0;
    this.#head = start?.head ?? { bytes: 0, sha1: '' };
    this.#window = { file, bytes: nothing, at: 0, line: start?.line ?? 1, last: false, translated: false };
    parser.begin(file, this.#offset > 0);
  }

  /** Of the first byte that no row was made of yet. */
  get offset(): number {
    return this.#offset + this.#window.at;
  }

  /** Of the first byte that was not read yet; what is held of a line without its end counts as read. */
  get readTo(): number {
    return this.#offset + this.#window.bytes.length;
  }

  get waiting(): number {
    return Math.max(0, this.size - this.readTo);
  }

  /** Everything that will ever come has come. */
  get isDone(): boolean {
    return this.isFinal && this.#window.last;
  }

  /** False while there is nothing more to read. Reads at most one chunk. */
  async fill(): Promise<boolean> {
    const window = this.#window;
    if (window.last) return false;
    const rest = window.bytes.subarray(window.at);
    const end = this.readTo;
    const bytes = Buffer.allocUnsafe(rest.length + chunkBytes);
    let count: number;
    try {
      count = (await this.#handle.read(bytes, rest.length, chunkBytes, end)).bytesRead;
    } catch (error) {
      throw fileError(error, this.name);
    }
    if (count === 0 && !this.isFinal) return false;
    this.#offset += window.at;
    window.at = 0;
    rest.copy(bytes);
    window.bytes = bytes.subarray(0, rest.length + count);
    if (count > 0) return true;
    window.last = true;
    if (rest.length === 0) return false;
    if (rest[rest.length - 1] !== lineFeed) window.bytes = Buffer.concat([rest, Buffer.of(lineFeed)]);
    return true;
  }

  parse(batch: Batch): void {
    this.#parser.parse(this.#window, batch);
  }

  position(): TailPosition {
    const { offset, name, inode } = this;
    if (this.#head.bytes < Math.min(headBytes, offset)) this.#head = headOf(this.#handle.fd, Math.min(headBytes, offset));
    return { name, inode, offset, line: this.#window.line, head: this.#head };
  }

  /** Whether the file still begins as it did: one that was cut off and written anew does not. */
  beginsAsBefore(): boolean {
    return this.#head.bytes === 0 || headOf(this.#handle.fd, this.#head.bytes).sha1 === this.#head.sha1;
  }

  async close(): Promise<void> {
    this.#parser.end?.(this.#window.file);
    await this.#handle.close();
  }
}

/** What a file begins with; fewer bytes than asked for where it is shorter. */
export function headOf(descriptor: number, bytes: number): TailPosition['head'] {
  const head = Buffer.alloc(bytes);
  const count = bytes === 0 ? 0 : readSync(descriptor, head, 0, bytes, 0);
  return { bytes: count, sha1: createHash('sha1').update(head.subarray(0, count)).digest('hex') };
}

/** The first start of a line at or behind an offset; the offset itself where no line begins within a megabyte. */
export function lineStart(path: string, offset: number): number {
  if (offset <= 0) return 0;
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(longLine);
    // A line begins at the offset itself where the byte before ends one.
    const count = readSync(descriptor, bytes, 0, longLine, offset - 1);
    const feed = bytes.subarray(0, count).indexOf(lineFeed);
    return feed < 0 ? offset : offset + feed;
  } finally {
    closeSync(descriptor);
  }
}

export function tailPositions(position: Json): readonly TailPosition[] {
  return (position as { readonly files: readonly TailPosition[] } | null)?.files ?? [];
}
