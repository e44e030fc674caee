/** Finds the files of a checkpoint again, whatever their names are now. */
import { closeSync, constants, openSync } from 'node:fs';
import { entriesOf } from '../../../io/files/file-name.ts';
import { type ListedFile, lookAt } from '../../../io/files/input-files.ts';
import { idOf, isOf, type TailPosition } from '../../../io/files/tail-position.ts';
import { areRelated, isCopyOf } from './tail-copies.ts';
import { readAt } from './tailed-file.ts';

/** Without this, opening a pipe waits for its writer. */
export const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The files that a tail may find again: those that it follows, and the others in their folders. */
export class Disk {
  readonly #listed: readonly ListedFile[];
  readonly #names: readonly string[];
  readonly #resolve: (path: string) => string;
  #others: readonly ListedFile[] | null = null;

  /** `names`: names of files whose folders are searched. */
  constructor(listed: readonly ListedFile[], names: readonly string[], resolve: (path: string) => string) {
    this.#listed = listed;
    this.#names = names;
    this.#resolve = resolve;
  }

  /** The file of a position by its number, followed or not. */
  byNumber(position: TailPosition): ListedFile | null {
    const isIt = ({ stat }: ListedFile) => isOf(position, stat);
    return this.#listed.find(isIt) ?? this.others().find(isIt) ?? null;
  }

  /** A file that is not the one of the position but a copy of it: restored, or left by a rotation that copies. */
  copyOf(position: TailPosition, isTaken: (file: ListedFile) => boolean): ListedFile | null {
    const isCopy = (file: ListedFile) => !isTaken(file) && isCopyAt(position, file);
    const listed = this.#listed.filter(isCopy);
    return (
      listed.find(({ name }) => name === position.name) ?? listed[0] ?? this.others().find((file) => areRelated(position, file.name) && isCopy(file)) ?? null
    );
  }

  /** Files of the same folders that are not followed. */
  others(): readonly ListedFile[] {
    if (this.#others) return this.#others;
    const known = new Set(this.#listed.map(({ stat }) => idOf(stat)));
    const folders = new Set([...this.#names, ...this.#listed.map(({ name }) => name)].map((name) => name.slice(0, name.lastIndexOf('/') + 1)));
    this.#others = [...folders].flatMap((prefix) =>
      entries(this.#resolve(prefix || '.')).flatMap(({ path, name }) => {
        const found = lookAt(path, prefix + name);
        return found && !('problem' in found) && !known.has(idOf(found.stat)) ? [found] : [];
      }),
    );
    return this.#others;
  }
}

function isCopyAt(position: TailPosition, { path, name, size }: ListedFile): boolean {
  if (size < position.offset) return false;
  try {
    const descriptor = openSync(path, openFlags);
    try {
      return isCopyOf(position, { name, length: size, readAt: (from, length) => readAt(descriptor, from, length) });
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

function entries(folder: string) {
  try {
    return entriesOf(folder);
  } catch {
    return [];
  }
}
