/**
 * Who writes which output: a small file beside it for each run, so that two runs, of whatever data folder, never write over each
 * other. A second one lies where all of this user's locks do: a hard link in another folder is found there.
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
  /** What of the file is written, such as a table; absent for all of it. */
  readonly part?: string;
  /** Others may write the same part beside this one, if they say so too. */
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
/** Two that come at the same moment see each other, and one of them is to win. */
const attempts = 6;
const sameMomentMs = 2000;
/** File names have at most 255 bytes. */
const longestName = 80;

/**
 * Makes outputs this process's own until the returned files are removed or the process ends, all of them or none. Outputs that are
 * no regular files, or in folders that cannot be written, are left out: whoever writes them tells. Throws `output/in-use` where
 * a live process has one of them, `file/disk-full` where there is no room for a lock.
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
    // Written before it looks, so that of two at the same time one sees the other at least.
    const other = othersOf(own, target, holder.run).find((each) => isInTheWay(each, claim, target));
    if (!other) return locks;
    unlockOutputs(locks);
    if (attempt === attempts || Date.now() - other.since > sameMomentMs) throw inUse(claim, other);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 + Math.random() * 100 * attempt);
  }
}

/** By whatever name or link it is reached; null for what cannot be locked. */
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
    // Renamed into place: whoever finds it finds all of it.
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

/** Where all locks of this user are found; null where that folder is somebody else's. */
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

/** Null where it cannot be: the lock beside the output holds all the same. */
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

/** Of live processes and other runs; what dead ones have left is removed. */
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
 * Whether a lock of this name is one of the target, which may not be there yet. Where the file system takes two spellings for one
 * name, it finds the own lock by either.
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

/** Null where it is gone, or no lock of ours. */
function read(file: string): Lock | null {
  try {
    const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
    return Number.isInteger(lock.pid) && typeof lock.target === 'string' ? lock : null;
  } catch {
    return null;
  }
}

function isInTheWay(other: Lock, { part, isShared = false }: OutputClaim, target: string): boolean {
  // What a database keeps beside its file bears the file's name: two that go by different ones do not see each other.
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
