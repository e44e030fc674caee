/** Batches of records as brokers store them, built without an object for each record (message format 2). */
import { crc32c } from '@platformatic/kafka';

/** A message that is to be sent. */
export interface Outgoing {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers: readonly (readonly [name: Uint8Array, value: Uint8Array | null])[] | null;
}
export interface BatchOwner {
  readonly id: bigint;
  readonly epoch: number;
  readonly isTransactional: boolean;
}

const headBytes = 61;
const crcFrom = 21;
const magic = 2;
const transactional = 1 << 4;
/** Of one record, besides its key, value and headers. */
const recordOverhead = 40;

/** At most so many bytes of a batch, as `estimate` counts them. */
export function estimate({ key, value, headers }: Outgoing): number {
  let size = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of headers ?? []) size += name.length + (text?.length ?? 0) + 10;
  return size;
}

export class BatchBuilder {
  #bytes: Buffer;
  #at = headBytes;
  #first = 0;
  #last = 0;
  count = 0;

  constructor(bytes = 256 * 1024) {
    this.#bytes = Buffer.allocUnsafe(bytes);
  }

  /** Bytes so far. */
  get size(): number {
    return this.#at;
  }

  add(message: Outgoing): void {
    const { key, value, timestamp, headers } = message;
    if (this.count === 0) this.#first = timestamp;
    if (timestamp > this.#last || this.count === 0) this.#last = timestamp;
    this.#reserve(estimate(message));
    const delta = timestamp - this.#first;
    let length = 1 + longSize(delta) + intSize(this.count) + bytesSize(key) + bytesSize(value) + intSize(headers?.length ?? 0);
    if (headers) for (const [name, text] of headers) length += bytesSize(name) + bytesSize(text);
    this.#int(length);
    this.#bytes[this.#at++] = 0;
    this.#long(delta);
    this.#int(this.count);
    this.#blob(key);
    this.#blob(value);
    this.#int(headers?.length ?? 0);
    if (headers) {
      for (const [name, text] of headers) {
        this.#blob(name);
        this.#blob(text);
      }
    }
    this.count++;
  }

  /** Begins another batch in the same memory. The one before is not needed any more. */
  clear(): void {
    this.#at = headBytes;
    this.count = 0;
  }

  /** The batch; nothing may be added afterwards. `sequence`: of its first record, within its partition. */
  finish({ id, epoch, isTransactional }: BatchOwner, sequence: number): Buffer {
    const bytes = this.#bytes.subarray(0, this.#at);
    bytes.writeBigInt64BE(0n, 0);
    bytes.writeInt32BE(this.#at - 12, 8);
    bytes.writeInt32BE(-1, 12);
    bytes[16] = magic;
    bytes.writeInt16BE(isTransactional ? transactional : 0, crcFrom);
    bytes.writeInt32BE(this.count - 1, 23);
    bytes.writeBigInt64BE(BigInt(this.#first), 27);
    bytes.writeBigInt64BE(BigInt(this.#last), 35);
    bytes.writeBigInt64BE(id, 43);
    bytes.writeInt16BE(epoch, 51);
    bytes.writeInt32BE(sequence, 53);
    bytes.writeInt32BE(this.count, 57);
    bytes.writeUInt32BE(crc32c(bytes.subarray(crcFrom)) >>> 0, 17);
    return bytes;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  #int(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  /** As `#int`, of any whole number. */
  #long(value: number): void {
    if (value === (value | 0)) {
      this.#int(value);
      return;
    }
    let rest = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n;
    while (rest > 127n) {
      this.#bytes[this.#at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  #blob(blob: Uint8Array | null): void {
    if (blob === null) {
      this.#int(-1);
      return;
    }
    this.#int(blob.length);
    this.#bytes.set(blob, this.#at);
    this.#at += blob.length;
  }
}

function intSize(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0;
  return rest < 128 ? 1 : rest < 16_384 ? 2 : rest < 2_097_152 ? 3 : rest < 268_435_456 ? 4 : 5;
}

function longSize(value: number): number {
  if (value === (value | 0)) return intSize(value);
  let rest = value < 0 ? value * -2 - 1 : value * 2;
  let size = 1;
  for (; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

function bytesSize(blob: Uint8Array | null): number {
  return blob === null ? 1 : intSize(blob.length) + blob.length;
}
