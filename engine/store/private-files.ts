/**
 * What Millrace keeps of its own (checkpoints, unsaved documents, logs, trust) is for its owner alone. Where the platform has modes,
 * its folders are made with 0700 and its files with 0600, whatever the umask. Rows that failed and inboxes of HTTP sources, which lie
 * beside a pipeline, are made so too (io/sqlite/sqlite-driver.ts): they hold rows as they came, before anything was left out of
 * them. Users' outputs are made with the umask as any program's are, wherever they are.
 */
import { chmodSync, closeSync, type Dirent, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { whyNotWritten } from './write-refusal.ts';

export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;
const hasModes = process.platform !== 'win32';
/** The folders of examples and of other untitled documents hold users' files, and the folder around them lets nobody in. */
const usersFolders = new Set(['unsaved']);

/** Makes a folder, and those above it that are missing, for this user alone. One that is there stays as it is. Throws what `mkdir` throws. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: privateFolderMode });
}

/** Makes an empty file for this user alone where there is none, for a library that makes files by the umask: SQLite gives what it adds to a database the database's own mode. */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', privateFileMode));
  } catch (error) {
    // Where it cannot be made, the library says why.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') repairMode(path);
  }
}

/**
 * Makes the data folder, once per process that writes there, and takes from others what older versions let them read. Throws where
 * it cannot be made; a file whose mode cannot be changed is left, as the folder itself lets nobody in.
 */
export function ownFolder(folder: string): void {
  makePrivateFolder(folder);
  if (!hasModes) return;
  repairMode(folder);
  repairAll(folder);
}

/** The same, for those who cannot go on without it: throws a MillraceError. */
export function ownDataFolder(folder: string): void {
  try {
    ownFolder(folder);
  } catch (error) {
    throw new MillraceError({
      code: 'store/unwritable',
      message: `Millrace cannot keep its own data in ${folder}: ${whyNotWritten(error)}.`,
      hint: 'Make room there, give yourself the right to write, or let MILLRACE_DATA name another folder.',
    });
  }
}

function repairAll(folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (!entry.isSymbolicLink()) repairMode(path);
    if (entry.isDirectory() && !usersFolders.has(entry.name)) repairAll(path);
  }
}

/** Another process may take files away meanwhile. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function repairMode(path: string): void {
  if (!hasModes) return;
  try {
    const found = lstatSync(path);
    if (!found.isSymbolicLink() && (found.mode & 0o077) !== 0) chmodSync(path, found.mode & 0o700);
  } catch {
    // It is gone, or somebody else's.
  }
}
