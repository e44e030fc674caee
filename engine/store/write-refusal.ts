import { isNoRoom, isUnavailable } from '../../model/problems/system-errors.ts';

const reasons: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full',
  SQLITE_FULL: 'the disk is full',
  EDQUOT: 'your share of the disk is full',
  EACCES: 'there is no right to',
  EPERM: 'there is no right to',
  EROFS: 'the disk is read-only',
  SQLITE_READONLY: 'it is read-only',
  SQLITE_CANTOPEN: 'it cannot be opened or made',
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a file is in its place',
  // Also the error of creating a folder on a read-only disk.
  ENOENT: 'its folder cannot be made',
};

/** Why something could not be written, in words that follow a colon. */
export function whyNotWritten(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  // SQLite's have a detail at the end: SQLITE_READONLY_DIRECTORY.
  return reasons[code] ?? reasons[code.split('_', 2).join('_')] ?? message;
}

/** Whether a later attempt may succeed although nothing changes but the free room on the disk or the load of the machine. */
export function isPassing(error: unknown): boolean {
  const code = String((error as NodeJS.ErrnoException).code);
  return isNoRoom(code) || isUnavailable(code);
}
