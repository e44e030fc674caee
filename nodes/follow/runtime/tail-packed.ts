/** Opens compressed files: decides for each what it is a copy of, and from where it is read. */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { ListedFile } from '../../../io/files/input-files.ts';
import { idOf, keyOf, numbersOf, printOf } from '../../../io/files/tail-position.ts';
import type { EndedFiles } from './ended-files.ts';
import { type Content, GzipContent, unpack } from './tail-content.ts';
import { isPackedTwin, packedCandidate } from './tail-copies.ts';
import type { TailReport } from './tail-report.ts';
import type { TailedFile, TailStart } from './tailed-file.ts';

/** After this time without a change, an incomplete gzip file is reported. */
const incompleteMs = 10_000;

export interface Opened {
  readonly content: Content;
  readonly start: TailStart;
}

/** The circumstances in which a compressed file is examined. */
export interface PackedLook {
  readonly files: readonly TailedFile[];
  /** Existing content is not read. */
  readonly isSkipped: boolean;
  /** It is examined only as a copy of files that are gone, and is not followed otherwise. */
  readonly inCopiesOnly: boolean;
  /** It has lost its former name. */
  hasLostNames(file: TailedFile): boolean;
  /** A file that was truncated was found to have a copy of this many bytes, which is read instead. */
  giveAway(original: TailedFile, size: number): void;
}

export class PackedFiles {
  readonly #ended: EndedFiles;
  readonly #report: TailReport;
  /** Files that cannot be read as they are now, by device and inode: when they were changed, and first seen like that. */
  readonly #unread = new Map<string, { readonly changed: bigint; since: number | null }>();

  constructor(ended: EndedFiles, report: TailReport) {
    this.#ended = ended;
    this.#report = report;
  }

  /** Whether there is nothing to open: it was read, or has not changed since it could not be read. */
  isSettled({ name, stat, size }: ListedFile, now: number): boolean {
    const known = this.#ended.of(stat);
    if (known?.packed && known.size === size && (known.changed ?? String(stat.mtimeNs)) === String(stat.mtimeNs)) return true;
    const unread = this.#unread.get(idOf(stat));
    if (unread?.changed !== stat.mtimeNs) return false;
    unread.since ??= now;
    if (now - unread.since >= incompleteMs) this.#report.incomplete(name);
    return true;
  }

  /** Null if there is nothing to read: it is not complete (yet), or a copy of what was read. */
  async open(handle: FileHandle, name: string, stat: BigIntStats, packer: string, look: PackedLook): Promise<Opened | null> {
    this.#unread.set(idOf(stat), { changed: stat.mtimeNs, since: null });
    if (packer !== 'gzip') {
      this.#report.packed(name, packer);
      return null;
    }
    // A rotation that copies a file before it truncates it may compress the copy at once.
    const cut = new Map(look.files.filter(({ isCut }) => isCut).map((each) => [each.position(), each]));
    const unpacked = await unpack(handle, (head) => this.#ended.offsetsFor(head, [...cut.keys()]));
    // It is being written: once it has changed, it is checked again.
    if (!unpacked) return null;
    this.#unread.delete(idOf(stat));
    const head = printOf(unpacked.head);
    const known = look.inCopiesOnly
      ? null
      : this.#ended.of(stat, (position) => position.packed === true && !position.copyOf && position.head.sha1 === head.sha1);
    const twin = known || look.inCopiesOnly ? null : look.files.find((file) => isPackedTwin(file, name, unpacked, look.hasLostNames(file)));
    const original = known || twin ? null : this.#ended.takeOriginal(packedCandidate(name, unpacked), [...cut.keys()]);
    const given = original && cut.get(original);
    if (given) look.giveAway(given, unpacked.length);
    if (look.inCopiesOnly && !original) return null;
    if (original) this.#report.copy(name, original.name, original.offset < unpacked.length ? original.line : null);
    else if (twin) this.#report.copy(name, twin.name, null);
    const start = twin || look.isSkipped ? { offset: unpacked.length, line: 1 } : (known ?? original ?? { offset: 0, line: 1 });
    if (start.offset < unpacked.length) return { content: new GzipContent(handle, unpacked), start };
    const { offset, line } = start;
    const copyOf = twin ? keyOf(twin.position()) : undefined;
    this.#ended.finish({ name, ...numbersOf(stat), offset, line, head, packed: true, changed: String(stat.mtimeNs), copyOf });
    return null;
  }
}
