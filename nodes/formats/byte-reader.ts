/** A file as a stream of UTF-8 bytes: unpacked where it is gzip, translated where it is in another encoding. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../../engine/schema/problem.ts';
import { fileError, type InputFile } from './input-files.ts';

export interface ByteReader {
  /** The bytes were translated from another encoding: U+FFFD stands for what could not be. */
  readonly translated: boolean;
  /**
   * `keep`, followed by the next bytes; null when there are no more. Memory is used again: neither `keep` nor what was
   * returned before may be touched afterwards.
   */
  next(keep: Uint8Array): Promise<Buffer | null>;
  /** Bytes of the file itself that were read so far. */
  done(): number;
  close(): Promise<void>;
}

export interface ByteOptions {
  /** `auto`, or any label that TextDecoder knows. */
  readonly encoding: string;
  /** Bytes of the resulting stream to leave out at the start. */
  readonly skip?: number;
  /** Bytes to read at a time. */
  readonly chunkSize?: number;
}

const chunkBytes = 256 * 1024;
/** Room in front of each chunk for the beginning of a row that the chunk before it ended in. */
const headroom = 64 * 1024;
const empty = Buffer.alloc(0);

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
    const head = Buffer.alloc(4);
    const { bytesRead } = await handle.read(head, 0, 4, 0);
    if (bytesRead >= 2 && head[0] === 0x1f && head[1] === 0x8b) {
      await handle.close();
      return await StreamedBytes.open(unzipped(file, options), decoder, skip);
    }
    const mark = byteOrderMark(head.subarray(0, bytesRead));
    const found = decoder ?? mark.decoder;
    if (!found || found.encoding === 'utf-8') {
      const start = mark.encoding === 'utf-8' ? mark.length : 0;
      return new FileBytes(handle, file, start + skip, options.chunkSize ?? chunkBytes);
    }
    const plain = new FileBytes(handle, file, 0, options.chunkSize ?? chunkBytes);
    return await StreamedBytes.open({ next: () => plain.next(empty), done: () => plain.done(), close: () => plain.close() }, found, skip);
  } catch (error) {
    await handle.close().catch(() => {});
    throw fileError(error, file.name);
  }
}

/** Throws a MillraceError for an encoding that nobody knows. */
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

/** Plain UTF-8. The next chunk is being read while its user works on the current one. */
class FileBytes implements ByteReader {
  readonly translated = false;
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
      bytes = Buffer.concat([keep, buffer.subarray(headroom, headroom + length)]);
    }
    this.#turn = this.#turn === 0 ? 1 : 0;
    this.#pending = this.#fill();
    return bytes;
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

interface Chunks {
  next(): Promise<Uint8Array | null>;
  done(): number;
  close(): Promise<void>;
}

/** Unpacked or translated bytes: where they start over again can only be found by reading from the beginning. */
class StreamedBytes implements ByteReader {
  readonly #chunks: Chunks;
  #decoder: TextDecoder | null;
  #first: Uint8Array | null;
  #ended = false;

  private constructor(chunks: Chunks, decoder: TextDecoder | null, first: Uint8Array | null) {
    this.#chunks = chunks;
    this.#decoder = decoder;
    this.#first = first;
  }

  static async open(chunks: Chunks, given: TextDecoder | null, skip: number): Promise<StreamedBytes> {
    let first = await chunks.next();
    // Only the first bytes tell; a chunk of fewer than three comes from a tiny file, or from a stream that begins slowly.
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
    while (skip > 0) {
      const bytes = await reader.next(empty);
      if (!bytes) break;
      if (bytes.length > skip) reader.#unread = bytes.subarray(skip);
      skip -= bytes.length;
    }
    return reader;
  }

  #unread: Buffer | null = null;

  get translated(): boolean {
    return this.#decoder !== null;
  }

  async next(keep: Uint8Array): Promise<Buffer | null> {
    for (;;) {
      const bytes = await this.#take();
      if (bytes === null) return null;
      if (bytes.length > 0) return Buffer.concat([keep, bytes]);
    }
  }

  done(): number {
    return this.#chunks.done();
  }

  close(): Promise<void> {
    return this.#chunks.close();
  }

  async #take(): Promise<Uint8Array | null> {
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
    // TextDecoder takes the byte order mark away, and keeps the bytes of a character that the chunk cut in two.
    return Buffer.from(chunk ? this.#decoder.decode(chunk, { stream: true }) : this.#decoder.decode(), 'utf8');
  }
}

function unzipped(file: InputFile, options: ByteOptions): Chunks {
  const source = createReadStream(file.path, { highWaterMark: options.chunkSize ?? chunkBytes });
  const gunzip = createGunzip({ chunkSize: options.chunkSize ?? chunkBytes });
  // A failure of either ends up at the iterator below.
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
            message: `The gzip file ${file.name} is broken: ${message}, ${unpacked === 0 ? 'at its beginning' : `after ${unpacked.toLocaleString('en')} bytes of its content`}.`,
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

function byteOrderMark(head: Uint8Array): { readonly encoding: string | null; readonly length: number; readonly decoder: TextDecoder | null } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', length: 3, decoder: null };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', length: 2, decoder: new TextDecoder('utf-16le') };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', length: 2, decoder: new TextDecoder('utf-16be') };
  return { encoding: null, length: 0, decoder: null };
}
