/** What is known about files that were read to their end and closed: neither they nor compressed copies of them are read again. */
import type { BigIntStats } from 'node:fs';
import { holds, idOf, isOf, keyOf, type TailPosition } from '../../../io/files/tail-position.ts';
import { areOfOneSeries, type Candidate, isCopyOf } from './tail-copies.ts';

/** The number of positions kept of each kind, the newest ones. */
const maxFinished = 1000;
const maxGone = 100;

export class EndedFiles {
  /** Those that are on disk, by device and inode. */
  readonly #finished = new Map<string, TailPosition>();
  readonly #gone = new Set<TailPosition>();

  finish(position: TailPosition): void {
    const id = `${position.device}:${position.inode}`;
    this.#finished.delete(id);
    this.#finished.set(id, { ...position, ended: 'finished' });
    for (const oldest of this.#finished.keys()) {
      if (this.#finished.size <= maxFinished) return;
      this.#finished.delete(oldest);
    }
  }

  /** The file is no longer on disk. Later calls of `isGone` may return it. */
  leave(position: TailPosition): TailPosition {
    const gone = { ...position, ended: 'gone' as const };
    // Without content a copy cannot be recognised, and compressed files are not compressed again.
    if (position.offset === 0 || position.packed) return gone;
    this.#gone.add(gone);
    for (const oldest of this.#gone) {
      if (this.#gone.size <= maxGone) break;
      this.#gone.delete(oldest);
    }
    return gone;
  }

  /** No copy of it has been found. */
  isGone(position: TailPosition): boolean {
    return this.#gone.has(position);
  }

  /**
   * Up to where a file that is on disk was read, though it may have been away for a while; null for one that is not known. One that was
   * rewritten has been left several times: `isIt` decides by the content.
   */
  of(stat: BigIntStats, isIt: (position: TailPosition) => boolean = () => true): TailPosition | null {
    const position = this.#finished.get(idOf(stat));
    if (position) return isOf(position, stat) && isIt(position) ? position : null;
    return [...this.#gone].findLast((gone) => gone.born && isOf(gone, stat) && isIt(gone)) ?? null;
  }

  /** The file is followed now. Copies of its content from before it was rewritten are still known. `offset`: where it continues. */
  forget(stat: BigIntStats, offset: number): void {
    this.#finished.delete(idOf(stat));
    for (const gone of this.#gone) if (gone.born && isOf(gone, stat) && gone.offset === offset) this.#gone.delete(gone);
  }

  /** Offsets that decide, for content with these first bytes, whether it is a copy. `others`: files that are followed and were truncated. */
  offsetsFor(head: Buffer, others: readonly TailPosition[]): readonly number[] {
    return this.#plain(others)
      .filter((position) => beginsWith(head, position))
      .map(({ offset }) => offset);
  }

  /** Removes the file of which another one is a copy: preferably one of the same series of names, and the one that was read furthest. */
  takeOriginal(copy: Candidate, others: readonly TailPosition[]): TailPosition | null {
    const rank = (position: TailPosition) => Number(areOfOneSeries(position, copy.name));
    const [original] = this.#plain(others)
      .filter((position) => isCopyOf(position, copy))
      .sort((a, b) => rank(b) - rank(a) || b.offset - a.offset);
    if (!original) return null;
    this.#gone.delete(original);
    return original;
  }

  /** The compressed copy of a file that was not read because that file was. */
  copyOf(original: TailPosition): TailPosition | null {
    const key = keyOf(original);
    return [...this.#finished.values()].find(({ copyOf }) => copyOf === key) ?? null;
  }

  /** A file is examined again. */
  drop({ device, inode }: TailPosition): void {
    this.#finished.delete(`${device}:${inode}`);
  }

  /** A compressed copy is read in place of its original, from where that was read to. */
  readInstead({ copyOf: _, ...copy }: TailPosition, { offset, line }: Pick<TailPosition, 'offset' | 'line'>): void {
    this.finish({ ...copy, offset, line, size: -1 });
  }

  /** A file was read to its end: copies of it do not need it any more. */
  complete(original: TailPosition): void {
    for (let copy = this.copyOf(original); copy; copy = this.copyOf(original)) this.finish({ ...copy, copyOf: undefined });
  }

  /** Moves files that are no longer on disk to those that are gone. */
  prune(isOnDisk: (position: TailPosition) => boolean): void {
    for (const [id, position] of this.#finished) {
      if (isOnDisk(position)) continue;
      this.#finished.delete(id);
      this.leave(position);
    }
  }

  get finished(): number {
    return this.#finished.size;
  }

  positions(): readonly TailPosition[] {
    return [...this.#finished.values(), ...this.#gone];
  }

  #plain(others: readonly TailPosition[]): TailPosition[] {
    return [...others, ...this.positions()].filter(({ packed, offset }) => !packed && offset > 0);
  }
}

function beginsWith(head: Buffer, position: TailPosition): boolean {
  return holds({ ...position, end: position.head, offset: position.head.bytes }, (from, length) => head.subarray(from, from + length));
}
