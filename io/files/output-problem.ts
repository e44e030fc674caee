import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { isNoRoom, isUnavailable } from '../../model/problems/system-errors.ts';

/**
 * An error of the operating system or SQLite while writing an output, as a problem that says what to do. Anything else that was thrown is a
 * bug of ours and is returned unchanged.
 */
export function outputProblem(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof MillraceError || !(error instanceof Error) || typeof code !== 'string') return error;
  const make = (problem: { code: ProblemCode; message: string; hint: string }) =>
    new MillraceError({ ...problem, field: 'path', position: { source: path } }, { cause: error });
  const found = known.find(({ when }) => when(code));
  if (found) return make({ code: found.code, message: found.message(path), hint: found.hint });
  return make({
    code: 'file/write-failed',
    message: `Writing to ${path} failed: ${error.message}.`,
    hint: 'Check that the disk and the folder are in order, or choose another place.',
  });
}

const known: readonly { when(code: string): boolean; readonly code: ProblemCode; readonly message: (path: string) => string; readonly hint: string }[] = [
  {
    when: isNoRoom,
    code: 'file/disk-full',
    message: (path) => `The disk is full: ${path} could not be written.`,
    hint: 'Free some space or choose another disk, then run again. Everything committed before is complete; the rest was undone.',
  },
  {
    when: isUnavailable,
    code: 'file/unavailable',
    message: (path) => `${path} cannot be written for now: the disk or the network folder that holds it does not answer.`,
    hint: 'Check that disk or network folder.',
  },
  {
    when: (code) => code === 'EFBIG',
    code: 'file/too-large',
    message: (path) => `${path} would become larger than this disk or user may have files.`,
    hint: 'Raise the limit or write to another disk, then run again. Everything committed before is complete; the rest was undone.',
  },
  {
    when: (code) => code === 'ENOENT',
    code: 'file/folder-missing',
    message: (path) => `The folder of ${path} does not exist.`,
    hint: 'Create the folder or choose another one; Millrace makes no folders by itself.',
  },
  {
    when: (code) => code === 'ENOTDIR',
    code: 'file/folder-missing',
    message: (path) => `${path} lies under something that is not a folder.`,
    hint: 'Choose a path within a folder.',
  },
  {
    when: (code) => code === 'EISDIR',
    code: 'file/folder',
    message: (path) => `${path} is a folder.`,
    hint: 'Add a file name to the path.',
  },
  {
    when: (code) => /^(EACCES|EPERM|EROFS|SQLITE_READONLY.*)$/.test(code),
    code: 'file/denied',
    message: (path) => `${path} may not be written: the file or its folder is read-only for this user.`,
    hint: 'Change the permissions or choose another place.',
  },
  {
    when: (code) => /^SQLITE_(BUSY|LOCKED)/.test(code),
    code: 'sqlite/locked',
    message: (path) => `The database ${path} is locked by another program.`,
    hint: 'Close the program (or end the run) that has it open for writing, then run again.',
  },
  {
    when: (code) => code === 'SQLITE_NOTADB',
    code: 'sqlite/not-a-database',
    message: (path) => `${path} is not a SQLite database.`,
    hint: 'Choose another file name: Millrace does not overwrite a file that is not a database.',
  },
  {
    when: (code) => /^SQLITE_CORRUPT/.test(code),
    code: 'sqlite/damaged',
    message: (path) => `The database ${path} is damaged.`,
    hint: 'Restore it from a copy, or write to a new file.',
  },
  {
    when: (code) => /^SQLITE_CANTOPEN/.test(code),
    code: 'file/denied',
    message: (path) => `${path} could not be opened or created.`,
    hint: 'Check the permissions of the file and its folder, or choose another place.',
  },
];
