/** Where reading of followed files resumes, and how the files are recognised. */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { Json } from '../../model/values/types.ts';

/** A number of bytes, and their SHA-1. */
export type Print = {
  readonly bytes: number;
  readonly sha1: string;
};
/** What checkpoints store about a file. Those of older versions have only `name`, `inode`, `offset`, `line` and `head`. */
export type TailPosition = {
  readonly name: string;
  /** Other names under which it was seen: a rotation makes names of a compressed file from any of them. */
  readonly names?: readonly string[];
  readonly inode: string;
  readonly device?: string;
  /** When it was created, in nanoseconds; empty if the file system does not say. Distinguishes it from a later file with its number. */
  readonly born?: string;
  /** The offset of the first byte that is in no row yet; of the content, for a compressed file. */
  readonly offset: number;
  readonly line: number;
  /** The first bytes of what was read. */
  readonly head: Print;
  /** The last bytes before `offset`. */
  readonly end?: Print;
  /** Bytes on disk when it was last checked. */
  readonly size?: number;
  /** It is gzip: read as a whole, once it is complete. */
  readonly packed?: true;
  /** Compressed: when it was changed, in nanoseconds. Another file may have its number and size. */
  readonly changed?: string;
  /** Compressed: nothing of it was read, because this file, by `keyOf`, has the same content and is read instead, not to its end yet. */
  readonly copyOf?: string;
  /** It was read to its end. `gone`: and is no longer on disk; a compressed copy of it may appear. */
  readonly ended?: 'finished' | 'gone';
};

/** Bytes at both ends of what was read, by which a file is recognised. */
export const headBytes = 1024;

export function printOf(bytes: Uint8Array): Print {
  return { bytes: bytes.length, sha1: createHash('sha1').update(bytes).digest('hex') };
}

export function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Distinguishes a file from a later one with its number, if the file system keeps the time of creation. */
export function keyOf({ device, inode, born }: Pick<TailPosition, 'device' | 'inode' | 'born'>): string {
  return `${device}:${inode}:${born}`;
}

export function bornAt({ birthtimeNs }: BigIntStats): string {
  return birthtimeNs > 0n ? String(birthtimeNs) : '';
}

export function numbersOf(stat: BigIntStats): Required<Pick<TailPosition, 'inode' | 'device' | 'born' | 'size'>> {
  return { inode: String(stat.ino), device: String(stat.dev), born: bornAt(stat), size: Number(stat.size) };
}

/** Whether a position may be of the file with this stat: it has the same number, and is not known to be a later file. */
export function isOf({ inode, device, born }: TailPosition, stat: BigIntStats): boolean {
  if (inode !== String(stat.ino) || (device !== undefined && device !== String(stat.dev))) return false;
  // A file system without a time of creation may report the time of the last change for it.
  return !born || stat.birthtimeNs === stat.ctimeNs || bornAt(stat) === '' || bornAt(stat) === born;
}

/** Whether a file contains what was read at a position. `readAt` returns fewer bytes if it is shorter. */
export function holds({ offset, head, end }: TailPosition, readAt: (position: number, length: number) => Uint8Array): boolean {
  const isAt = (from: number, print: Print) => print.bytes === 0 || printOf(readAt(from, print.bytes)).sha1 === print.sha1;
  // One byte before the offset: it has at least this length.
  return isAt(0, head) && (end ? isAt(offset - end.bytes, end) : offset === 0 || readAt(offset - 1, 1).length === 1);
}

type Positions = {
  readonly files: readonly TailPosition[];
  /** Bytes that were lost before they could be read, since the pipeline began. */
  readonly lost?: number;
};

export function tailPositions(position: Json): Positions {
  return (position as Positions | null) ?? { files: [] };
}
