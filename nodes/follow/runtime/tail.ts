/** Follows files: appended content, files that are renamed and created anew, truncated, copied, compressed, and new ones. */
import { type BigIntStats, fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reader, RowFailure, SourceBatch } from '@millrace/kit/node';
import type { Batch, Parser } from '../../../io/files/file-rows.ts';
import { fileError, type ListedFile, listFiles, notAFile } from '../../../io/files/input-files.ts';
import { spareDescriptors } from '../../../io/files/spare-descriptors.ts';
import { bornAt, headBytes, holds, idOf, isOf, type TailPosition, tailPositions } from '../../../io/files/tail-position.ts';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Json } from '../../../model/values/types.ts';
import { EndedFiles } from './ended-files.ts';
import { packedWith, plainContent } from './tail-content.ts';
import { areRelated } from './tail-copies.ts';
import { type Opened, PackedFiles } from './tail-packed.ts';
import { TailReport } from './tail-report.ts';
import { Disk, openFlags } from './tail-restore.ts';
import { readAt, TailedFile, type TailStart } from './tailed-file.ts';

/** The clock by which a tail checks the disk, in milliseconds: one that cannot be set. */
export interface TailClock {
  now(): number;
  /** Resolves after this long, or when `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
export interface TailOptions {
  /** A path or pattern, as in the params. */
  readonly path: string;
  /** Names that the pattern matches and that are not followed. */
  readonly exclude?: string | null;
  /** Where to begin in files that exist when a run starts from scratch. Files that appear later are read from their beginning. */
  readonly from: 'beginning' | 'end';
  readonly batchSize: number;
  readonly start: Json;
  readonly signal: AbortSignal;
  /** Milliseconds without a change after which a file is taken for what it seems to be: see `FileTail`. */
  readonly settleMs?: number;
  /** The system's time unless given. */
  readonly clock?: TailClock;
  resolve(path: string): string;
  /** `fail` is called for lines that do not fit. */
  parser(fail: (failure: RowFailure) => void): Parser;
  fail(failure: RowFailure): void;
  log(level: 'info' | 'warning', message: string): void;
}

const maxFiles = 1000;
/** Of the files that the process may open, those left to the rest of the run: without them it would end without a message. */
const reservedFiles = 32;
/** Files without a followed name that are kept open because a program may still write to them. */
const maxLeft = 64;
/** How far back to look for the end of the last complete line. */
const lastLineBytes = 1024 * 1024;
/** How often to check for more: soon while rows are arriving, less often in quiet times. */
const busyPollMs = 20;
const quietPollMs = 250;
const busyForMs = 2000;

/**
 * A file is identified by its device and inode, and by its content if these are reused. It is open from when it is first seen until it is
 * deleted, so that renaming and deleting it loses nothing. Some things are certain only when nothing has changed for `settleMs`: that no
 * program writes to a deleted file any more, and that a file which begins like another one is not a copy in progress.
 */
export class FileTail implements Reader {
  readonly #options: TailOptions;
  readonly #settleMs: number;
  readonly #clock: TailClock;
  readonly #closing = new AbortController();
  /** Aborted when the tail is closed or the run is stopped. */
  readonly #ending: AbortSignal;
  /** By device and inode, in the order in which they are read. */
  readonly #files = new Map<string, TailedFile>();
  readonly #ended = new EndedFiles();
  readonly #report: TailReport;
  readonly #packed: PackedFiles;
  /** Names of each file in the last listing, by device and inode. */
  readonly #names = new Map<string, Set<string>>();
  /** The files of the checkpoint, for the first check. */
  #before: readonly TailPosition[];
  #pruneAt = 100;
  #current: TailedFile | null = null;
  #lastRowsAt = 0;
  #lookedAt = 0;
  #isFirstLook = true;
  #wasAtEnd = true;
  /** Lines that failed since the last batch: they are sent with the next one, whether it has rows or not. */
  #failed = 0;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#settleMs = options.settleMs ?? 2000;
    const { files, lost } = tailPositions(options.start);
    this.#before = files;
    this.#report = new TailReport(options.log, lost ?? 0);
    this.#packed = new PackedFiles(this.#ended, this.#report);
    this.#clock = options.clock ?? systemClock;
    this.#ending = AbortSignal.any([options.signal, this.#closing.signal]);
  }

  readonly #fail = (failure: RowFailure): void => {
    this.#failed++;
    this.#options.fail(failure);
  };

  async read(): Promise<SourceBatch | null> {
    const batch: Batch = { rows: [], lines: [], size: this.#options.batchSize };
    for (;;) {
      if (this.#ending.aborted) return null;
      // What follows a reached end may belong to a file that was rewritten: check before reading on.
      if (this.#wasAtEnd || this.#clock.now() - this.#lookedAt >= quietPollMs) await this.#look();
      if (await this.#fill(batch)) {
        this.#failed = 0;
        this.#lastRowsAt = this.#clock.now();
        const { name: source, id: part } = this.#current ?? missing('the file that rows came of');
        const { rows, lines } = batch;
        return { rows, part, locate: (index) => ({ source, line: lines[index] ?? 1 }) };
      }
      await this.#pause();
    }
  }

  position(): Json {
    // Until the disk was checked, only earlier information about the files is known.
    if (this.#isFirstLook) return this.#options.start;
    const files = [...Array.from(this.#files.values(), (file) => file.position()), ...this.#ended.positions()];
    return { files, lost: this.#report.lost };
  }

  /** Each file has an order of its own. */
  *parts() {
    for (const { id, waiting, hasRows, isHeld } of this.#files.values()) yield { id, isWaiting: waiting > 0 || hasRows || isHeld };
  }

  backlog() {
    let waiting = 0;
    for (const file of this.#files.values()) waiting += file.waiting;
    return { waiting, unit: 'bytes' as const, ...(this.#report.lost > 0 && { lost: this.#report.lost }) };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) await file.close();
  }

  /** Rows of one file; the current one, as long as it has some. */
  async #fill(batch: Batch): Promise<boolean> {
    const files = [...this.#files.values()];
    const first = this.#current ? Math.max(0, files.indexOf(this.#current)) : 0;
    this.#wasAtEnd = true;
    for (let i = 0; i < files.length; i++) {
      const file = itemAt(files, (first + i) % files.length);
      if (file.isHeld || this.#waitsForAnother(file)) continue;
      this.#current = file;
      file.parse(batch);
      while (batch.rows.length < batch.size && (await file.fill())) file.parse(batch);
      file.hasRows = batch.rows.length === batch.size;
      this.#wasAtEnd = !file.hasRows;
      if (file.isDone && batch.rows.length === 0) await this.#end(file);
      if (batch.rows.length > 0 || (this.#failed > 0 && !file.isWithinLine)) return true;
      if (this.#closing.signal.aborted) return false;
    }
    return false;
  }

  /** The file that had its name before is read first, to the end of its last line. */
  #waitsForAnother({ after }: TailedFile): boolean {
    return after !== null && this.#files.get(after.id) === after && after.leftAt !== null && (after.waiting > 0 || after.held > 0 || after.isCut);
  }

  /** Compares what is on disk now with what is being read. */
  async #look(): Promise<void> {
    this.#lookedAt = this.#clock.now();
    const now = this.#lookedAt;
    const isFirst = this.#isFirstLook;
    const unresolved = isFirst ? await this.#restore(now) : [];
    // A copy that was made before a file was truncated is in every listing after that was seen; those before may not have it.
    const cut = [...this.#files.values()].filter(({ isCut }) => isCut);
    const listing = listFiles(this.#options.path, this.#options.resolve, this.#options.exclude);
    this.#report.leftOut(listing.leftOut);
    // A file may have several names: it keeps the one that it has here.
    const listed = new Map<string, ListedFile>();
    this.#names.clear();
    for (const file of listing.files) {
      const id = idOf(file.stat);
      this.#files.get(id)?.call(file.name);
      this.#names.set(id, (this.#names.get(id) ?? new Set()).add(file.name));
      if (!listed.has(id) || this.#files.get(id)?.name === file.name) listed.set(id, file);
    }
    const names = new Set(listing.files.map(({ name }) => name));
    for (const file of this.#files.values()) {
      file.see(listed.get(file.id) ?? null, now);
      if (!isFirst && file.leftAt === now && !names.has(file.name)) this.#report.missing(file.name);
    }
    if (isFirst && listing.files.length === 0 && listing.leftOut.length === 0) this.#report.missing(this.#options.path);
    for (const file of cut) {
      const copy = this.#ended.copyOf(file.position());
      if (!copy) continue;
      this.#ended.readInstead(copy, file);
      this.#startOver(file, copy.offset);
    }
    // Only then it is known whether a compressed file is a copy of an existing one.
    const inOrder = [...listed].sort(([, a], [, b]) => Number(/\.gz$/.test(a.name)) - Number(/\.gz$/.test(b.name)));
    for (const [id, file] of inOrder) {
      this.#report.found(file.name);
      if (!this.#files.has(id)) await this.#meet(file, now, isFirst);
      if (this.#closing.signal.aborted) return;
    }
    if (unresolved.length > 0) await this.#recover(unresolved, now);
    await this.#settle(cut, now);
    this.#isFirstLook = false;
    this.#before = [];
  }

  /** A file that is not followed yet. */
  async #meet(listed: ListedFile, now: number, isFirst: boolean): Promise<void> {
    if (this.#packed.isSettled(listed, now)) return;
    const toEnd = isFirst && this.#options.start === null && this.#options.from === 'end';
    const file = await this.#follow(listed, now, (descriptor) => {
      if (toEnd) return endOf(descriptor);
      return this.#ended.of(listed.stat, (position) => holds(position, (from, length) => readAt(descriptor, from, length)));
    });
    if (file && file.offset === 0 && !file.isPacked) {
      file.isHeld = !isFirst || this.#options.start !== null;
      file.after = [...this.#files.values()].find((other) => other !== file && other.leftAt !== null && other.name === file.name) ?? null;
    }
  }

  /** Opens a file, whichever has its name by now, and follows it from the result of `startOf`; null: from its beginning. */
  async #follow({ path, name }: ListedFile, now: number, startOf: StartOf): Promise<TailedFile | null> {
    expectRoom(this.#options.path, this.#files.size);
    let handle: FileHandle;
    try {
      handle = await open(path, openFlags);
    } catch (error) {
      // Gone again since it was listed: it is found where it is now, if the pattern matches it there.
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) this.#report.unreadable(name, fileError(error, name).problem);
      return null;
    }
    const content = await this.#contentOf(handle, name, startOf).catch((error) => this.#report.unreadable(name, fileError(error, name).problem));
    if (!content || this.#closing.signal.aborted) {
      await handle.close();
      return null;
    }
    const stat = await handle.stat({ bigint: true });
    const file = new TailedFile(name, stat, content.content, this.#options.parser(this.#fail), content.start, now);
    for (const before of this.#before) if (isOf(before, stat)) for (const each of [...(before.names ?? []), before.name]) file.call(each);
    for (const each of this.#names.get(file.id) ?? []) file.call(each);
    this.#files.set(file.id, file);
    this.#ended.forget(stat, file.offset);
    return file;
  }

  /** Null if there is nothing to read: it is already followed, not a file, or a copy of what was read. */
  async #contentOf(handle: FileHandle, name: string, startOf: StartOf): Promise<Opened | null> {
    const stat = await handle.stat({ bigint: true });
    if (this.#files.has(idOf(stat))) return null;
    if (!stat.isFile()) {
      this.#report.unreadable(name, notAFile(name));
      return null;
    }
    const given = startOf(handle.fd, stat);
    if (given === undefined) return null;
    const packer = packedWith(readAt(handle.fd, 0, 16));
    const inCopiesOnly = startOf === onlyCopies;
    if (packer === null) return inCopiesOnly ? null : { content: plainContent(handle), start: given ?? { offset: 0, line: 1 } };
    const isAnew = this.#isFirstLook && this.#options.start === null;
    return this.#packed.open(handle, name, stat, packer, {
      files: [...this.#files.values()],
      isSkipped: isAnew && this.#options.from === 'end',
      inCopiesOnly,
      hasLostNames: (file) => [...file.names].some((each) => !this.#names.get(file.id)?.has(each)),
      giveAway: (original, size) => this.#startOver(original, size),
    });
  }

  /** The first check of a run: resumes where the last run was. Returns what cannot be found again, unless a compressed copy contains it. */
  async #restore(now: number): Promise<TailPosition[]> {
    const before = this.#before;
    const taken = new Set<string>();
    // A file of which nothing was read yet may be the copy of another one.
    const isUnread = ({ offset, packed, ended }: TailPosition) => offset === 0 && !packed && !ended;
    let sought = before.filter((position) => position.ended !== 'gone' && !isUnread(position));
    for (const position of before) if (position.ended === 'gone') this.#ended.leave(position);
    // A file that is renamed meanwhile is found in another attempt.
    for (let attempt = 0; attempt < 3 && sought.length > 0; attempt++) {
      const disk = this.#disk(before);
      const missed: TailPosition[] = [];
      for (const position of sought) {
        const file = disk.byNumber(position);
        if (file) taken.add(idOf(file.stat));
        if (!file || !(await this.#goOn(file, position, now))) missed.push(position);
      }
      sought = missed;
    }
    const disk = this.#disk(sought);
    const unresolved: TailPosition[] = [];
    for (const position of sought) {
      const copy = disk.copyOf(position, ({ stat }) => taken.has(idOf(stat)) || this.#ended.of(stat) !== null);
      const packed = this.#ended.copyOf(position);
      if (copy && (await this.#goOn(copy, { ...position, name: copy.name, ended: undefined }, now))) {
        taken.add(idOf(copy.stat));
        this.#report.copy(copy.name, position.name, position.line);
      } else if (packed) this.#ended.readInstead(packed, position);
      else {
        const gone = this.#ended.leave(position);
        if (!position.ended) unresolved.push(gone);
      }
    }
    for (const position of before.filter(isUnread)) {
      // The content of a copy of it is not known to be read any more: the copy is examined again.
      for (let copy = this.#ended.copyOf(position); copy; copy = this.#ended.copyOf(position)) this.#ended.drop(copy);
      const file = disk.others().find(({ stat }) => isOf(position, stat));
      if (!file || this.#files.has(idOf(file.stat))) continue;
      await this.#goOn(file, position, now);
      const unread = this.#files.get(idOf(file.stat));
      if (unread) unread.isHeld = true;
    }
    return unresolved;
  }

  #disk(positions: readonly TailPosition[]): Disk {
    const { path, resolve, exclude } = this.#options;
    const names = positions.map(({ name }) => name);
    return new Disk(listFiles(path, resolve, exclude).files, names, resolve);
  }

  /** Follows a file from a position; false if another one has its name by now, or it does not contain what was read. */
  async #goOn(file: ListedFile, position: TailPosition, now: number): Promise<boolean> {
    const id = idOf(file.stat);
    if (position.ended || position.packed) this.#ended.finish(position.ended ? position : { ...position, size: -1 });
    if (position.ended) return true;
    // Under its former name: the next check finds its current one, if that is followed.
    await this.#follow({ ...file, name: position.name }, now, (descriptor, stat) => {
      const isAsRead = () =>
        position.packed ? packedWith(readAt(descriptor, 0, 16)) !== null : holds(position, (from, length) => readAt(descriptor, from, length));
      return idOf(stat) === id && isAsRead() ? position : undefined;
    });
    return this.#files.has(id) || (position.packed === true && this.#ended.of(file.stat) !== null);
  }

  /** A file of the checkpoint that is neither on disk nor in a followed copy may be in a compressed copy. */
  async #recover(positions: readonly TailPosition[], now: number): Promise<void> {
    const disk = this.#disk(positions);
    for (const position of positions) {
      const isSought = ({ name }: ListedFile) => /\.gz$/.test(name) && areRelated(position, name);
      const copies = this.#ended.isGone(position) ? disk.others() : [];
      for (const file of copies.filter(isSought)) if (this.#ended.isGone(position)) await this.#follow(file, now, onlyCopies);
      const isFound = position.offset > 0 && !position.packed && !this.#ended.isGone(position);
      if (!isFound) this.#report.notFound(position, disk.byNumber(position) !== null);
    }
  }

  /** Decides what is certain only after some time, or after changes of other files. */
  async #settle(cut: readonly TailedFile[], now: number): Promise<void> {
    const files = [...this.#files.values()];
    for (const file of files) if (file.isHeld) await this.#judge(file, now);
    for (const file of files) {
      if (cut.includes(file) && file.isCut) this.#startOver(file, 0);
      else if (!file.isCut && file.hasOtherLineEnds && now - file.changedAt >= this.#settleMs) this.#report.lineEnds(file.name);
    }
    // A program may still write to those that were left last.
    const leftAt = (file: TailedFile) => file.leftAt ?? Number.NEGATIVE_INFINITY;
    const left = files.filter((file) => file.leftAt !== null && !file.isPacked).sort((a, b) => leftAt(b) - leftAt(a));
    const kept = new Set(left.filter(({ stat }) => stat.nlink > 0n).slice(0, maxLeft));
    const replaced = new Set(files.filter(({ size }) => size > 0).map(({ after }) => after));
    for (const file of left) {
      if (file.waiting > 0 || file.isHeld) continue;
      const isQuiet = now - Math.max(leftAt(file), file.changedAt) >= this.#settleMs;
      if (file.stat.nlink === 0n) file.isFinal = isQuiet;
      else file.isFinal = !kept.has(file) || (isQuiet && replaced.has(file) && file.held > 0);
    }
  }

  /** Whether a new file is a copy of one that is read, as a rotation makes it before it truncates or deletes that one. */
  async #judge(file: TailedFile, now: number): Promise<void> {
    const head = file.readAt(0, headBytes);
    if (head.length === 0) return;
    if (packedWith(head) !== null) {
      // It was empty when it was opened: the next check finds it again.
      return this.#leave(file);
    }
    const twins = [...this.#files.values()].filter((other) => other !== file && !other.isHeld && !other.isPacked && other.beginsAs(head));
    const original = twins.find((twin) => twin.isCut || isDeletedAfter(twin, file));
    if (!original) {
      file.isHeld = twins.length > 0 && now - file.changedAt < this.#settleMs;
      return;
    }
    if (!original.isCut && original.waiting > 0) return;
    file.isHeld = false;
    if (file.size < original.readTo) {
      if (!original.isCut) return;
      this.#report.copy(file.name, original.name, null);
      file.moveTo(endOf(file.descriptor));
    } else if (original.endsAs(file.descriptor)) {
      this.#report.copy(file.name, original.name, original.line);
      file.moveTo(original);
      if (original.isCut) this.#startOver(original, file.size);
      else await this.#leave(original);
    }
  }

  /** A file that was truncated is read from its beginning. `copied`: bytes that a copy of it has, which is read instead. */
  #startOver(file: TailedFile, copied: number): void {
    this.#report.cut(file.name, Number(file.statNow().size) < file.readTo, file.unread(copied));
    file.startOver(this.#lookedAt);
  }

  #leave(file: TailedFile): Promise<void> {
    this.#files.delete(file.id);
    if (this.#current === file) this.#current = null;
    return file.close();
  }

  /** A file has ended for good. */
  async #end(file: TailedFile): Promise<void> {
    const position = file.position();
    const isGone = file.statNow().nlink === 0n;
    await this.#leave(file);
    this.#ended.complete(position);
    if (isGone) this.#ended.leave(position);
    else this.#ended.finish(position);
    if (this.#ended.finished <= this.#pruneAt) return;
    const disk = new Disk(
      [],
      this.#ended.positions().map(({ name }) => name),
      this.#options.resolve,
    );
    this.#ended.prune((ended) => disk.byNumber(ended) !== null);
    this.#pruneAt = Math.max(100, 2 * this.#ended.finished);
  }

  #pause(): Promise<void> {
    return this.#clock.wait(this.#clock.now() - this.#lastRowsAt < busyForMs ? busyPollMs : quietPollMs, this.#ending);
  }
}

/** Throws if not even one more file than `followed` can be followed. */
function expectRoom(path: string, followed: number): void {
  const tooMany = (message: string, hint: string) => new MillraceError({ code: 'file/too-many', message, hint, field: 'path' });
  if (followed >= maxFiles) {
    throw tooMany(
      `${path} names more than ${thousands(maxFiles)} files, which cannot all be followed at once.`,
      'Name more of the folder, or of the file names.',
    );
  }
  if (spareDescriptors(reservedFiles) < reservedFiles) {
    const message = `${path} names more files than may be open at once here: ${thousands(followed)} of them are.`;
    throw tooMany(message, 'Raise the limit, such as with "ulimit -n 4096", or name more of the folder, or of the file names.');
  }
}

const systemClock: TailClock = {
  now: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

/** Where to begin in a file that was opened. Null: at its beginning; undefined: it is not the intended one. */
type StartOf = (descriptor: number, stat: BigIntStats) => TailStart | null | undefined;
/** A compressed file is examined only as a copy of files that are gone, and is not followed otherwise. */
const onlyCopies: StartOf = () => null;

/** It is no longer on disk, and was removed after the other one was created. */
function isDeletedAfter(file: TailedFile, other: TailedFile): boolean {
  return file.stat.nlink === 0n && bornAt(other.stat) !== '' && other.stat.birthtimeNs < file.stat.ctimeNs;
}

/** After the last complete line. Lines are not counted: their numbers start there. */
function endOf(descriptor: number): TailStart {
  const { size } = fstatSync(descriptor);
  const last = readAt(descriptor, Math.max(0, size - lastLineBytes), Math.min(size, lastLineBytes));
  return { offset: size - last.length + last.lastIndexOf(10) + 1, line: 1 };
}
