/** A file with a committed length, and the part to append next. */
import { createHash } from 'node:crypto';
import { accessSync, closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, constants as zlibConstants } from 'node:zlib';
import { MillraceError } from '../../model/problems/problem.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Json } from '../../model/values/types.ts';
import { syncFolder } from './part-file.ts';

/** The result of a file's `prepare`: all that is needed to commit that part once more, or to see that it was committed. */
export type FileToken = {
  /** The target's committed length before; null if the part replaces the target. */
  readonly base: number | null;
  /** Digest of the target's last bytes before `base`. */
  readonly before: string;
  /** The part's name in the target's folder, or null if nothing was written. */
  readonly part: string | null;
  readonly length: number;
  /** Digest of the part's last bytes. */
  readonly end: string;
};

const checkedBytes = 4096;
const copyBytes = 1 << 22;

/** What exists at a path that is to be written. Throws if it may not be written. */
export function writable(path: string) {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  // Renaming over a file would bypass its own write protection.
  if (existing) accessSync(path, constants.W_OK);
  return existing;
}

/** Digest of the `span` bytes that end at `end`, of a few thousand at most. */
export function digestBefore(descriptor: number, end: number, span = end): string {
  const bytes = Buffer.alloc(Math.min(checkedBytes, span));
  const count = bytes.length === 0 ? 0 : readSync(descriptor, bytes, 0, bytes.length, end - bytes.length);
  return createHash('sha256').update(bytes.subarray(0, count)).digest('hex').slice(0, 16);
}

/** The same for a file by its path; null if it is missing or shorter than `end`. */
export function digestOf(path: string, end: number, span = end): string | null {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? -1;
  return size < end ? null : withFile(path, 'r', (descriptor) => digestBefore(descriptor, end, span));
}

/** True if the byte before `end` does not end a line. */
export function endsMidLine(path: string, end: number): boolean {
  if (end === 0) return false;
  const last = Buffer.alloc(1);
  withFile(path, 'r', (descriptor) => readSync(descriptor, last, 0, 1, end - 1));
  return last[0] !== 10;
}

/** A gzip file's own head, and the table that precedes its first texts. */
const gzipMargin = 4096;

/** The first bytes of a file, decompressed. */
export function headOf(path: string, length: number, gzip: boolean): Buffer {
  const bytes = Buffer.alloc(gzip ? 2 * length + gzipMargin : length);
  const count = withFile(path, 'r', (descriptor) => readSync(descriptor, bytes, 0, bytes.length, 0));
  const read = bytes.subarray(0, count);
  if (!gzip) return read;
  try {
    return gunzipSync(read, { finishFlush: zlibConstants.Z_SYNC_FLUSH });
  } catch (error) {
    throw new MillraceError(
      {
        code: 'file/not-gzip',
        message: `${path} is not a gzip file, so nothing can be appended to it as gzip.`,
        hint: 'Turn compression off, or replace the file.',
        field: 'compress',
      },
      { cause: error },
    );
  }
}

/**
 * Copies the part to the target after its first `base` bytes, durably. Undone if it fails. Throws if something other than the start of that
 * part is there: an interrupted append is repeated, and rows of others are never overwritten.
 */
export function appendPart(target: string, base: number, part: string): void {
  withFile(part, 'r', (from) =>
    withFile(target, 'r+', (to) => {
      const size = fstatSync(to).size;
      if (!startsAs(to, base, size, from)) throw addedTo(target, size - base);
      try {
        const block = Buffer.allocUnsafe(copyBytes);
        let at = base;
        for (;;) {
          const count = readSync(from, block, 0, copyBytes, at - base);
          if (count === 0) break;
          writeAll(to, block.subarray(0, count), at);
          at += count;
        }
        fsyncSync(to);
      } catch (error) {
        ftruncateSync(to, base);
        throw error;
      }
    }),
  );
}

/** Appends the content of a file to what was written last; returns its length. */
export function appendFile(to: number, path: string): number {
  return withFile(path, 'r', (from) => {
    const block = Buffer.allocUnsafe(copyBytes);
    for (let length = 0; ; ) {
      const count = readSync(from, block, 0, copyBytes, length);
      if (count === 0) return length;
      writeAll(to, block.subarray(0, count));
      length += count;
    }
  });
}

/** Whether the bytes from `base` to `end` are the first ones of the part, or nothing yet if the power failed in the middle of it. */
function startsAs(target: number, base: number, end: number, part: number): boolean {
  if (base === end) return true;
  const [there, own] = [Buffer.allocUnsafe(copyBytes), Buffer.allocUnsafe(copyBytes)];
  for (let at = base; at < end; ) {
    const count = readSync(target, there, 0, Math.min(copyBytes, end - at), at);
    if (count === 0 || readSync(part, own, 0, count, at - base) !== count) return false;
    for (let i = 0; i < count; i++) if (there[i] !== own[i] && there[i] !== 0) return false;
    at += count;
  }
  return true;
}

/** Writes all of it; at a position, or after the last write. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}

/**
 * Ensures that what `token` stands for is committed, whether that was done, half done or not at all. Returns the committed length. What
 * follows it is cut off if it is this run's own (`ownsRest`: it continued writing after the commit, or later checkpoints were given up);
 * otherwise its origin is unknown, and it is refused. Throws a MillraceError then, and if the file no longer contains what was committed.
 */
export function finishCommit(path: string, folder: string, token: FileToken, ownsRest: boolean): { readonly length: number; readonly cut: number } {
  const { base, length } = token;
  const part = token.part === null ? null : join(folder, token.part);
  const hasPart = part !== null && statSync(part, { throwIfNoEntry: false })?.size === length;
  const end = (base ?? 0) + length;
  if (base === null) {
    if (hasPart) {
      renameSync(part, path);
      syncFolder(folder);
    } else if (digestOf(path, length) !== token.end) throw changed(path, length);
  } else {
    if (digestOf(path, base) !== token.before) throw changed(path, base);
    if (length > 0 && digestOf(path, end, length) !== token.end) {
      if (!hasPart) throw changed(path, end);
      appendPart(path, base, part);
    }
    if (hasPart) rmSync(part, { force: true });
  }
  return cutBack(path, end, ownsRest);
}

/** The token of a file that has no new rows since a commit. */
export function settledToken(path: string, length: number): FileToken {
  return { base: length, before: digestOf(path, length) ?? '', part: null, length: 0, end: '' };
}

export function fileToken(token: Json): FileToken {
  if (typeof token === 'object' && token !== null && 'base' in token && 'part' in token) return token as FileToken;
  throw new Error(`No token of a file: ${JSON.stringify(token)}`);
}

/** The target does not exist, or is not what was committed. */
export function changed(path: string, committed: number): MillraceError {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    return new MillraceError({
      code: 'file/gone',
      message: `${path} is gone, though rows were committed to it.`,
      hint: 'Put it back as it was (mount the disk or connect the network folder that holds it), or run from scratch.',
      field: 'path',
      position: { source: path },
    });
  }
  const what =
    size < committed
      ? `${path} is shorter than what was committed (${thousands(size)} of ${thousands(committed)} bytes)`
      : `${path} does not hold what was committed to it`;
  return new MillraceError({
    code: 'file/changed',
    message: `${what}: it was changed by another program since.`,
    hint: 'Put the file back as it was, or run from scratch.',
    field: 'path',
    position: { source: path },
  });
}

/** The target contains bytes of unknown origin. */
function addedTo(path: string, bytes: number): MillraceError {
  return new MillraceError({
    code: 'file/added-to',
    message: `${path} holds ${thousands(bytes)} bytes after those this run has committed: another program has added them, or a run whose checkpoints are gone.`,
    hint: 'Move what was added to another file, or run from scratch. Nothing was cut off.',
    field: 'path',
    position: { source: path },
  });
}

function cutBack(path: string, length: number, ownsRest: boolean): { readonly length: number; readonly cut: number } {
  const cut = statSync(path).size - length;
  if (cut > 0 && !ownsRest) throw addedTo(path, cut);
  if (cut > 0) {
    withFile(path, 'r+', (descriptor) => {
      ftruncateSync(descriptor, length);
      fsyncSync(descriptor);
    });
  }
  return { length, cut };
}

function withFile<T>(path: string, flags: string, use: (descriptor: number) => T): T {
  const descriptor = openSync(path, flags);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
