/** Values as they are bound to a statement, in a compact form. */

const kinds = { nothing: 0, int32: 1, double: 2, text: 3, bytes: 4, bigint: 5 } as const;
/** The maximum size of a value without the bytes of its text or blob. */
const headBytes = 9;
/** Up to this length, copying characters one by one is faster than a call. */
const shortText = 24;

export type Bound = null | undefined | number | bigint | string | Uint8Array;
/** Records what a statement has bound, for one or more rows. */
export type Recorder = (bound: readonly Bound[]) => void;

export class ValueWriter {
  buffer = Buffer.allocUnsafe(1 << 16);
  at = 0;

  reserve(count: number): void {
    if (this.at + count <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.at + count));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeUInt32LE(value, this.at);
  }

  value(value: Bound): void {
    this.reserve(headBytes);
    if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value === null || value === undefined) this.buffer[this.at++] = kinds.nothing;
    else if (typeof value === 'bigint') {
      this.buffer[this.at++] = kinds.bigint;
      this.at = this.buffer.writeBigInt64LE(value, this.at);
    } else {
      this.buffer[this.at++] = kinds.bytes;
      this.at = this.buffer.writeUInt32LE(value.length, this.at);
      this.reserve(value.length);
      this.buffer.set(value, this.at);
      this.at += value.length;
    }
  }

  #number(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.buffer[this.at++] = kinds.int32;
      this.at = this.buffer.writeInt32LE(value, this.at);
    } else {
      this.buffer[this.at++] = kinds.double;
      this.at = this.buffer.writeDoubleLE(value, this.at);
    }
  }

  #text(text: string): void {
    const { length } = text;
    this.reserve(headBytes + 3 * length);
    const { buffer } = this;
    buffer[this.at] = kinds.text;
    const start = this.at + 5;
    let at = start;
    if (length <= shortText) {
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 127) break;
        buffer[at++] = unit;
      }
      if (i < length) at = start + buffer.write(text, start, 'utf8');
    } else at += buffer.write(text, at, 'utf8');
    buffer.writeUInt32LE(at - start, start - 4);
    this.at = at;
  }
}

export class ValueReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#buffer.length;
  }

  uint32(): number {
    this.#at += 4;
    return this.#buffer.readUInt32LE(this.#at - 4);
  }

  value(): Bound {
    const kind = this.#buffer[this.#at++];
    switch (kind) {
      case kinds.nothing:
        return null;
      case kinds.int32:
        this.#at += 4;
        return this.#buffer.readInt32LE(this.#at - 4);
      case kinds.double:
        this.#at += 8;
        return this.#buffer.readDoubleLE(this.#at - 8);
      case kinds.bigint:
        this.#at += 8;
        return this.#buffer.readBigInt64LE(this.#at - 8);
      case kinds.text:
        return this.#bytes().toString('utf8');
      case kinds.bytes:
        return this.#bytes();
      default:
        throw new Error(`No value begins with ${kind}`);
    }
  }

  #bytes(): Buffer {
    const length = this.uint32();
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }
}
