/**
 * Messages of the output plugin `pgoutput`, protocol version 1: what a server says of the transactions that it has committed, in the order
 * of their commits. https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */

/** The text of a column; null; or `unchanged`, which the server does not send: a large value that an update has left as it was. */
export type Cell = string | null | undefined;
export const unchanged = undefined;
export type Tuple = readonly Cell[];

export interface RelationColumn {
  readonly name: string;
  /** Part of the replica identity. */
  readonly isKey: boolean;
  readonly type: number;
  readonly modifier: number;
}
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `d`efault (the primary key), `n`othing, `f`ull, or an `i`ndex. */
  readonly identity: string;
  readonly columns: readonly RelationColumn[];
}
/** Positions of the log, here and everywhere, are numbers: they are exact up to 8 PB. Times are milliseconds since 1970. */
export type Message =
  | { readonly tag: 'begin'; readonly lsn: number; readonly time: number; readonly xid: number }
  /** `end`: where the log goes on behind it. */
  | { readonly tag: 'commit'; readonly lsn: number; readonly end: number; readonly time: number }
  | { readonly tag: 'relation'; readonly relation: Relation }
  | { readonly tag: 'insert'; readonly oid: number; readonly after: Tuple }
  /** `before`: absent where neither the key has changed nor the identity is full. `isKey`: it has the columns of the identity alone. */
  | { readonly tag: 'update'; readonly oid: number; readonly before: Tuple | null; readonly isKey: boolean; readonly after: Tuple }
  | { readonly tag: 'delete'; readonly oid: number; readonly before: Tuple; readonly isKey: boolean }
  | { readonly tag: 'truncate'; readonly oids: readonly number[] }
  /** What no row comes of: names of types, origins, messages that somebody has written to the log. */
  | { readonly tag: 'other' };

const other = { tag: 'other' } as const;
const secondsTo2000 = 946_684_800;
const half = 0x1_0000_0000;

/** Throws an Error where it is none. Texts are copies: the buffer may be used again. */
export function parseMessage(bytes: Buffer, at = 0): Message {
  const cursor = new Cursor(bytes, at + 1);
  const kind = String.fromCharCode(bytes[at] ?? 0);
  switch (kind) {
    case 'B':
      return { tag: 'begin', lsn: cursor.long(), time: cursor.time(), xid: cursor.int() };
    case 'C':
      cursor.byte();
      return { tag: 'commit', lsn: cursor.long(), end: cursor.long(), time: cursor.time() };
    case 'R':
      return { tag: 'relation', relation: cursor.relation() };
    case 'I': {
      const oid = cursor.int();
      cursor.expect('N');
      return { tag: 'insert', oid, after: cursor.tuple() };
    }
    case 'U': {
      const oid = cursor.int();
      const first = cursor.character();
      if (first === 'N') return { tag: 'update', oid, before: null, isKey: false, after: cursor.tuple() };
      const before = cursor.tuple();
      cursor.expect('N');
      return { tag: 'update', oid, before, isKey: first === 'K', after: cursor.tuple() };
    }
    case 'D': {
      const oid = cursor.int();
      const isKey = cursor.character() === 'K';
      return { tag: 'delete', oid, before: cursor.tuple(), isKey };
    }
    case 'T': {
      const count = cursor.int();
      cursor.byte();
      return { tag: 'truncate', oids: Array.from({ length: count }, () => cursor.int()) };
    }
    case 'Y':
    case 'O':
    case 'M':
      return other;
    default:
      throw new Error(`The server sent a message of the unknown kind "${kind}"`);
  }
}

/** `16/B374D848`. */
export function lsnText(lsn: number): string {
  return `${Math.floor(lsn / half)
    .toString(16)
    .toUpperCase()}/${(lsn % half).toString(16).toUpperCase()}`;
}
export function lsnOf(text: string): number {
  const [high = '0', low = '0'] = text.split('/');
  return Number.parseInt(high, 16) * half + Number.parseInt(low, 16);
}
/** A position of the log in 8 bytes. */
export function readLsn(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * half + bytes.readUInt32BE(at + 4);
}
export function writeLsn(bytes: Buffer, lsn: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(lsn / half), at);
  bytes.writeUInt32BE(lsn % half, at + 4);
}

class Cursor {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }
  character(): string {
    return String.fromCharCode(this.byte());
  }
  expect(character: string): void {
    const found = this.character();
    if (found !== character) throw new Error(`The server sent "${found}" where "${character}" was to come`);
  }
  short(): number {
    this.#at += 2;
    return this.#bytes.readUInt16BE(this.#at - 2);
  }
  int(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  long(): number {
    this.#at += 8;
    return readLsn(this.#bytes, this.#at - 8);
  }
  /** Of microseconds since 2000. */
  time(): number {
    this.#at += 8;
    return Math.floor(Number(this.#bytes.readBigInt64BE(this.#at - 8)) / 1000) + secondsTo2000 * 1000;
  }
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const found = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return found;
  }
  relation(): Relation {
    const oid = this.int();
    const schema = this.text() || 'pg_catalog';
    const name = this.text();
    const identity = this.character();
    const columns = Array.from({ length: this.short() }, (): RelationColumn => {
      const isKey = (this.byte() & 1) === 1;
      return { isKey, name: this.text(), type: this.int(), modifier: this.int() | 0 };
    });
    return { oid, schema, name, identity, columns };
  }
  tuple(): Cell[] {
    const cells = new Array<Cell>(this.short());
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < cells.length; i++) {
      const kind = bytes[at++];
      if (kind === 116) {
        const length = bytes.readUInt32BE(at);
        at += 4;
        if (at + length > bytes.length) throw new Error('The server sent a message that is cut off');
        cells[i] = bytes.toString('utf8', at, at + length);
        at += length;
      } else if (kind === 110) cells[i] = null;
      else if (kind !== 117) throw new Error(`The server sent a value of the unknown kind "${String.fromCharCode(kind ?? 0)}"`);
    }
    this.#at = at;
    return cells;
  }
}
