/**
 * Millrace's own files (checkpoints, unsaved documents, logs, trust) are for their owner alone. If the platform has modes, folders are
 * created with 0700 and files with 0600, whatever the umask. So are errors tables and inboxes of HTTP sources beside a pipeline
 * (io/sqlite/sqlite-driver.ts): they contain rows as they came, before a node dropped anything from them. Users' outputs are created with
 * the umask, like those of any program, wherever they are.
 */
import { chmodSync, closeSync, type Dirent, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { whyNotWritten } from './write-refusal.ts';

export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;
const hasModes = process.platform !== 'win32';
/** The folders of examples and of other untitled documents contain users' files, and the folder around them lets nobody in. */
const usersFolders = new Set(['unsaved']);

/** Creates a folder, and missing ones above it, for this user alone. An existing one is not changed. Throws what `mkdir` throws. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: privateFolderMode });
}

/**
 * Creates an empty file for this user alone if it does not exist, for a library that creates files by the umask: SQLite gives the auxiliary
 * files of a database the database's own mode.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', privateFileMode));
  } catch (error) {
    // If it cannot be created, the library says why.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') repairMode(path);
  }
}

/**
 * Creates the data folder, once per process that writes there, and removes permissions of other users that older versions gave. Throws if
 * it cannot be created; a file whose mode cannot be changed is skipped, because the folder itself lets nobody in.
 */
export function ownFolder(folder: string): void {
  makePrivateFolder(folder);
  if (!hasModes) return;
  repairMode(folder);
  repairAll(folder);
}

/** The same, for callers that cannot continue without it: throws a MillraceError. */
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

/** Another process may remove files meanwhile. */
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
    // It is gone, or belongs to another user.
  }
}
