/** What is read of a followed file: its bytes as they are, or the content of a gzip file. */
import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { headBytes, type Print, printOf } from '../../../io/files/tail-position.ts';

const packedChunk = 64 * 1024;

export interface Content {
  readonly file: number;
  /** For reading it at any place; null for a gzip file. */
  readonly descriptor: number | null;
  /** Bytes in all, if that is not the size of the file. */
  readonly length?: number;
  readonly head?: Print;
  /** How many bytes it put into `bytes` at `at`; 0 at the end. */
  read(bytes: Buffer, at: number, length: number, position: number): Promise<number>;
  close(): Promise<void>;
}

export function plainContent(handle: FileHandle): Content {
  return {
    file: handle.fd,
    descriptor: handle.fd,
    read: async (bytes, at, length, position) => (await handle.read(bytes, at, length, position)).bytesRead,
    close: () => handle.close(),
  };
}

/** The content of a gzip file that `unpack` has found to be complete. */
export class GzipContent implements Content {
  readonly descriptor = null;
  readonly length: number;
  readonly head: Print;
  readonly #handle: FileHandle;
  #chunks: AsyncIterator<Buffer> | null = null;
  #chunk: Buffer = Buffer.alloc(0);
  /** Of the chunk's first byte. */
  #at = 0;

  constructor(handle: FileHandle, { length, head }: Unpacked) {
    this.#handle = handle;
    this.length = length;
    this.head = printOf(head);
  }

  get file(): number {
    return this.#handle.fd;
  }

  async read(bytes: Buffer, at: number, length: number, position: number): Promise<number> {
    if (!this.#chunks || position < this.#at) {
      this.#chunks = unpacked(this.#handle);
      this.#at = 0;
      this.#chunk = Buffer.alloc(0);
    }
    while (position >= this.#at + this.#chunk.length) {
      const { done, value } = await this.#chunks.next();
      if (done) return 0;
      this.#at += this.#chunk.length;
      this.#chunk = value;
    }
    return this.#chunk.copy(bytes, at, position - this.#at, position - this.#at + length);
  }

  async close(): Promise<void> {
    await this.#chunks?.return?.();
    await this.#handle.close();
  }
}

/** The content of a complete gzip file. */
export interface Unpacked {
  readonly length: number;
  readonly head: Buffer;
  /** The last bytes. */
  readonly end: Buffer;
  /** Those of the requested stretches that exist. */
  readonly stretches: ReadonlyMap<number, Buffer>;
}

/**
 * Decompresses a file without keeping it. `wanted` returns offsets for its first bytes; the kilobyte before each is kept. Null if the file
 * is not complete (yet). Throws what zlib throws for a broken one.
 */
export async function unpack(handle: FileHandle, wanted: (head: Buffer) => readonly number[]): Promise<Unpacked | null> {
  let head: Buffer = Buffer.alloc(0);
  let last: Buffer = Buffer.alloc(0);
  let length = 0;
  let offsets: readonly number[] | null = null;
  const stretches = new Map<number, Buffer>();
  const note = () => {
    offsets ??= wanted(head);
    for (const offset of offsets) {
      if (offset <= length && !stretches.has(offset))
        stretches.set(offset, last.subarray(Math.max(0, last.length - (length - offset) - headBytes), last.length - (length - offset)));
    }
  };
  try {
    const chunks = unpacked(handle);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      if (head.length < headBytes) head = Buffer.concat([head, next.value]).subarray(0, headBytes);
      last = Buffer.concat([last.subarray(-headBytes), next.value]);
      length += next.value.length;
      if (head.length === headBytes) note();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return null;
    throw error;
  }
  note();
  return { length, head, end: last.subarray(-headBytes), stretches };
}

function unpacked(handle: FileHandle): AsyncIterator<Buffer> {
  const gunzip = createGunzip({ chunkSize: packedChunk });
  // A failure of either reaches the iterator.
  pipeline(Readable.from(packedBytes(handle)), gunzip, () => {});
  return gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
}

/**
 * Not by a stream of the file's descriptor: when it is given up, it closes the descriptor, whatever its options, and then perhaps a later
 * file with that number.
 */
async function* packedBytes(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(packedChunk), 0, packedChunk, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const packers: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['bzip2', [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26]],
  ['LZ4', [0x04, 0x22, 0x4d, 0x18]],
];

/** The compression of a file by its first bytes; null for text. */
export function packedWith(head: Uint8Array): string | null {
  return packers.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0] ?? null;
}
