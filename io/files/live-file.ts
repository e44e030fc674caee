import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Undo } from '@millrace/kit/node';
import type { Json } from '../../model/values/types.ts';
import type { CheckpointedFile, FileOptions } from './checkpointed-file.ts';
import { changed, digestBefore, endsMidLine, type FileToken, fileToken, finishCommit, headOf, writable, writeAll } from './file-commit.ts';
import { outputProblem } from './output-problem.ts';
import { PartNames } from './part-file.ts';

/**
 * A file in which readers see rows as soon as they are written, for low latency. Rows after the last checkpoint are cut off when a run
 * fails or resumes, and are written again. Throws MillraceErrors.
 */
export class LiveFile implements CheckpointedFile {
  readonly path: string;
  readonly continues: boolean;
  readonly isLive = true;
  readonly cut = 0;
  readonly #gzip: boolean;
  readonly #names: PartNames;
  /** The length to which `abort` cuts the file; null as long as the old file exists. */
  #committed: number | null = null;
  #prepared: number | null = null;
  #descriptor: number | null = null;
  #length = 0;

  constructor(path: string, options: FileOptions) {
    this.path = path;
    this.#gzip = options.gzip;
    try {
      const existing = writable(path);
      this.path = existing ? realpathSync(path) : path;
      this.#names = new PartNames(this.path, options.lineage ?? '');
      if (options.resume) this.#committed = finishCommit(this.path, this.#names.folder, fileToken(options.resume.token), true).length;
      else if (options.append && existing) this.#committed = this.#lengthBefore(existing.size);
      this.#names.removeStale();
      if (options.append && !options.resume) writeFileSync(this.#names.start, String(this.#committed ?? 0));
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
      writeAll(this.#descriptor ?? this.#open(), written, this.#length);
      this.#length += written.length;
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  prepare(): Json {
    try {
      const descriptor = this.#descriptor ?? this.#open();
      fsyncSync(descriptor);
      if (fstatSync(descriptor).size !== this.#length) throw changed(this.path, this.#length);
      this.#prepared = this.#length;
      return { base: this.#length, before: digestBefore(descriptor, this.#length), part: null, length: 0, end: '' } satisfies FileToken;
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  commit(): void {
    if (this.#prepared === null) this.prepare();
    this.#committed = this.#prepared;
    this.#prepared = null;
    rmSync(this.#names.start, { force: true });
  }

  abort(): void {
    // A replaced file cannot be restored: it is left empty.
    if (this.#descriptor !== null) ftruncateSync(this.#descriptor, this.#committed ?? 0);
    rmSync(this.#names.start, { force: true });
    this.close();
  }

  undo(): readonly Undo[] {
    const start = { remove: this.#names.start };
    return this.#committed === null ? [start] : [{ truncate: this.path, size: this.#committed }, start];
  }

  close(): void {
    if (this.#descriptor === null) return;
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    closeSync(descriptor);
  }

  #open(): number {
    this.#descriptor = openSync(this.path, this.#committed === null ? 'w+' : 'r+');
    this.#length = this.#committed ?? 0;
    return this.#descriptor;
  }

  /** The length before an earlier attempt of this lineage wrote after it and was killed before its first checkpoint. */
  #lengthBefore(size: number): number {
    const start = this.#names.findStart();
    if (start === null) return size;
    const length = Number(readFileSync(start, 'utf8'));
    if (length > size) throw changed(this.path, length);
    truncateSync(this.path, length);
    return length;
  }
}
