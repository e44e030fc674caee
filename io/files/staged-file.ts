import { closeSync, constants, fchmodSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Undo } from '@millrace/kit/node';
import { missing } from '../../model/faults/missing.ts';
import type { Json } from '../../model/values/types.ts';
import type { CheckpointedFile, FileOptions } from './checkpointed-file.ts';
import {
  appendFile,
  appendPart,
  changed,
  digestBefore,
  digestOf,
  endsMidLine,
  type FileToken,
  fileToken,
  finishCommit,
  headOf,
  writable,
  writeAll,
} from './file-commit.ts';
import { outputProblem } from './output-problem.ts';
import { PartNames, syncFolder } from './part-file.ts';

/**
 * Rows wait in a part beside the target. A commit renames the part to the target (if that is new or replaced) or appends it to what exists,
 * so that a process that is killed before leaves the target as it was. Throws MillraceErrors.
 */
export class StagedFile implements CheckpointedFile {
  readonly path: string;
  readonly continues: boolean;
  readonly isLive = false;
  readonly cut: number = 0;
  readonly #gzip: boolean;
  readonly #names: PartNames;
  readonly #mode: number | null;
  /** The committed length of the target; null as long as the part replaces it. */
  #committed: number | null = null;
  #descriptor: number | null = null;
  /** The part has rows, and is closed. */
  #isParked = false;
  #length = 0;
  readonly #parts: string[] = [];
  #prepared: { readonly part: string | null; readonly base: number | null; readonly length: number } | null = null;

  constructor(path: string, options: FileOptions) {
    this.path = path;
    this.#gzip = options.gzip;
    try {
      const existing = writable(path);
      this.#mode = existing ? existing.mode & 0o777 : null;
      this.path = existing ? realpathSync(path) : path;
      this.#names = new PartNames(this.path, options.lineage ?? '');
      if (options.resume) {
        const { length, cut } = finishCommit(this.path, this.#names.folder, fileToken(options.resume.token), options.resume.isOlder === true);
        this.#committed = length;
        this.cut = cut;
      } else if (options.append && existing) this.#committed = existing.size;
      this.#names.removeStale();
      // Now, so that a folder that may not be written is reported before the first row.
      if (!options.resume) this.#openPart();
      this.continues = (this.#committed ?? 0) > 0;
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  head(length: number): Buffer {
    return headOf(this.path, length, this.#gzip);
  }

  endsMidLine(): boolean {
    return this.continues && !this.#gzip && endsMidLine(this.path, this.#committed ?? 0);
  }

  write(bytes: Uint8Array): void {
    try {
      const written = this.#gzip ? gzipSync(bytes) : bytes;
      writeAll(this.#descriptor ?? this.#openPart(), written);
      this.#length += written.length;
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  part(index: number): string {
    const part = this.#names.rows(index);
    this.#parts.push(part);
    return part;
  }

  take(part: string): void {
    try {
      this.#length += appendFile(this.#descriptor ?? this.#openPart(), part);
      rmSync(part, { force: true });
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  /** Closes the part until more is written to it, or it is committed: a process may have only so many files open. */
  park(): void {
    if (this.#descriptor === null) return;
    this.#closePart();
    this.#isParked = true;
  }

  prepare(checkpoint: number): Json {
    try {
      if (this.#prepared) throw new Error(`${this.path} has a checkpoint that was prepared and not committed`);
      const end = this.#seal();
      const { base, length, part: written } = this.#prepared ?? missing('what was prepared');
      const part = written && this.#names.prepared(checkpoint);
      if (part) {
        renameSync(this.#names.active, part);
        this.#prepared = { part, base, length };
        syncFolder(this.#names.folder);
      }
      const before = base === null ? '' : (digestOf(this.path, base) ?? missing(`the beginning of ${this.path}`));
      return { base, before, part: part && basename(part), length, end } satisfies FileToken;
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  commit(): void {
    try {
      if (!this.#prepared) this.#seal();
      const { part, base, length } = this.#prepared ?? missing('what was prepared');
      if (part !== null && base === null) {
        renameSync(part, this.path);
        syncFolder(this.#names.folder);
      } else if (part !== null && base !== null) {
        if (statSync(this.path, { throwIfNoEntry: false })?.size !== base) throw changed(this.path, base);
        appendPart(this.path, base, part);
        rmSync(part, { force: true });
      }
      this.#committed = (base ?? 0) + length;
      this.#prepared = null;
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  abort(): void {
    this.close();
    // Unlike `close`: no run will resume from there.
    if (this.#prepared?.part) rmSync(this.#prepared.part, { force: true });
    this.#prepared = null;
  }

  undo(): readonly Undo[] {
    return [this.#names.active, ...this.#parts].map((remove) => ({ remove }));
  }

  close(): void {
    for (const part of this.#parts.splice(0)) rmSync(part, { force: true });
    if (this.#descriptor === null && !this.#isParked) return;
    if (this.#descriptor !== null) this.#closePart();
    this.#isParked = false;
    rmSync(this.#names.active, { force: true });
  }

  #openPart(): number {
    if (this.#isParked) {
      this.#descriptor = openSync(this.#names.active, constants.O_RDWR | constants.O_APPEND);
      this.#isParked = false;
      return this.#descriptor;
    }
    rmSync(this.#names.active, { force: true });
    this.#descriptor = openSync(this.#names.active, 'wx+');
    this.#length = 0;
    return this.#descriptor;
  }

  #closePart(): void {
    const descriptor = this.#descriptor ?? missing('the open part');
    this.#descriptor = null;
    closeSync(descriptor);
  }

  /** Makes the part durable and finishes it. Returns the digest of its end. */
  #seal(): string {
    let base = this.#committed;
    if (base !== null) {
      // What others have added since the last commit stays, and rows are appended after it.
      const size = statSync(this.path, { throwIfNoEntry: false })?.size;
      if (size === undefined || size < base) throw changed(this.path, base);
      base = size;
    }
    if (this.#descriptor === null && !this.#isParked && base !== null) {
      this.#prepared = { part: null, base, length: 0 };
      return '';
    }
    const descriptor = this.#descriptor ?? this.#openPart();
    if (base === null && this.#mode !== null) fchmodSync(descriptor, this.#mode);
    fsyncSync(descriptor);
    const end = digestBefore(descriptor, this.#length);
    this.#closePart();
    this.#prepared = { part: this.#names.active, base, length: this.#length };
    return end;
  }
}
