import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { makePrivateFolder, privateFileMode } from './private-files.ts';
import { isSameProcess, mayHaveWritten, startOf } from './process-identity.ts';
import { isPassing, whyNotWritten } from './write-refusal.ts';

interface Holder {
  readonly pid: number;
  /** Distinguishes a process from a later one with the same number; null if the system does not say. */
  readonly startedAt: string | null;
}

const heldHere = new Set<string>();

/**
 * Locks a state folder for this process, until the returned function is called or the process ends. Throws `run/already-running` if a live
 * process has it, `run/state-folder` if nothing can be written there, and `run/no-room` if that is only temporary.
 */
export function lockStateFolder(folder: string): () => void {
  const path = join(resolve(folder), 'run.lock');
  const own = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const text = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Holder);
  // Linked, not written in place: a reader finds the lock complete.
  try {
    makePrivateFolder(folder);
    writeFileSync(own, text, { mode: privateFileMode });
  } catch (error) {
    throw unusable(folder, error);
  }
  try {
    for (;;) {
      try {
        linkSync(own, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      removeStale(path);
    }
  } finally {
    rmSync(own, { force: true });
  }
  heldHere.add(path);
  return () => {
    if (!heldHere.delete(path)) return;
    rmSync(path, { force: true });
  };
}

function unusable(folder: string, error: unknown): MillraceError {
  return new MillraceError({
    code: isPassing(error) ? 'run/no-room' : 'run/state-folder',
    message: `The run cannot write its checkpoints to ${folder}: ${whyNotWritten(error)}.`,
    hint: 'Make room there, give yourself the right to write, or let MILLRACE_DATA name another folder.',
  });
}

/** Removes the lock of a process that is gone; throws if it still exists. */
function removeStale(path: string): void {
  const found = read(path);
  if (found === null) return;
  const holder = parse(found);
  if (holder && (holder.pid === process.pid ? heldHere.has(path) : isAlive(holder, path))) {
    throw new MillraceError({
      code: 'run/already-running',
      message: `Another run of this pipeline is under way, in process ${holder.pid}.`,
      hint: `Stop that run first, or wait for its end. If process ${holder.pid} is not a run of Millrace, remove ${path}.`,
    });
  }
  // Two processes may find the same stale lock: only the one that still finds it under its name removes it.
  const aside = `${path}.stale-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== found) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process has locked it meanwhile, and says so when asked.
    }
  }
  rmSync(aside, { force: true });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function parse(text: string): Holder | null {
  try {
    const { pid, startedAt } = JSON.parse(text);
    return Number.isInteger(pid) ? { pid, startedAt: startedAt ?? null } : null;
  } catch {
    return null;
  }
}

/** A lock whose holder's start is not known: its process must be older than the lock. */
function isAlive({ pid, startedAt }: Holder, path: string): boolean {
  if (startedAt !== null) return isSameProcess(pid, startedAt);
  const at = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return at !== undefined && mayHaveWritten(pid, at);
}
