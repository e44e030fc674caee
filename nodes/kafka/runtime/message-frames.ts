/** Messages in a redo file: many in each frame. */
import type { RedoFile } from '../../../io/files/redo-file.ts';
import type { Encoded } from './message-encoder.ts';

const frameBytes = 1 << 20;
const nothing = 0xffffffff;
/** Partition, time, and the lengths of key, value and headers. */
const headBytes = 24;

export class MessageFrames {
  readonly #file: RedoFile;
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;

  constructor(file: RedoFile) {
    this.#file = file;
    this.begin();
  }

  get path(): string {
    return this.#file.path;
  }

  /** Forgets what it holds. */
  begin(): void {
    this.#at = 0;
    this.#file.begin();
    // So that a checkpoint without rows is told from one whose file was lost.
    this.#file.add(Buffer.alloc(0));
  }

  add(partition: number, { key, value, timestamp, headers }: Encoded): void {
    const told = headers === null ? null : headersAsBytes(headers);
    this.#reserve(headBytes + (key?.length ?? 0) + (value?.length ?? 0) + (told?.length ?? 0));
    const bytes = this.#bytes;
    bytes.writeUInt32LE(partition, this.#at);
    bytes.writeDoubleLE(timestamp, this.#at + 4);
    bytes.writeUInt32LE(key?.length ?? nothing, this.#at + 12);
    bytes.writeUInt32LE(value?.length ?? nothing, this.#at + 16);
    bytes.writeUInt32LE(told?.length ?? nothing, this.#at + 20);
    this.#at += headBytes;
    for (const part of [key, value, told]) {
      if (part === null) continue;
      bytes.set(part, this.#at);
      this.#at += part.length;
    }
    if (this.#at >= frameBytes) this.#flush();
  }

  /** Makes durable what was added. */
  sync(): void {
    this.#flush();
    this.#file.sync();
  }

  *messages(): Generator<readonly [partition: number, message: Encoded]> {
    this.#flush();
    for (const frame of this.#file.frames()) yield* readFrame(frame);
  }

  close(): void {
    this.#file.close();
  }

  remove(): void {
    this.#file.remove();
  }

  #flush(): void {
    if (this.#at === 0) return;
    this.#file.add(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

export function* readFrame(frame: Buffer): Generator<readonly [partition: number, message: Encoded]> {
  for (let at = 0; at < frame.length; ) {
    const partition = frame.readUInt32LE(at);
    const timestamp = frame.readDoubleLE(at + 4);
    const lengths = [frame.readUInt32LE(at + 12), frame.readUInt32LE(at + 16), frame.readUInt32LE(at + 20)];
    at += headBytes;
    const [key = null, value = null, told = null] = lengths.map((length) => {
      if (length === nothing) return null;
      at += length;
      return frame.subarray(at - length, at);
    });
    yield [partition, { partition, timestamp, key, value, headers: told && headersOfBytes(told) }];
  }
}

function headersAsBytes(headers: NonNullable<Encoded['headers']>): Buffer {
  return Buffer.from(JSON.stringify(headers.map(([name, text]) => [base64(name), text && base64(text)])));
}

function headersOfBytes(bytes: Buffer): NonNullable<Encoded['headers']> {
  const found = JSON.parse(bytes.toString('utf8')) as [string, string | null][];
  return found.map(([name, text]) => [Buffer.from(name, 'base64'), text === null ? null : Buffer.from(text, 'base64')]);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
