/** Reads files one after another and returns their rows in batches; a parser splits them into rows. */
import { isUtf8 } from 'node:buffer';
import type { Reader, RowFailure, SourceBatch, SourceContext, SplitEnd } from '@millrace/kit/node';
import { itemAt, missing } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json, Row } from '../../model/values/types.ts';
import { type ByteOptions, type ByteReader, openBytes } from './byte-reader.ts';
import { expectSame, type FileIdentity, identityOf } from './file-identity.ts';
import { countLines, type FileSplit } from './file-splits.ts';
import type { InputFile } from './input-files.ts';

/** The part of a file that is in memory. Parsers move `at` and `line` forward; what is before `at` is dropped. */
export interface Window {
  readonly file: InputFile;
  readonly bytes: Buffer;
  at: number;
  /** The line that `at` is in, from 1. */
  line: number;
  /** No bytes will follow. The last one is then a line feed, added if necessary. */
  readonly last: boolean;
  readonly translated: boolean;
  /** For a file that is read from the middle: how many lines precede the first one. They are counted when they are needed. */
  readonly linesBefore?: () => number;
}
export interface Batch {
  readonly rows: Row[];
  /** The line where each row starts. */
  readonly lines: number[];
  readonly size: number;
}
export interface Parser {
  /** Looks into a file before it begins. */
  open?(file: InputFile): Promise<void>;
  /** A file begins, or is resumed after its header if `resumed`, with what `state` returned then. */
  begin(file: InputFile, resumed: boolean, state?: Json): void;
  /** Adds rows until the batch is full or more bytes are needed for the next one. */
  parse(window: Window, batch: Batch): void;
  /** The state needed to resume between two rows, besides the position; null for none. */
  state?(): Json;
  /** The file has ended, or the part of it to be read. */
  end?(file: InputFile): void;
  /** If nothing of a row is left: whether following rows are read as at the beginning of a file, apart from its header. */
  isBetweenRows?(): boolean;
  /** See `SplitEnd.told`. */
  told?(): Json;
}
/** Where reading resumes: `offset` counts bytes of the file's content as UTF-8, decompressed and without its byte order mark. */
export type FilePosition = {
  readonly file: string;
  readonly offset: number;
  readonly line: number;
  /** Absent in positions of older versions. */
  readonly identity?: FileIdentity;
  /** Of its parser. */
  readonly state?: Json;
};

export type TextOptions = Pick<ByteOptions, 'encoding' | 'lineEnds'>;

type Context = Pick<SourceContext<unknown>, 'batchSize' | 'start' | 'signal' | 'split'>;

const lineFeed = 10;
const nothing = Buffer.alloc(0);

export class FileRows implements Reader {
  readonly #files: readonly InputFile[];
  readonly #parser: Parser;
  readonly #text: TextOptions;
  readonly #batchSize: number;
  readonly #signal: AbortSignal;
  readonly #chunkSize: number | undefined;
  #index: number;
  #start: FilePosition | null;
  #identity: FileIdentity | undefined;
  #bytes: ByteReader | null = null;
  #window: Mutable<Window>;
  /** The content's offset of the window's first byte. */
  #offset = 0;
  #closed = false;
  /** Where its split ends: the index of a file, and a place in it. */
  #end: { readonly index: number; readonly offset: number } | null = null;
  /** The window ends where the split does. */
  #isAtEnd = false;
  /** The window with what was already read after the end. */
  #behind: Buffer | null = null;
  /** Where its split begins: a place in its first file, and the bytes of all files before it. */
  #skip = 0;
  #base = 0;

  constructor(files: readonly InputFile[], parser: Parser, text: TextOptions, context: Context, chunkSize?: number) {
    this.#files = files;
    this.#parser = parser;
    this.#text = text;
    this.#batchSize = context.batchSize;
    this.#signal = context.signal;
    this.#chunkSize = chunkSize;
    this.#start = context.start as FilePosition | null;
    this.#index = this.#start ? indexOf(files, this.#start.file) : 0;
    const { from = null, to = null } = (context.split as FileSplit | undefined) ?? {};
    if (from) {
      this.#index = indexOf(files, from.file);
      this.#skip = from.offset;
      this.#base = this.#sizeBefore(this.#index) + from.offset;
    }
    if (to) this.#end = { index: indexOf(files, to.file), offset: to.offset };
    this.#window = { file: itemAt(files, this.#index), bytes: nothing, at: 0, line: 1, last: false, translated: false };
  }

  read(): SourceBatch | null | Promise<SourceBatch | null> {
    const batch: Batch = { rows: [], lines: [], size: this.#batchSize };
    if (this.#bytes) this.#parser.parse(this.#window, batch);
    return batch.rows.length === batch.size ? this.#batch(batch) : this.#fill(batch);
  }

  position(): Json {
    if (!this.#bytes && this.#start) return { ...this.#start };
    const { file, at, line } = this.#window;
    const state = this.#bytes ? (this.#parser.state?.() ?? null) : null;
    const position: FilePosition = {
      file: file.name,
      offset: this.#offset + at,
      line,
      ...(this.#identity && { identity: this.#identity }),
      ...(state !== null && { state }),
    };
    return position;
  }

  progress() {
    const end = this.#end ? this.#sizeBefore(this.#end.index) + this.#end.offset : this.#sizeBefore(this.#files.length);
    const done = this.#sizeBefore(this.#index) + (this.#bytes?.done() ?? 0);
    return { done: Math.max(0, Math.min(done, end) - this.#base), total: end - this.#base, unit: 'bytes' as const };
  }

  splitEnd(): SplitEnd {
    const { at, bytes } = this.#window;
    const isWhole = this.#bytes === null || (this.#isAtEnd && at === bytes.length && this.#parser.isBetweenRows?.() !== false);
    return { isBetweenRows: isWhole, told: this.#parser.told?.() ?? null };
  }

  readOn(): void {
    this.#end = null;
    this.#isAtEnd = false;
    if (this.#behind) this.#window.bytes = this.#behind;
    this.#behind = null;
  }

  async close(): Promise<void> {
    if (this.#isAtEnd && !this.#closed && !this.#signal.aborted && this.splitEnd().isBetweenRows) this.#parser.end?.(this.#window.file);
    this.#closed = true;
    await this.#bytes?.close();
    this.#bytes = null;
  }

  /** Reads until the batch is full; it ends early with its file, so that all of its rows are from one file. */
  async #fill(batch: Batch): Promise<SourceBatch | null> {
    while (batch.rows.length < batch.size) {
      // A file of only broken rows fills no batch: without this, a run could not be stopped in it.
      if (this.#signal.aborted) return null;
      if (!this.#bytes && !(await this.#open())) break;
      if (await this.#more()) {
        this.#parser.parse(this.#window, batch);
        continue;
      }
      if (this.#isAtEnd) break;
      this.#parser.end?.(this.#window.file);
      await this.#bytes?.close();
      this.#bytes = null;
      this.#index++;
      if (batch.rows.length > 0) break;
    }
    return batch.rows.length === 0 && (this.#isAtEnd || !this.#bytes) ? null : this.#batch(batch);
  }

  async #open(): Promise<boolean> {
    const file = this.#files[this.#index];
    if (!file || this.#closed || this.#isBehindEnd) return false;
    const start = this.#start;
    if (start?.identity) await expectSame(file, start.identity);
    const identity = await identityOf(file);
    await this.#parser.open?.(file);
    const offset = start?.offset ?? this.#skip;
    const bytes = await openBytes(file, { ...this.#text, skip: offset, chunkSize: this.#chunkSize });
    if (this.#closed) {
      await bytes.close();
      return false;
    }
    this.#bytes = bytes;
    this.#identity = identity;
    this.#start = null;
    this.#offset = offset;
    const linesBefore = this.#skip > 0 ? lazily(() => countLines(file, offset)) : undefined;
    this.#skip = 0;
    this.#window = { file, bytes: nothing, at: 0, line: start?.line ?? 1, last: false, translated: bytes.translated, ...(linesBefore && { linesBefore }) };
    this.#parser.begin(file, this.#offset > 0, start?.state);
    return true;
  }

  /** False at the file's end. */
  async #more(): Promise<boolean> {
    const window = this.#window;
    if (window.last || this.#isAtEnd) return false;
    const rest = window.bytes.subarray(window.at);
    const bytes = await (this.#bytes ?? missing('the open file')).next(rest);
    this.#offset += window.at;
    window.at = 0;
    if (bytes) {
      window.bytes = this.#upToEnd(bytes);
      return true;
    }
    window.last = true;
    window.bytes = rest.length === 0 || rest[rest.length - 1] === lineFeed ? rest : Buffer.concat([rest, Buffer.of(lineFeed)]);
    return rest.length > 0;
  }

  #sizeBefore(index: number): number {
    return this.#files.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  }

  #upToEnd(bytes: Buffer): Buffer {
    const room = this.#end?.index === this.#index ? this.#end.offset - this.#offset : Number.POSITIVE_INFINITY;
    if (bytes.length < room) return bytes;
    this.#isAtEnd = true;
    this.#behind = bytes;
    return bytes.subarray(0, room);
  }

  get #isBehindEnd(): boolean {
    const end = this.#end;
    return end !== null && (this.#index > end.index || (this.#index === end.index && end.offset === 0));
  }

  #batch({ rows, lines }: Batch): SourceBatch {
    const { file, linesBefore } = this.#window;
    const source = file.name;
    return { rows, part: source, locate: (index) => ({ source, line: (lines[index] ?? 1) + (linesBefore?.() ?? 0) }) };
  }

  protected isRead(index: number): boolean {
    return index < this.#index;
  }
}

/** Each of these files has an order of its own, though they are read one after the other. */
export class UnrelatedFileRows extends FileRows {
  readonly #names: readonly string[];

  constructor(files: readonly InputFile[], parser: Parser, text: TextOptions, context: Context) {
    super(files, parser, text, context);
    this.#names = files.map(({ name }) => name);
  }

  *parts() {
    for (const [i, id] of this.#names.entries()) yield { id, isWaiting: !this.isRead(i) };
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The line of the file that `at` is in, from 1. */
export function lineOf({ line, linesBefore }: Pick<Window, 'line' | 'linesBefore'>): number {
  return line + (linesBefore?.() ?? 0);
}

function indexOf(files: readonly InputFile[], name: string): number {
  const index = files.findIndex((file) => file.name === name);
  if (index !== -1) return index;
  throw new MillraceError({
    code: 'file/position',
    message: `Reading should continue in ${name}, which is not among the files any more.`,
    hint: 'Put it back, or run the pipeline from the beginning.',
  });
}

function lazily(count: () => number): () => number {
  let found: number | undefined;
  return () => {
    found ??= count();
    return found;
  };
}

const rawLength = 10_000;

/** The failure of a row that could not be read, with as much of its raw text as fits. */
export function unreadable(window: Window, next: number, lines: number, failure: Pick<RowFailure, 'code' | 'message' | 'hint' | 'field' | 'fix'>): RowFailure {
  const { bytes, at, file } = window;
  const first = lineOf(window);
  let end = Math.min(next, at + rawLength);
  // Not in the middle of a character.
  while (end < next && (itemAt(bytes, end) & 0xc0) === 0x80) end--;
  const raw = bytes.subarray(at, end);
  // As Latin-1, bytes that are not text can still be distinguished.
  const text = raw.toString(isUtf8(raw) ? 'utf8' : 'latin1').replace(/\r?\n$/, '');
  return {
    ...failure,
    row: { raw: end < next ? `${text}...` : text },
    position: { source: file.name, line: first, ...(lines > 1 && { toLine: first + lines - 1 }) },
  };
}
