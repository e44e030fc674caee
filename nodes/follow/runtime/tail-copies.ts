/**
 * Which file is a copy of which: decided by their contents and, if these are short, by their names. Short contents may be equal by chance,
 * as the first line of logs often is.
 */

import { headBytes, holds, type TailPosition } from '../../../io/files/tail-position.ts';
import type { Unpacked } from './tail-content.ts';
import type { TailedFile } from './tailed-file.ts';

/** A file that may be a copy, or the content of a compressed one. */
export interface Candidate {
  readonly name: string;
  readonly length: number;
  /** Fewer bytes where it is shorter. */
  readAt(position: number, length: number): Uint8Array;
}

/** The content of a compressed file, as far as it was kept when it was decompressed. */
export function packedCandidate(name: string, { length, head, stretches }: Unpacked): Candidate {
  const readAt = (position: number, count: number) =>
    position === 0 ? head.subarray(0, count) : (stretches.get(position + count)?.subarray(-count) ?? Buffer.alloc(0));
  return { name, length, readAt };
}

/** Whether a file contains all that was read of another one, which is gone or truncated; one that is finished may be somewhere else. */
export function isCopyOf(original: TailPosition, candidate: Candidate): boolean {
  const { offset, end, head, size, ended } = original;
  if (offset === 0 || offset > candidate.length || !holds(original, candidate.readAt)) return false;
  // Older positions say nothing about what lies between their head and their offset.
  if (offset >= headBytes && end) return true;
  if (!end && head.bytes < offset) return areOfOneSeries(original, candidate.name);
  const isWhole = ended !== 'finished' && (candidate.length === offset || candidate.length === size);
  return isWhole || areOfOneSeries(original, candidate.name);
}

/**
 * Whether a compressed file has the content of an open file. `hasLostNames`: that file has lost the name, as one of several, by which it
 * was compressed.
 */
export function isPackedTwin(file: TailedFile, name: string, { length, head, end }: Unpacked, hasLostNames: boolean): boolean {
  if (file.isPacked || length === 0) return false;
  if (!file.readAt(0, head.length).equals(head) || !file.readAt(length - end.length, end.length).equals(end)) return false;
  if (length >= headBytes || areRelated(file, name)) return true;
  const isDeleted = file.stat.nlink === 0n;
  return (isDeleted && areOfOneSeries(file, name)) || ((isDeleted || hasLostNames) && file.size === length);
}

interface Named {
  readonly name: string;
  readonly names?: Iterable<string>;
}

/** Whether a rotation makes this name from one that a file has or had: app.log, app.log.1, app.log-20260131.gz. */
export function areRelated(file: Named, name: string): boolean {
  return namesOf(file).some((before) => base(name).startsWith(base(before)));
}

/** Whether a name may belong to the series of logs of a file, though both were renamed since: app.log.1, app.log.2.gz. */
export function areOfOneSeries(file: Named, name: string): boolean {
  const series = (path: string) => base(path).replace(/\.gz$|[-._]?\d+/g, '');
  return namesOf(file).some((each) => series(each).startsWith(series(name)) || series(name).startsWith(series(each)));
}

function namesOf({ name, names }: Named): string[] {
  return [name, ...(names ?? [])];
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
