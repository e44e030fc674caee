/** Follows files: what is appended, files that are renamed away and made anew, files that are cut off, and new ones. */
import { type BigIntStats, closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { Json } from '../../engine/schema/types.ts';
import type { Reader, SourceBatch } from '../kit/node.ts';
import type { Batch, Parser } from './file-rows.ts';
import { fileError, findFiles, type InputFile } from './input-files.ts';
import { headOf, TailedFile, type TailPosition, tailPositions } from './tailed-file.ts';

export interface TailOptions {
  /** A path or pattern, as in the params. */
  readonly path: string;
  /** Where to begin in files that are there when a run starts anew. Files that come later are read from their beginning. */
  readonly from: 'beginning' | 'end';
  readonly batchSize: number;
  readonly start: Json;
  readonly signal: AbortSignal;
  resolve(path: string): string;
  parser(): Parser;
  log(level: 'info' | 'warning', message: string): void;
}

const maxFiles = 1000;
/** How far back to look for the end of the last complete line. */
const lastLineBytes = 1024 * 1024;
/** How often to look for more: soon while rows are coming, less often in quiet times. */
const busyPollMs = 20;
const quietPollMs = 250;
const busyForMs = 2000;

export class FileTail implements Reader {
  readonly #options: TailOptions;
  /** By inode, in the order in which they are read. */
  readonly #files = new Map<string, TailedFile>();
  readonly #missing = new Set<string>();
  #current: TailedFile | null = null;
  #lastRowsAt = 0;
  #lookedAt = 0;
  #isFirstLook = true;
  #wasAtEnd = true;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(options: TailOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#rouse, { once: true });
  }

  async read(): Promise<SourceBatch | null> {
    const batch: Batch = { rows: [], lines: [], size: this.#options.batchSize };
    for (;;) {
      if (this.#closed || this.#options.signal.aborted) return null;
      // What follows an end that was reached may be of a file that was written anew: look before reading on.
      if (this.#wasAtEnd || Date.now() - this.#lookedAt >= quietPollMs) await this.#look();
      if (await this.#fill(batch)) {
        this.#lastRowsAt = Date.now();
        const source = this.#current!.name;
        const { rows, lines } = batch;
        return { rows, locate: (index) => ({ source, line: lines[index] ?? 1 }) };
      }
      await this.#pause();
    }
  }

  position(): Json {
    // Until the disk was looked at nothing is known of the files but what was known before.
    if (this.#isFirstLook) return this.#options.start;
    return { files: Array.from(this.#files.values(), (file) => file.position()) } as unknown as Json;
  }

  backlog() {
    let waiting = 0;
    for (const file of this.#files.values()) waiting += file.waiting;
    return { waiting, unit: 'bytes' as const };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.signal.removeEventListener('abort', this.#rouse);
    this.#rouse();
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) await file.close();
  }

  /** Rows of one file, the current one as long as it has some. */
  async #fill(batch: Batch): Promise<boolean> {
    const files = [...this.#files.values()];
    const first = this.#current ? Math.max(0, files.indexOf(this.#current)) : 0;
    for (let i = 0; i < files.length; i++) {
      const file = files[(first + i) % files.length]!;
      this.#current = file;
      file.parse(batch);
      while (batch.rows.length < batch.size && (await file.fill())) file.parse(batch);
      this.#wasAtEnd = batch.rows.length < batch.size;
      if (file.isDone && batch.rows.length === 0) await this.#drop(file);
      if (batch.rows.length > 0) return true;
      if (this.#closed) return false;
    }
    return false;
  }

  /** What is on the disk now, against what is being read. */
  async #look(): Promise<void> {
    this.#lookedAt = Date.now();
    if (this.#closed) return;
    const found = this.#list();
    if (this.#isFirstLook) await this.#begin(found);
    this.#isFirstLook = false;
    const names = new Set(found.map(({ file }) => file.name));
    for (const tailed of [...this.#files.values()]) {
      const now = found.find(({ inode }) => inode === tailed.inode);
      if (now) await this.#update(tailed, now.file);
      else if (!tailed.isFinal) {
        tailed.isFinal = true;
        if (!names.has(tailed.name)) this.#tellMissing(tailed.name);
      }
    }
    for (const { file, inode } of found) {
      this.#missing.delete(file.name);
      if (!this.#files.has(inode)) await this.#follow(file, inode, null);
    }
  }

  async #update(tailed: TailedFile, file: InputFile): Promise<void> {
    tailed.name = file.name;
    const isShorter = file.size < tailed.readTo;
    if (!isShorter && (file.size === tailed.size || tailed.beginsAsBefore())) {
      tailed.size = file.size;
      return;
    }
    this.#options.log('warning', `${file.name} was ${isShorter ? 'cut off' : 'written anew'}: it is read from its beginning again.`);
    const { inode } = tailed;
    await this.#drop(tailed);
    await this.#follow(file, inode, null);
  }

  /** The first look of a run: goes on where the last one was. */
  async #begin(found: readonly Found[]): Promise<void> {
    const before = tailPositions(this.#options.start);
    for (const position of before) {
      const known = found.find(({ inode, file }) => inode === position.inode && isSame(file, position)) ?? this.#renamed(position, found);
      if (known) {
        await this.#follow(known.file, known.inode, position);
        // What has another name now gets no more rows, unless the pattern still matches it.
        if (!found.some(({ inode }) => inode === known.inode)) this.#files.get(known.inode)!.isFinal = true;
        continue;
      }
      const line = position.line.toLocaleString('en');
      this.#options.log('warning', `${position.name} is not there any more as it was read up to line ${line}. What it held behind that cannot be read.`);
    }
    if (this.#options.start !== null || this.#options.from === 'beginning') return;
    for (const { file, inode } of found) await this.#follow(file, inode, endOf(file));
  }

  /** A file that was renamed while nobody read it stays in its folder, as a rule. */
  #renamed(position: TailPosition, found: readonly Found[]): Found | null {
    const folders = new Set([dirname(this.#options.resolve(position.name)), ...found.map(({ file }) => dirname(file.path))]);
    for (const folder of folders) {
      for (const name of names(folder)) {
        const path = join(folder, name);
        const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
        if (!stat?.isFile() || String(stat.ino) !== position.inode) continue;
        const file = { path, name: path, size: Number(stat.size) };
        if (isSame(file, position)) return { file, inode: position.inode };
      }
    }
    return null;
  }

  async #follow(file: InputFile, inode: string, start: Pick<TailPosition, 'offset' | 'line' | 'head'> | null): Promise<void> {
    if (this.#files.size >= maxFiles) {
      const message = `${this.#options.path} names more than ${maxFiles.toLocaleString('en')} files, which cannot all be followed at once.`;
      throw new MillraceError({ code: 'file/too-many', message, hint: 'Name more of the folder, or of the file names.', field: 'path' });
    }
    try {
      this.#files.set(inode, new TailedFile(file, inode, await open(file.path, 'r'), this.#options.parser(), start));
    } catch (error) {
      // Gone again since it was listed: the next look tells.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, file.name);
    }
  }

  async #drop(file: TailedFile): Promise<void> {
    this.#files.delete(file.inode);
    if (this.#current === file) this.#current = null;
    await file.close();
  }

  #list(): Found[] {
    const { path, resolve } = this.#options;
    let files: InputFile[];
    try {
      files = findFiles(path, resolve);
    } catch (error) {
      if (!(error instanceof MillraceError) || error.problem.code !== 'file/missing') throw error;
      if (this.#isFirstLook) this.#tellMissing(path);
      return [];
    }
    return files.flatMap((file) => {
      const stat = statSync(file.path, { bigint: true, throwIfNoEntry: false }) as BigIntStats | undefined;
      return stat ? [{ file: { ...file, size: Number(stat.size) }, inode: String(stat.ino) }] : [];
    });
  }

  #tellMissing(name: string): void {
    if (this.#missing.has(name)) return;
    this.#missing.add(name);
    this.#options.log('warning', `${name} is not there. Reading goes on as soon as it is.`);
  }

  #pause(): Promise<void> {
    const ms = Date.now() - this.#lastRowsAt < busyForMs ? busyPollMs : quietPollMs;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  readonly #rouse = (): void => this.#wake?.();
}

interface Found {
  readonly file: InputFile;
  readonly inode: string;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a file holds at least what was read of it, and begins alike. */
function isSame(file: InputFile, { offset, head }: TailPosition): boolean {
  if (file.size < offset) return false;
  try {
    const descriptor = openSync(file.path, 'r');
    try {
      return headOf(descriptor, head.bytes).sha1 === head.sha1 || head.bytes === 0;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/** Behind the last line that is complete. Lines are not counted: their numbers start there. */
function endOf(file: InputFile): Pick<TailPosition, 'offset' | 'line' | 'head'> {
  const descriptor = openSync(file.path, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const last = Buffer.alloc(Math.min(size, lastLineBytes));
    readSync(descriptor, last, 0, last.length, size - last.length);
    const offset = size - last.length + last.lastIndexOf(10) + 1;
    return { offset, line: 1, head: headOf(descriptor, Math.min(1024, offset)) };
  } finally {
    closeSync(descriptor);
  }
}
