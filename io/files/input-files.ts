/** Which files a source reads: a path, or a pattern that names several; checked before anything is opened. */
import { type BigIntStats, lstatSync, statSync } from 'node:fs';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { isUnavailable } from '../../model/problems/system-errors.ts';
import { namePattern, pathMatches } from '../../model/text/name-pattern.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Json } from '../../model/values/types.ts';
import { entriesOf, type FilePath } from './file-name.ts';

export interface InputFile {
  /** Absolute. */
  readonly path: FilePath;
  /** As the user knows it: the path or pattern of the params with the wildcards filled in, with forward slashes. */
  readonly name: string;
  /** Bytes on disk. */
  readonly size: number;
}
export interface ListedFile extends InputFile {
  readonly stat: BigIntStats;
}
/** A name that the path or pattern matches and that is not a readable file. */
export interface LeftOut {
  readonly name: string;
  readonly problem: Problem;
  /** `empty`: nothing could be read there (a broken link, a pipe). `unreadable`: rows may be there. */
  readonly kind: 'empty' | 'unreadable';
}
export interface Listing {
  /** Sorted by name. */
  readonly files: readonly ListedFile[];
  readonly leftOut: readonly LeftOut[];
}

const maxFiles = 10_000;
const maxFolderEntries = 100_000;

export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * The files that a path names now. In a pattern `*` and `?` stand for any characters within one folder or file name, and `**` for any
 * folders; names that start with a dot need a pattern that does. Files that vanish meanwhile are not in the list, and an error about one
 * name hides no others. `exclude`: what a pattern matches but should not, see `excludeField`. Throws a MillraceError for a pattern that is
 * too wide.
 */
export function listFiles(path: string, resolve: (path: string) => string, exclude: string | null = null): Listing {
  const files: ListedFile[] = [];
  const leftOut: LeftOut[] = [];
  const add = (place: FilePath, name: string) => {
    const found = lookAt(place, name);
    if (found === null) return;
    if ('problem' in found) leftOut.push(found);
    else files.push(found);
  };
  // A file may really be called "what?.csv".
  if (!isPattern(path) || exists(resolve(path))) add(resolve(path), path);
  else {
    const search: Search = { found: new Map(), entries: 0, pattern: path, leftOut, isExcluded: exclusion(exclude) };
    const segments = path.split(/[\\/]/);
    const fixed = segments.findIndex(isPattern);
    const folder = segments.slice(0, fixed).join('/');
    expand(rootOf(path, resolve), fixed === 0 ? '' : `${folder}/`, segments.slice(fixed), search);
    for (const [name, found] of [...search.found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) add(found, name);
    return { files, leftOut: leftOut.filter(({ problem }) => problem.code !== 'file/directory') };
  }
  return { files, leftOut };
}

/**
 * The files that a path names, sorted by name; at least one. `leaveOut` is called for each name that a pattern matches and that contains
 * nothing to read. Throws a MillraceError for a path that is missing, a folder, not a regular file (a pipe or a device never ends), or
 * matches nothing; and for files that a pattern matches and that may not be read.
 */
export function findFiles(
  path: string,
  resolve: (path: string) => string,
  leaveOut: (problem: Problem) => void = () => {},
  exclude: string | null = null,
): InputFile[] {
  const { files, leftOut } = listFiles(path, resolve, exclude);
  const single = !isPattern(path) || exists(resolve(path));
  const fatal = leftOut.find(({ kind }) => single || kind === 'unreadable');
  if (fatal) throw new MillraceError(fatal.problem);
  if (files.length === 0 && single) throw fileError({ code: 'ENOENT' }, path);
  for (const { problem } of leftOut) leaveOut(problem);
  if (files.length > 0) return files.map(({ path, name, size }) => ({ path, name, size }));
  if (exclude !== null && listFiles(path, resolve).files.length > 0) {
    const message = `All files that match ${path} are left out by ${exclude}.`;
    throw new MillraceError({ code: 'file/missing', message, hint: 'Leave out less, or change the pattern.', field: 'exclude' });
  }
  throw new MillraceError({
    code: 'file/missing',
    message: `No file matches ${path}.`,
    hint: `The search started in ${rootOf(path, resolve)}. Check the folder and the pattern: * stands for any text within one name.`,
  });
}

/** The log message for names that `findFiles` skips. */
export function tellLeftOut(context: { readonly split?: Json; log(level: 'warning', message: string): void }): (problem: Problem) => void {
  // Of several readers that share the files, only the one of the first stretch reports it.
  const { from = null } = (context.split as { readonly from: Json } | undefined) ?? {};
  if (from !== null) return () => {};
  return ({ message, hint }) => context.log('warning', `${message} It is left out. ${hint ?? ''}`.trim());
}

/** The folder whose listing decides what a pattern matches, or null for a plain path. */
export function patternFolder(path: string, resolve: (path: string) => string): string | null {
  return isPattern(path) ? rootOf(path, resolve) : null;
}

function rootOf(pattern: string, resolve: (path: string) => string): string {
  const segments = pattern.split(/[\\/]/);
  const fixed = segments.findIndex(isPattern);
  return fixed === 0 ? resolve('.') : resolve(segments.slice(0, fixed).join('/') || '/');
}

/** What opening or reading a file threw, as a problem that names the file. */
export function fileError(error: unknown, name: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new MillraceError(
      { code: 'file/missing', message: `The file ${name} does not exist.`, hint: "Check the path; a relative one starts from the pipeline's own folder." },
      { cause: error },
    );
  }
  if (code === 'EISDIR') return new MillraceError(isFolder(name));
  if (code === 'EACCES' || code === 'EPERM') {
    return new MillraceError(
      { code: 'file/unreadable', message: `The file ${name} may not be read.`, hint: 'Change its permissions, or copy it to a place of yours.' },
      { cause: error },
    );
  }
  if (code === 'ELOOP') return new MillraceError(linksInCircle(name), { cause: error });
  return new MillraceError(
    {
      code: isUnavailable(String(code)) ? 'file/unavailable' : 'file/unreadable',
      message: `The file ${name} cannot be read: ${message}.`,
      hint: 'Check the disk or the network folder that holds it.',
    },
    { cause: error },
  );
}

interface Search {
  /** Paths by name. */
  readonly found: Map<string, FilePath>;
  entries: number;
  readonly pattern: string;
  readonly leftOut: LeftOut[];
  isExcluded(name: string): boolean;
}

function expand(folder: FilePath, prefix: string, segments: readonly string[], search: Search): void {
  const [segment = '', ...rest] = segments;
  if (segment === '**') expand(folder, prefix, rest, search);
  const matches = namePattern(segment === '**' ? '*' : segment);
  for (const entry of list(folder, prefix, search)) {
    if (++search.entries > maxFolderEntries) throw tooMuch(search.pattern, `${thousands(maxFolderEntries)} files and folders had to be looked at`);
    if (!matches(entry.name)) continue;
    const { path } = entry;
    const name = `${prefix}${entry.name}`;
    // Links count as their targets, except below `**`, where they could form cycles.
    const isDirectory = entry.isDirectory || (entry.isLink && segment !== '**' && leadsToFolder(path));
    if (isDirectory) {
      if (segment === '**') expand(path, `${name}/`, segments, search);
      else if (rest.length > 0) expand(path, `${name}/`, rest, search);
    } else if (rest.length === 0 && segment !== '**' && !search.isExcluded(name)) {
      search.found.set(name, path);
      if (search.found.size > maxFiles) throw tooMuch(search.pattern, `it matches more than ${thousands(maxFiles)} files`);
    }
  }
}

function exclusion(exclude: string | null): (name: string) => boolean {
  const patterns = (exclude ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));
  const matchers = patterns.map((pattern) => {
    if (/[\\/]/.test(pattern)) return (name: string) => pathMatches(pattern, name);
    const matches = namePattern(pattern);
    return (name: string) => matches(name.slice(name.lastIndexOf('/') + 1));
  });
  return (name) => matchers.some((matches) => matches(name));
}

function list(folder: FilePath, prefix: string, search: Search) {
  try {
    return entriesOf(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const name = prefix === '' ? String(folder) : prefix;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') search.leftOut.push({ name, problem: folderProblem(error as Error, name), kind: 'unreadable' });
    return [];
  }
}

function folderProblem(error: NodeJS.ErrnoException, name: string): Problem {
  const why = error.code === 'EACCES' || error.code === 'EPERM' ? 'may not be read' : `cannot be read: ${error.message}`;
  return { severity: 'error', code: 'file/unreadable', message: `The folder ${name} ${why}.`, hint: 'Change its permissions, or name less in the pattern.' };
}

function tooMuch(pattern: string, why: string): MillraceError {
  return new MillraceError({
    code: 'file/too-many',
    message: `The pattern ${pattern} is too wide: ${why}.`,
    hint: 'Name more of the folder, or of the file names.',
  });
}

/** One file: `path` is absolute, `name` is used in messages. Throws as `findFiles` does. */
export function findFile(path: string, name: string): InputFile {
  const found = lookAt(path, name);
  if (found === null) throw fileError({ code: 'ENOENT' }, name);
  if ('problem' in found) throw new MillraceError(found.problem);
  return found;
}

/** What exists at a path; null if nothing does. */
export function lookAt(path: FilePath, name: string): ListedFile | LeftOut | null {
  let stat: BigIntStats;
  try {
    stat = statSync(path, { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') return { name, problem: linksInCircle(name), kind: 'empty' };
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return { name, problem: fileError(error, name).problem, kind: 'unreadable' };
    return isLink(path) ? { name, problem: leadsNowhere(name), kind: 'empty' } : null;
  }
  if (stat.isDirectory()) return { name, problem: isFolder(name), kind: 'empty' };
  if (!stat.isFile()) return { name, problem: notAFile(name), kind: 'empty' };
  return { path, name, size: Number(stat.size), stat };
}

/** A pipe, a device or a socket. */
export function notAFile(name: string): Problem {
  return {
    severity: 'error',
    code: 'file/not-a-file',
    message: `${name} is a pipe or a device, not a file.`,
    hint: 'Write what it delivers to a file first, and read that.',
  };
}

function isFolder(name: string): Problem {
  return {
    severity: 'error',
    code: 'file/directory',
    message: `${name} is a folder, not a file.`,
    hint: `To read all of its files, write ${name.replace(/[\\/]+$/, '')}/*.`,
  };
}

function leadsNowhere(name: string): Problem {
  return {
    severity: 'error',
    code: 'file/missing',
    message: `${name} is a link to a file that does not exist.`,
    hint: 'Remove the link, or restore the file that it leads to.',
  };
}

function linksInCircle(name: string): Problem {
  return {
    severity: 'error',
    code: 'file/link-circle',
    message: `${name} is a link that leads back to itself.`,
    hint: 'Remove the link, or correct where it leads to.',
  };
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function isLink(path: FilePath): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function leadsToFolder(path: FilePath): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
