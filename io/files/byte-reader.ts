/** A file as a stream of UTF-8 bytes: decompressed if it is gzip, converted if it has another encoding. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../../model/problems/problem.ts';
import { thousands } from '../../model/text/thousands.ts';
import { within } from '../text/time-limit.ts';
import { fileError, type InputFile } from './input-files.ts';

export interface ByteReader {
  /** The bytes were converted from another encoding: U+FFFD stands for what could not be. */
  readonly translated: boolean;
  /** `skip` costs nothing: the bytes are those of the file. */
  readonly canSkip: boolean;
  /**
   * `keep`, followed by the next bytes; null if there are no more. Memory is reused: neither `keep` nor what was returned before may be
   * used afterwards.
   */
  next(keep: Uint8Array): Promise<Buffer | null>;
  /** Bytes of the file itself that were read so far. */
  done(): number;
  close(): Promise<void>;
}

export interface ByteOptions {
  /** `auto`, or any label that TextDecoder knows. */
  readonly encoding: string;
  /** `any`: a carriage return alone ends a line anywhere. By default only if the file's beginning has no line feed. */
  readonly lineEnds?: 'auto' | 'any';
  /** Bytes of the resulting stream to skip at the start. */
  readonly skip?: number;
  /** Bytes to read at a time. */
  readonly chunkSize?: number;
}

const chunkBytes = 256 * 1024;
/** Room before each chunk for the beginning of a row that started in the previous chunk. */
const headroom = 64 * 1024;
/** The line ends are detected from these. */
const headBytes = 64 * 1024;
const empty = Buffer.alloc(0);

/** Opens a file to look into it, until the signal fires. */
export function openBytesUntil(signal: AbortSignal, file: InputFile, options: ByteOptions): Promise<ByteReader> {
  return within(openBytes(file, options), signal, file.name, (reader) => reader.close());
}

/** Opens a file. Errors, here and in `next`, are MillraceErrors that name it. */
export async function openBytes(file: InputFile, options: ByteOptions): Promise<ByteReader> {
  const decoder = options.encoding === 'auto' ? null : decoderFor(options.encoding);
  const skip = options.skip ?? 0;
  let handle: FileHandle;
  try {
    handle = await open(file.path, 'r');
  } catch (error) {
    throw fileError(error, file.name);
  }
  try {
    const buffer = Buffer.allocUnsafe(headBytes);
    const head = buffer.subarray(0, (await handle.read(buffer, 0, headBytes, 0)).bytesRead);
    if (head[0] === 0x1f && head[1] === 0x8b) {
      await handle.close();
      return await StreamedBytes.open(file, unzipped(file, options), decoder, options);
    }
    const mark = byteOrderMark(head);
    const found = decoder ?? mark.decoder;
    if (!found || found.encoding === 'utf-8') {
      const start = mark.encoding === 'utf-8' ? mark.length : 0;
      return withLineFeeds(new FileBytes(handle, file, start + skip, options.chunkSize ?? chunkBytes), head, file, options);
    }
    const plain = new FileBytes(handle, file, 0, options.chunkSize ?? chunkBytes);
    return await StreamedBytes.open(file, { next: () => plain.next(empty), done: () => plain.done(), close: () => plain.close() }, found, options);
  } catch (error) {
    await handle.close().catch(() => {});
    throw fileError(error, file.name);
  }
}

/** Whether offsets in the file's content are those in the file, apart from its byte order mark: then any range can be read by itself. */
export async function isPlainText(file: InputFile, { encoding, lineEnds }: Pick<ByteOptions, 'encoding' | 'lineEnds'>): Promise<boolean> {
  if (lineEnds === 'any') return false;
  let handle: FileHandle;
  try {
    handle = await open(file.path, 'r');
  } catch (error) {
    throw fileError(error, file.name);
  }
  try {
    const buffer = Buffer.allocUnsafe(headBytes);
    const head = buffer.subarray(0, (await handle.read(buffer, 0, headBytes, 0)).bytesRead);
    if (head[0] === 0x1f && head[1] === 0x8b) return false;
    const decoder = encoding === 'auto' ? byteOrderMark(head).decoder : decoderFor(encoding);
    return (decoder === null || decoder.encoding === 'utf-8') && head.includes(10);
  } catch (error) {
    throw fileError(error, file.name);
  } finally {
    await handle.close();
  }
}

/** Throws a MillraceError for an unknown encoding. */
export function decoderFor(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding.trim());
  } catch {
    throw new MillraceError({
      code: 'file/unknown-encoding',
      message: `The encoding "${encoding}" is unknown.`,
      hint: 'Use auto, or a name such as utf-8, utf-16le, windows-1252, iso-8859-15, shift_jis or gb18030.',
      field: 'encoding',
    });
  }
}

/** Plain UTF-8. The next chunk is being read while the caller works on the current one. */
class FileBytes implements ByteReader {
  readonly translated = false;
  readonly canSkip = true;
  readonly #handle: FileHandle;
  readonly #file: InputFile;
  readonly #chunkSize: number;
  readonly #buffers: [Buffer, Buffer];
  #turn: 0 | 1 = 0;
  #offset: number;
  #pending: Promise<number>;

  constructor(handle: FileHandle, file: InputFile, start: number, chunkSize: number) {
    this.#handle = handle;
    this.#file = file;
    this.#chunkSize = chunkSize;
    this.#offset = start;
    this.#buffers = [Buffer.allocUnsafeSlow(headroom + chunkSize), Buffer.allocUnsafeSlow(headroom + chunkSize)];
    this.#pending = this.#fill();
  }

  async next(keep: Uint8Array): Promise<Buffer | null> {
    let length: number;
    try {
      length = await this.#pending;
    } catch (error) {
      throw fileError(error, this.#file.name);
    }
    if (length === 0) return null;
    this.#offset += length;
    const buffer = this.#buffers[this.#turn];
    const start = headroom - keep.length;
    let bytes: Buffer;
    if (start >= 0) {
      buffer.set(keep, start);
      bytes = buffer.subarray(start, headroom + length);
    } else {
      bytes = await this.#readMuch(keep, buffer.subarray(headroom, headroom + length));
    }
    this.#turn = this.#turn === 0 ? 1 : 0;
    this.#pending = this.#fill();
    return bytes;
  }

  /** After a long beginning of a row, more bytes, in proportion to it: see `enough`. */
  async #readMuch(keep: Uint8Array, chunk: Buffer): Promise<Buffer> {
    const room = Math.max(0, enough(keep) - chunk.length);
    const bytes = Buffer.allocUnsafe(keep.length + chunk.length + room);
    bytes.set(keep);
    bytes.set(chunk, keep.length);
    let end = keep.length + chunk.length;
    while (end < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, end, bytes.length - end, this.#offset).catch((error) => {
        throw fileError(error, this.#file.name);
      });
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      end += bytesRead;
    }
    return bytes.subarray(0, end);
  }

  done(): number {
    return this.#offset;
  }

  async close(): Promise<void> {
    await this.#pending.catch(() => 0);
    await this.#handle.close();
  }

  #fill(): Promise<number> {
    const filled = this.#handle.read(this.#buffers[this.#turn], headroom, this.#chunkSize, this.#offset).then((result) => result.bytesRead);
    // `next` reports it; until then it must not count as unhandled.
    filled.catch(() => {});
    return filled;
  }
}

/**
 * How many bytes to read after the beginning of a row that is longer than a chunk: in proportion, so that a row of many chunks is copied
 * and parsed a few times, not once for each of them.
 */
function enough(keep: Uint8Array): number {
  return keep.length <= chunkBytes ? 0 : keep.length >> 1;
}

/** If lines end with a carriage return alone, as on old Macs and in some exports, it is replaced by a line feed: offsets stay the same. */
function withLineFeeds(reader: ByteReader, head: Uint8Array, file: InputFile, { lineEnds }: ByteOptions): ByteReader {
  if (lineEnds === 'any') return withLineFeedsOnly(reader);
  const first = head.indexOf(13);
  // The last byte may be the first half of CR LF.
  if (first === -1 || head.includes(10) || first === head.length - 1) return reader;
  return {
    translated: reader.translated,
    canSkip: reader.canSkip,
    done: () => reader.done(),
    close: () => reader.close(),
    async next(keep) {
      const bytes = await reader.next(keep);
      if (!bytes) return null;
      if (bytes.includes(10, keep.length)) throw mixedLineEnds(file);
      for (let at = bytes.indexOf(13, keep.length); at !== -1; at = bytes.indexOf(13, at + 1)) bytes[at] = 10;
      return bytes;
    },
  };
}

/** As above for lines that end in different ways: a carriage return without a line feed after it becomes one. */
function withLineFeedsOnly(reader: ByteReader): ByteReader {
  return {
    translated: reader.translated,
    canSkip: reader.canSkip,
    done: () => reader.done(),
    close: () => reader.close(),
    async next(keep) {
      // Only the next chunk says what follows the last byte.
      const from = keep[keep.length - 1] === 13 ? keep.length - 1 : keep.length;
      const bytes = await reader.next(keep);
      if (!bytes) return null;
      for (let at = bytes.indexOf(13, from); at !== -1 && at < bytes.length - 1; at = bytes.indexOf(13, at + 1)) {
        if (bytes[at + 1] !== 10) bytes[at] = 10;
      }
      return bytes;
    },
  };
}

function mixedLineEnds(file: InputFile): MillraceError {
  return new MillraceError({
    code: 'file/line-ends',
    message: `The lines of ${file.name} end with a carriage return alone at its beginning, and with a line feed later.`,
    hint: 'Save the file with LF or CR LF line ends throughout, or set the line ends of a CSV file to any.',
  });
}

interface Chunks {
  next(): Promise<Uint8Array | null>;
  done(): number;
  close(): Promise<void>;
}

/** Decompressed or converted bytes: a position in them can only be found by reading from the beginning. */
class StreamedBytes implements ByteReader {
  readonly canSkip = false;
  readonly #chunks: Chunks;
  #decoder: TextDecoder | null;
  #first: Uint8Array | null;
  #ended = false;

  private constructor(chunks: Chunks, decoder: TextDecoder | null, first: Uint8Array | null) {
    this.#chunks = chunks;
    this.#decoder = decoder;
    this.#first = first;
  }

  static async open(file: InputFile, chunks: Chunks, given: TextDecoder | null, options: ByteOptions): Promise<ByteReader> {
    let first = await chunks.next();
    // Only the first bytes decide; a chunk of fewer than three comes from a tiny file, or from a stream that begins slowly.
    while (first && first.length < 3) {
      const more = await chunks.next();
      if (!more) break;
      first = Buffer.concat([first, more]);
    }
    const mark = byteOrderMark(first ?? empty);
    const decoder = given ?? mark.decoder;
    const isUtf8 = !decoder || decoder.encoding === 'utf-8';
    if (first && isUtf8 && mark.encoding === 'utf-8') first = first.subarray(mark.length);
    const reader = new StreamedBytes(chunks, isUtf8 ? null : decoder, first);
    const head = await reader.next(empty);
    reader.#unread = head;
    let skip = options.skip ?? 0;
    while (skip > 0) {
      const bytes = await reader.next(empty);
      if (!bytes) break;
      if (bytes.length > skip) reader.#unread = bytes.subarray(skip);
      skip -= bytes.length;
    }
    return withLineFeeds(reader, head ?? empty, file, options);
  }

  #unread: Buffer | null = null;
  #failed: unknown = null;

  get translated(): boolean {
    return this.#decoder !== null;
  }

  async next(keep: Uint8Array): Promise<Buffer | null> {
    const pieces: Uint8Array[] = [keep];
    for (let count = 0; count === 0 || count < enough(keep); ) {
      const bytes = await this.#take().catch((error) => this.#failAfter(error, pieces.length > 1));
      if (bytes === null) break;
      // The memory of a chunk is reused.
      if (bytes.length > 0) pieces.push(enough(keep) > 0 ? Buffer.from(bytes) : bytes);
      count += bytes.length;
    }
    return pieces.length === 1 ? null : Buffer.concat(pieces);
  }

  done(): number {
    return this.#chunks.done();
  }

  close(): Promise<void> {
    return this.#chunks.close();
  }

  /** Data read before a failure is returned first. */
  #failAfter(error: unknown, isLater: boolean): null {
    if (!isLater) throw error;
    this.#failed = error;
    return null;
  }

  async #take(): Promise<Uint8Array | null> {
    if (this.#failed !== null) throw this.#failed;
    if (this.#unread) {
      const unread = this.#unread;
      this.#unread = null;
      return unread;
    }
    if (this.#ended) return null;
    const chunk = this.#first ?? (await this.#chunks.next());
    this.#first = null;
    this.#ended = chunk === null;
    if (!this.#decoder) return chunk;
    // TextDecoder removes the byte order mark, and keeps the bytes of a character that the chunk cut in two.
    return Buffer.from(chunk ? this.#decoder.decode(chunk, { stream: true }) : this.#decoder.decode(), 'utf8');
  }
}

function unzipped(file: InputFile, options: ByteOptions): Chunks {
  const source = createReadStream(file.path, { highWaterMark: options.chunkSize ?? chunkBytes });
  const gunzip = createGunzip({ chunkSize: options.chunkSize ?? chunkBytes });
  // A failure of either reaches the iterator below.
  pipeline(source, gunzip, () => {});
  const chunks = gunzip[Symbol.asyncIterator]();
  let unpacked = 0;
  return {
    async next() {
      try {
        const { done, value } = await chunks.next();
        if (done) return null;
        unpacked += (value as Buffer).length;
        return value as Buffer;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (!code?.startsWith('Z_')) throw fileError(error, file.name);
        throw new MillraceError(
          {
            code: 'file/gzip',
            message: `The gzip file ${file.name} is broken: ${message}, ${unpacked === 0 ? 'at its beginning' : `after ${thousands(unpacked)} bytes of its content`}.`,
            hint: 'It was probably cut short while it was copied or written: fetch it again.',
          },
          { cause: error },
        );
      }
    },
    done: () => source.bytesRead,
    async close() {
      source.destroy();
      gunzip.destroy();
    },
  };
}

export function byteOrderMark(head: Uint8Array): { readonly encoding: string | null; readonly length: number; readonly decoder: TextDecoder | null } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', length: 3, decoder: null };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', length: 2, decoder: new TextDecoder('utf-16le') };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', length: 2, decoder: new TextDecoder('utf-16be') };
  return { encoding: null, length: 0, decoder: null };
}
