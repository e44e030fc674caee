import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync, constants as zlibConstants } from 'node:zlib';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { RunContext, Undo } from '../kit/node.ts';
import { outputProblem } from './output-problem.ts';

const temporaryName = /\.(\d+)-[0-9a-f]{8}\.millrace-part$/;

export interface FileOutputOptions {
  /** Goes on at the end of a file that exists; otherwise it is replaced. */
  readonly append: boolean;
  readonly gzip: boolean;
}

/**
 * A file that comes into being as a whole: it is written under a temporary name beside its target, which takes its place
 * at `commit`. Appending writes to the target itself, and `abort` cuts it back to its former length. Throws
 * MillraceErrors. A device or pipe (`/dev/stdout`) is written directly.
 */
export class FileOutput {
  readonly path: string;
  /** The file has content already, and rows go behind it. */
  readonly continues: boolean;
  readonly #gzip: boolean;
  readonly #temporary: string | null;
  readonly #mode: number | null;
  /** Where `abort` cuts the target back to; null where there is nothing to cut. */
  readonly #start: number | null;
  #descriptor: number | null;

  constructor(path: string, options: FileOutputOptions) {
    this.path = path;
    this.#gzip = options.gzip;
    try {
      const existing = statSync(path, { throwIfNoEntry: false });
      if (existing?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
      // Renaming over a file would get past its own write protection.
      if (existing) accessSync(path, constants.W_OK);
      const direct = existing !== undefined && !existing.isFile();
      this.#mode = existing && !direct ? existing.mode & 0o777 : null;
      if (direct || (options.append && existing)) {
        this.#temporary = null;
        this.#descriptor = openSync(path, direct ? 'w' : 'a+');
        this.#start = direct ? null : fstatSync(this.#descriptor).size;
        this.continues = !direct && this.#start !== 0;
      } else {
        this.path = existing ? realpathSync(path) : path;
        removeStale(this.path);
        this.#temporary = join(dirname(this.path), `.${basename(this.path)}.${process.pid}-${randomBytes(4).toString('hex')}.millrace-part`);
        this.#descriptor = openSync(this.#temporary, 'wx');
        this.#start = null;
        this.continues = false;
      }
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  /** The first bytes of a file that is continued, unpacked. */
  head(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    const count = readSync(this.#descriptor!, bytes, 0, length, 0);
    const read = bytes.subarray(0, count);
    if (!this.#gzip) return read;
    try {
      return gunzipSync(read, { finishFlush: zlibConstants.Z_SYNC_FLUSH });
    } catch (error) {
      throw new MillraceError(
        {
          code: 'file/not-gzip',
          message: `${this.path} is not a gzip file, so nothing can be appended to it as gzip.`,
          hint: 'Turn compression off, or replace the file.',
          field: 'compress',
        },
        { cause: error },
      );
    }
  }

  /** True for a continued file whose last line has no end. Unknown, thus false, for a gzip file. */
  endsMidLine(): boolean {
    if (!this.continues || this.#gzip) return false;
    const last = Buffer.alloc(1);
    readSync(this.#descriptor!, last, 0, 1, this.#start! - 1);
    return last[0] !== 10;
  }

  /** Writes at once: callers hand in large pieces. A gzip file gets one member for each, which every reader takes as one stream. */
  write(bytes: Uint8Array): void {
    try {
      const written = this.#gzip ? gzipSync(bytes) : bytes;
      for (let done = 0; done < written.length; ) done += writeSync(this.#descriptor!, written, done);
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  commit(): void {
    try {
      const descriptor = this.#descriptor!;
      if (this.#temporary || this.#start !== null) fsyncSync(descriptor);
      this.#descriptor = null;
      closeSync(descriptor);
      if (!this.#temporary) return;
      if (this.#mode !== null) chmodSync(this.#temporary, this.#mode);
      renameSync(this.#temporary, this.path);
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  /** Leaves the target as it was. Also right after a commit that failed. */
  abort(): void {
    if (this.#descriptor !== null && this.#start !== null) ftruncateSync(this.#descriptor, this.#start);
    this.close();
    if (this.#temporary) rmSync(this.#temporary, { force: true });
  }

  /** What `abort` would do, for when it cannot be called any more. */
  undo(): Undo | null {
    if (this.#temporary) return { remove: this.#temporary };
    return this.#start === null ? null : { truncate: this.path, size: this.#start };
  }

  close(): void {
    if (this.#descriptor === null) return;
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    closeSync(descriptor);
  }
}

/** Removes what processes that were killed have left beside this target. */
function removeStale(path: string): void {
  const folder = dirname(path);
  const start = `.${basename(path)}.`;
  for (const name of readdirSync(folder)) {
    const match = name.startsWith(start) ? temporaryName.exec(name.slice(start.length - 1)) : null;
    if (match && !isAlive(Number(match[1]))) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // A process that was killed in a container without an init stays listed as a zombie.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** The output file of a sink. Two sinks of one run that replace the same file would lose one's rows, so the second is refused. */
export function openFileOutput(
  context: Pick<RunContext<unknown>, 'path' | 'shared' | 'guard'>,
  params: { readonly path: string; readonly mode: 'replace' | 'append'; readonly compress: boolean },
): FileOutput {
  const path = context.path(params.path);
  const claim = context.shared(`file-output:${path}`, () => ({ taken: false, close() {} }));
  if (claim.taken) {
    throw new MillraceError({
      code: 'file/used-twice',
      message: `Another sink of this pipeline writes ${path} too.`,
      hint: 'Give each sink a file of its own, or join the rows with a Union node first.',
      field: 'path',
    });
  }
  claim.taken = true;
  const file = new FileOutput(path, { append: params.mode === 'append', gzip: params.compress });
  const undo = file.undo();
  if (undo) context.guard?.(undo);
  return file;
}
