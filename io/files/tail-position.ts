/** Where reading of followed files resumes, and how the files are recognised. */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { Json } from '../../model/values/types.ts';

/** So many bytes, and their SHA-1. */
export type Print = {
  readonly bytes: number;
  readonly sha1: string;
};
/** What checkpoints hold of a file. Those of older versions have `name`, `inode`, `offset`, `line` and `head` only. */
export type TailPosition = {
  readonly name: string;
  /** Other names that it was seen with: a rotation makes names of a compressed file from any of them. */
  readonly names?: readonly string[];
  readonly inode: string;
  readonly device?: string;
  /** When it was made, in nanoseconds; empty where the file system does not say. Tells it from a later one with its number. */
  readonly born?: string;
  /** Of the first byte that no row was made of; of the content, for a packed file. */
  readonly offset: number;
  readonly line: number;
  /** The first bytes of what was read. */
  readonly head: Print;
  /** The last bytes before `offset`. */
  readonly end?: Print;
  /** Bytes on disk when it was last looked at. */
  readonly size?: number;
  /** It is gzip: read as a whole, once it is complete. */
  readonly packed?: true;
  /** Packed: when it was changed, in nanoseconds. Another file may have its number and size. */
  readonly changed?: string;
  /** Packed: nothing of it was read, for this file, by `keyOf`, has the same content and is read instead, not to its end yet. */
  readonly copyOf?: string;
  /** It was read to its end. `gone`: and is no longer on the disk; a compressed copy of it may come. */
  readonly ended?: 'finished' | 'gone';
};

/** Bytes at both ends of what was read by which a file is known. */
export const headBytes = 1024;

export function printOf(bytes: Uint8Array): Print {
  return { bytes: bytes.length, sha1: createHash('sha1').update(bytes).digest('hex') };
}

export function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Tells a file from a later one with its number, where the file system keeps the time of birth. */
export function keyOf({ device, inode, born }: Pick<TailPosition, 'device' | 'inode' | 'born'>): string {
  return `${device}:${inode}:${born}`;
}

export function bornAt({ birthtimeNs }: BigIntStats): string {
  return birthtimeNs > 0n ? String(birthtimeNs) : '';
}

export function numbersOf(stat: BigIntStats): Required<Pick<TailPosition, 'inode' | 'device' | 'born' | 'size'>> {
  return { inode: String(stat.ino), device: String(stat.dev), born: bornAt(stat), size: Number(stat.size) };
}

/** Whether a position may be of the file with this stat: its number is the same, and it is not known to be of a later one. */
export function isOf({ inode, device, born }: TailPosition, stat: BigIntStats): boolean {
  if (inode !== String(stat.ino) || (device !== undefined && device !== String(stat.dev))) return false;
  // Where a file system keeps no time of birth, the time of the last change may be given for it.
  return !born || stat.birthtimeNs === stat.ctimeNs || bornAt(stat) === '' || bornAt(stat) === born;
}

/** Whether a file holds what was read at a position. `readAt` gives fewer bytes where it is shorter. */
export function holds({ offset, head, end }: TailPosition, readAt: (position: number, length: number) => Uint8Array): boolean {
  const isAt = (from: number, print: Print) => print.bytes === 0 || printOf(readAt(from, print.bytes)).sha1 === print.sha1;
  // One byte before the offset: it is at least so long.
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
