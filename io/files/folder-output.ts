import { accessSync, constants, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Output, SinkContext, Undo, Writer } from '@millrace/kit/node';
import { itemAt, missing } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Json, Row } from '../../model/values/types.ts';
import type { RowWriter } from '../text/row-text.ts';
import { TextBuffer } from '../text/text-buffer.ts';
import type { CheckpointedFile } from './checkpointed-file.ts';
import { claimOutput } from './claimed-output.ts';
import { changed, type FileToken, fileToken, finishCommit, settledToken } from './file-commit.ts';
import { outputProblem } from './output-problem.ts';
import { PartNames } from './part-file.ts';
import { StagedFile } from './staged-file.ts';

/** Files that may be open at a time, each with as many bytes of buffered rows. */
const openFiles = 64;
const flushBytes = 1 << 18;
/** More are nearly always a mistake, and each checkpoint lists them all. */
const mostFolders = 100_000;

export interface FolderFormat {
  readonly rows: RowWriter;
  /** What a new file starts with. */
  readonly header: string;
  /** Throws if rows do not fit the beginning of an existing file. */
  check(file: CheckpointedFile): void;
  /** A row's folder, relative and with `/` between names; null if it can have none. */
  folderOf(row: Row): string | null;
}
export interface FolderParams {
  /** Where the file would be without folders. */
  readonly path: string;
  /** For people: the files as a pattern. */
  readonly pattern: string;
  /** How many levels of folders there are. */
  readonly depth: number;
  readonly mode: 'replace' | 'append';
  readonly compress: boolean;
}

/** A file that has rows which are not committed, or had some recently. */
interface OpenFile {
  readonly file: StagedFile;
  readonly folder: string;
  /** Buffered rows. */
  waiting: Uint8Array[];
  waitingBytes: number;
  /** It has rows that are not prepared. */
  isDirty: boolean;
  isOpen: boolean;
}

/** Writes rows as lines of text files of one name, each in the folder to which a row belongs. Throws MillraceErrors. */
export class FolderOutput implements Writer {
  readonly #context: SinkContext<unknown>;
  readonly #params: FolderParams;
  readonly #format: FolderFormat;
  readonly #path: string;
  readonly #root: string;
  readonly #buffer = new TextBuffer();
  /** What is committed of each file of this lineage, by folder. */
  readonly #committed = new Map<string, FileToken>();
  /** Those used last come last. */
  readonly #files = new Map<string, OpenFile>();
  #openCount = 0;
  #last: OpenFile | null = null;
  #prepared: OpenFile[] | null = null;
  /** Folders that were created since the last commit, outer ones first. */
  #made: string[] = [];

  constructor(context: SinkContext<unknown>, params: FolderParams, format: FolderFormat) {
    this.#context = context;
    this.#params = params;
    this.#format = format;
    this.#path = context.path(params.path);
    this.#root = dirname(this.#path);
    claimOutput(context, this.#path, 'file');
    try {
      if (!statSync(this.#root).isDirectory()) throw Object.assign(new Error('is no folder'), { code: 'ENOTDIR' });
      accessSync(this.#root, constants.W_OK);
      if (context.resume) this.#goOn(context.resume);
      this.#removeStale();
    } catch (error) {
      throw outputProblem(error, this.#path);
    }
  }

  write(rows: readonly Row[]): void {
    const { folderOf } = this.#format;
    const groups = new Map<string | null, Row[]>();
    let last: string | null | undefined;
    let group: Row[] = [];
    for (const row of rows) {
      const folder = folderOf(row);
      if (folder !== last) {
        last = folder;
        const known = groups.get(folder);
        group = known ?? [];
        if (!known) groups.set(folder, group);
      }
      group.push(row);
    }
    for (const [folder, some] of groups) {
      if (folder === null) for (const row of some) this.#refuse(row);
      else this.#add(folder, some);
    }
  }

  prepare(checkpoint: number): Json {
    if (this.#prepared) throw new Error(`${this.#params.path} has a checkpoint that was prepared and not committed`);
    const prepared: OpenFile[] = [];
    const tokens = new Map(this.#committed);
    this.#prepared = prepared;
    for (const each of this.#files.values()) {
      if (!each.isDirty) continue;
      this.#flush(each);
      prepared.push(each);
      tokens.set(each.folder, fileToken(each.file.prepare(checkpoint)));
      each.isDirty = false;
      this.#closed(each);
    }
    return { files: Object.fromEntries(tokens) };
  }

  commit(checkpoint = 0): void {
    // All are on disk before the first one is put in place.
    if (!this.#prepared) this.prepare(checkpoint);
    for (const { folder, file } of this.#prepared ?? missing('what was prepared')) {
      file.commit();
      this.#committed.set(folder, settledToken(file.path, statSync(file.path).size));
    }
    this.#prepared = null;
    this.#made = [];
    const dirty = [...this.#files.values()].filter(({ isDirty }) => isDirty);
    for (const each of this.#files.values()) if (!each.isDirty) this.#files.delete(each.folder);
    this.#guard(dirty.flatMap(({ file }) => file.undo()));
  }

  abort(): void {
    for (const { file } of this.#files.values()) file.abort();
    this.#files.clear();
    // Empty folders are removed with their files; anything else in a folder keeps it.
    for (const folder of this.#made.reverse()) removeEmpty(folder);
    this.#made = [];
  }

  close(): void {
    for (const { file } of this.#files.values()) file.close();
    this.#files.clear();
  }

  output(): Output {
    return { kind: 'file', path: this.#context.path(this.#params.pattern), isPattern: true };
  }

  #add(folder: string, rows: readonly Row[]): void {
    const each = this.#fileOf(folder);
    if (!each.isDirty) {
      each.isDirty = true;
      this.#guard(itemAt(each.file.undo(), 0));
    }
    this.#format.rows(rows, this.#buffer);
    // The buffer's own bytes are overwritten next.
    const bytes = Uint8Array.prototype.slice.call(this.#buffer.take());
    each.waiting.push(bytes);
    each.waitingBytes += bytes.length;
    if (each.waitingBytes >= flushBytes) this.#flush(each);
  }

  #fileOf(folder: string): OpenFile {
    const known = this.#files.get(folder);
    if (known?.isOpen) {
      // Most rows are for the file that was used last.
      if (this.#last !== known) this.#moveToEnd(known);
      return known;
    }
    if (this.#openCount >= openFiles) this.#park();
    const each = known ?? this.#open(folder);
    each.isOpen = true;
    this.#openCount++;
    this.#moveToEnd(each);
    return each;
  }

  #moveToEnd(each: OpenFile): void {
    this.#files.delete(each.folder);
    this.#files.set(each.folder, each);
    this.#last = each;
  }

  /** Closes the least recently used file. */
  #park(): void {
    for (const each of this.#files.values()) {
      if (!each.isOpen) continue;
      this.#flush(each);
      each.file.park();
      this.#closed(each);
      return;
    }
  }

  #closed(each: OpenFile): void {
    if (each.isOpen) this.#openCount--;
    each.isOpen = false;
  }

  #flush(each: OpenFile): void {
    if (each.waiting.length === 0) return;
    each.file.write(each.waiting.length === 1 ? itemAt(each.waiting, 0) : Buffer.concat(each.waiting));
    each.waiting = [];
    each.waitingBytes = 0;
  }

  #open(folder: string): OpenFile {
    const { mode, compress } = this.#params;
    const { lineage, resume } = this.#context;
    const path = this.#pathIn(folder);
    const before = this.#committed.get(folder);
    if (!before && this.#committed.size + this.#files.size >= mostFolders) throw this.#tooMany();
    try {
      this.#makeFolder(dirname(path));
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (before && (size === undefined || size < (before.base ?? 0))) throw changed(path, before.base ?? 0);
      // It is not known which part of it belongs to a checkpoint that was given up.
      if (!before && mode === 'append' && size !== undefined && resume?.isOlder) throw this.#inDoubt(path);
      if (!before) claimOutput(this.#context, path, 'file');
      const file = new StagedFile(path, { append: mode === 'append' || before !== undefined, gzip: compress, lineage });
      if (file.continues) this.#format.check(file);
      const start = Buffer.from(!file.continues ? this.#format.header : file.endsMidLine() ? '\n' : '');
      return { file, folder, waiting: [start], waitingBytes: start.length, isDirty: false, isOpen: false };
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  #makeFolder(folder: string): void {
    const first = mkdirSync(folder, { recursive: true });
    if (first === undefined) return;
    const below = relative(first, folder);
    let made = first;
    this.#made.push(made);
    for (const name of below === '' ? [] : below.split(/[/\\]/)) {
      made = join(made, name);
      this.#made.push(made);
    }
  }

  #pathIn(folder: string): string {
    return join(this.#root, ...folder.split('/'), basename(this.#path));
  }

  #goOn({ token, isOlder }: NonNullable<SinkContext<unknown>['resume']>): void {
    for (const [folder, given] of Object.entries((token as { readonly files: { readonly [folder: string]: Json } }).files)) {
      const path = this.#pathIn(folder);
      const { length, cut } = finishCommit(path, dirname(path), fileToken(given), isOlder === true);
      if (cut > 0) this.#context.log('warning', `${path} held ${thousands(cut)} bytes after the committed ones. They were cut off.`);
      this.#committed.set(folder, settledToken(path, length));
      claimOutput(this.#context, path, 'file');
    }
  }

  /** What killed processes and earlier attempts left, also in folders that get no rows this time. */
  #removeStale(): void {
    const { depth } = this.#params;
    const visit = (folder: string, level: number): void => {
      if (level === depth) new PartNames(join(folder, basename(this.#path)), this.#context.lineage).removeStale();
      else {
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
          if (entry.isDirectory() && entry.name.includes('=')) visit(join(folder, entry.name), level + 1);
        }
      }
    };
    visit(this.#root, 0);
  }

  #guard(undo: Undo | readonly Undo[]): void {
    this.#context.guard?.(undo);
  }

  #refuse(row: Row): void {
    this.#context.fail({
      code: 'file/folder-name',
      message: 'The name of its folder would be longer than 255 bytes.',
      hint: 'Choose a column with shorter values under "Folders by".',
      field: 'folders',
      row,
    });
  }

  #tooMany(): MillraceError {
    return new MillraceError({
      code: 'file/too-many-folders',
      message: `The rows belong to more than ${thousands(mostFolders)} folders below ${this.#root}.`,
      hint: 'Choose less fine folders: by the date instead of the minute, or by a column of fewer values.',
      field: 'folders',
    });
  }

  #inDoubt(path: string): MillraceError {
    return new MillraceError({
      code: 'file/added-to',
      message: `${path} may hold rows of checkpoints that are gone.`,
      hint: 'Move it to another folder, or run from scratch. Nothing was cut off.',
      field: 'path',
      position: { source: path },
    });
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty, or is gone.
  }
}
