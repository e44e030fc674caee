/**
 * Who writes which output: a small file beside the output for each run, so that two runs, of whatever data folder, never overwrite each
 * other. A second one is in the folder of all of this user's locks, where a hard link in another folder is found.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { hasOtherNames, isSameFile } from '../../io/files/same-file.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { isSameProcess, startOf } from './process-identity.ts';
import { isPassing, whyNotWritten } from './write-refusal.ts';

export interface OutputClaim {
  /** Absolute. */
  readonly path: string;
  /** The written part of the file, such as a table; absent for the whole file. */
  readonly part?: string;
  /** Others may write the same part too, if they also say so. */
  readonly isShared?: boolean;
  readonly node: string;
}
export interface OutputHolder {
  /** The run's id. */
  readonly run: string;
  /** The pipeline's name. */
  readonly pipeline: string;
}
interface Lock extends OutputHolder {
  /** Of the output, with all links followed. */
  readonly target: string;
  readonly pid: number;
  readonly startedAt: string | null;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly part: string | null;
  readonly isShared: boolean;
}

const lockName = /\.[0-9a-f]{8}\.millrace-lock$/;
/** Of two that come at the same moment, which see each other, exactly one wins. */
const attempts = 6;
const sameMomentMs = 2000;
/** File names have at most 255 bytes. */
const longestName = 80;

/**
 * Claims outputs for this process until the returned files are removed or the process ends, all of them or none. Outputs that are not
 * regular files, or are in folders that cannot be written, are skipped: the writer reports them. Throws `output/in-use` if a live process
 * has one of them, `file/disk-full` if there is no room for a lock.
 */
export function lockOutputs(claims: readonly OutputClaim[], holder: OutputHolder): readonly string[] {
  const locks: string[] = [];
  try {
    for (const claim of claims) {
      locks.push(...lockOutput(claim, holder));
    }
  } catch (error) {
    unlockOutputs(locks);
    throw error;
  }
  return locks;
}

export function unlockOutputs(locks: readonly string[]): void {
  for (const lock of locks) rmSync(lock, { force: true });
}

function lockOutput(claim: OutputClaim, holder: OutputHolder): readonly string[] {
  const target = realTarget(claim.path);
  if (target === null) return [];
  for (let attempt = 1; ; attempt++) {
    const own = write(target, claim, holder);
    if (own === null) return [];
    const everywhere = register(own);
    const locks = everywhere === null ? [own] : [own, everywhere];
    // Written before the check, so that of two at the same time at least one sees the other.
    const other = othersOf(own, target, holder.run).find((each) => isInTheWay(each, claim, target));
    if (!other) return locks;
    unlockOutputs(locks);
    if (attempt === attempts || Date.now() - other.since > sameMomentMs) throw inUse(claim, other);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 + Math.random() * 100 * attempt);
  }
}

/** The same for every name or link; null for what cannot be locked. */
function realTarget(path: string): string | null {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing) return existing.isFile() ? realpathSync.native(path) : null;
    return join(realpathSync.native(dirname(path)), basename(path));
  } catch {
    return null;
  }
}

function startOfName(target: string): string {
  const name = basename(target);
  return name.length <= longestName ? `.${name}.` : `.${createHash('sha256').update(name).digest('hex').slice(0, 32)}.`;
}

function write(target: string, { path, part, isShared, node }: OutputClaim, holder: OutputHolder): string | null {
  const lock: Lock = {
    ...holder,
    target,
    pid: process.pid,
    startedAt: startOf(process.pid),
    since: Date.now(),
    part: part ?? null,
    isShared: isShared === true,
  };
  const file = join(dirname(target), `${startOfName(target)}${randomBytes(4).toString('hex')}.millrace-lock`);
  try {
    // Renamed into place, so that a reader finds it complete.
    writeFileSync(`${file}.part`, JSON.stringify(lock));
    renameSync(`${file}.part`, file);
    return file;
  } catch (error) {
    rmSync(`${file}.part`, { force: true });
    if (!isPassing(error)) return null;
    throw new MillraceError(
      {
        code: 'file/disk-full',
        message: `${path} cannot be written: ${whyNotWritten(error)}.`,
        hint: 'Free some space or choose another disk, then run again.',
        node,
        field: 'path',
      },
      { cause: error },
    );
  }
}

/** Where all locks of this user are found; null if that folder belongs to another user. */
function registry(): string | null {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `millrace-outputs-${uid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    return found.isDirectory() && (uid === -1 || found.uid === uid) ? folder : null;
  } catch {
    return null;
  }
}

/** Null if it cannot be created: the lock beside the output is still valid. */
function register(own: string): string | null {
  const folder = registry();
  if (folder === null) return null;
  const file = join(folder, `${createHash('sha256').update(own).digest('hex').slice(0, 16)}${own.slice(-'.12345678.millrace-lock'.length)}`);
  try {
    writeFileSync(`${file}.part`, readFileSync(own), { mode: 0o600 });
    renameSync(`${file}.part`, file);
    return file;
  } catch {
    rmSync(`${file}.part`, { force: true });
    return null;
  }
}

/** Of live processes and other runs; those of dead ones are removed. */
function othersOf(own: string, target: string, run: string): Lock[] {
  const everywhere = hasOtherNames(target) ? registry() : null;
  return [
    ...locksIn(dirname(target), run, (name, lock) => isOfName(name, own, target) || isSameFile(lock.target, target)),
    ...(everywhere === null ? [] : locksIn(everywhere, run, (_name, lock) => isSameFile(lock.target, target))),
  ];
}

function locksIn(folder: string, run: string, isMeant: (name: string, lock: Lock) => boolean): Lock[] {
  return readdirSync(folder).flatMap((name) => {
    if (!lockName.test(name)) return [];
    const file = join(folder, name);
    const lock = read(file);
    if (lock === null) return [];
    if (isSameProcess(lock.pid, lock.startedAt)) return lock.run !== run && isMeant(name, lock) ? [lock] : [];
    rmSync(file, { force: true });
    return [];
  });
}

/**
 * Whether a lock of this name is for the target, which may not exist yet. If the file system treats two spellings as one name, it finds its
 * own lock by either.
 */
function isOfName(name: string, own: string, target: string): boolean {
  const start = name.replace(lockName, '.');
  if (start === startOfName(target)) return true;
  if (fold(start) !== fold(startOfName(target))) return false;
  return isSameFile(join(dirname(own), `${start}${basename(own).slice(startOfName(target).length)}`), own);
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** Null if it is gone, or not one of our locks. */
function read(file: string): Lock | null {
  try {
    const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
    return Number.isInteger(lock.pid) && typeof lock.target === 'string' ? lock : null;
  } catch {
    return null;
  }
}

function isInTheWay(other: Lock, { part, isShared = false }: OutputClaim, target: string): boolean {
  // A database's auxiliary files are named after it: two processes that use different names do not see each other's.
  if (other.target !== target) return true;
  const overlaps = other.part === null || part === undefined || other.part === part;
  return overlaps && !(other.isShared && isShared);
}

function inUse({ path, part, node }: OutputClaim, other: Lock): MillraceError {
  const what = part === undefined ? path : `Table "${part}" of ${path}`;
  return new MillraceError({
    code: 'output/in-use',
    message: `${what} is being written${other.target === realTarget(path) ? '' : ` by another name, ${other.target},`} by the pipeline "${other.pipeline}" (run ${other.run}, process ${other.pid}, since ${new Date(other.since).toISOString()}).`,
    hint: 'Stop that run first, or write elsewhere.',
    node,
    field: 'path',
  });
}
