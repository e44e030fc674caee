/** Which files a source reads: a path, or a pattern that names several; checked before anything is opened. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../engine/schema/problem.ts';
import { isUnavailable } from '../../engine/schema/system-errors.ts';

export interface InputFile {
  /** Absolute. */
  readonly path: string;
  /** As the user knows it: the path or pattern of the params with the wildcards filled in, with forward slashes. */
  readonly name: string;
  /** Bytes on disk. */
  readonly size: number;
}

const maxFiles = 10_000;
const maxFolderEntries = 100_000;

export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * The files that a path names, sorted by name. In a pattern `*` and `?` stand for any characters within one folder or file
 * name, and `**` for any folders; names that start with a dot need a pattern that does.
 * Throws a MillraceError for a path that is missing, a folder, no regular file (a pipe or a device never ends), or matches nothing.
 */
export function findFiles(path: string, resolve: (path: string) => string): InputFile[] {
  // A file may really be called "what?.csv".
  if (!isPattern(path) || exists(resolve(path))) return [findFile(resolve(path), path)];
  const segments = path.split(/[\\/]/);
  const fixed = segments.findIndex(isPattern);
  const folder = segments.slice(0, fixed).join('/');
  const root = fixed === 0 ? resolve('.') : resolve(folder === '' ? '/' : folder);
  const search: Search = { names: [], entries: 0, pattern: path };
  expand(root, fixed === 0 ? '' : `${folder}/`, segments.slice(fixed), search);
  if (search.names.length === 0) {
    throw new MillraceError({
      code: 'file/missing',
      message: `No file matches ${path}.`,
      hint: `The search started in ${root}. Check the folder and the pattern: * stands for any text within one name.`,
    });
  }
  return [...new Set(search.names)].sort().map((name) => findFile(resolve(name), name));
}

/** The folder whose listing decides what a pattern matches, or null for a plain path. */
export function patternFolder(path: string, resolve: (path: string) => string): string | null {
  if (!isPattern(path)) return null;
  const segments = path.split(/[\\/]/);
  const folder = segments.slice(0, segments.findIndex(isPattern)).join('/');
  return resolve(folder === '' ? '.' : folder);
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
  if (code === 'EISDIR') return isFolder(name);
  if (code === 'EACCES' || code === 'EPERM') {
    return new MillraceError(
      { code: 'file/unreadable', message: `The file ${name} may not be read.`, hint: 'Change its permissions, or copy it to a place of yours.' },
      { cause: error },
    );
  }
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
  readonly names: string[];
  entries: number;
  readonly pattern: string;
}

function expand(folder: string, prefix: string, segments: readonly string[], search: Search): void {
  const [segment = '', ...rest] = segments;
  if (segment === '**') expand(folder, prefix, rest, search);
  const matcher = segment === '**' ? /^[^.]/ : segmentMatcher(segment);
  for (const entry of list(folder, prefix)) {
    if (++search.entries > maxFolderEntries) throw tooMuch(search.pattern, `${maxFolderEntries.toLocaleString('en')} files and folders had to be looked at`);
    if (!matcher.test(entry.name)) continue;
    const path = join(folder, entry.name);
    const name = `${prefix}${entry.name}`;
    // Links count as what they lead to, except below `**`, where they could lead in circles.
    const isDirectory = entry.isDirectory() || (entry.isSymbolicLink() && segment !== '**' && leadsToFolder(path));
    if (isDirectory) {
      if (segment === '**') expand(path, `${name}/`, segments, search);
      else if (rest.length > 0) expand(path, `${name}/`, rest, search);
    } else if (rest.length === 0 && segment !== '**') {
      search.names.push(name);
      if (search.names.length > maxFiles) throw tooMuch(search.pattern, `it matches more than ${maxFiles.toLocaleString('en')} files`);
    }
  }
}

function list(folder: string, prefix: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw fileError(error, prefix || folder);
  }
}

function segmentMatcher(segment: string): RegExp {
  const source = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${/^[*?]/.test(segment) ? '(?!\\.)' : ''}${source}$`, 's');
}

function tooMuch(pattern: string, why: string): MillraceError {
  return new MillraceError({
    code: 'file/too-many',
    message: `The pattern ${pattern} is too wide: ${why}.`,
    hint: 'Name more of the folder, or of the file names.',
  });
}

/** One file: `path` is absolute, `name` what messages call it. Throws as `findFiles` does. */
export function findFile(path: string, name: string): InputFile {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch (error) {
    throw fileError(error, name);
  }
  if (stat.isDirectory()) throw isFolder(name);
  if (!stat.isFile()) {
    throw new MillraceError({
      code: 'file/not-a-file',
      message: `${name} is a pipe or a device, not a file.`,
      hint: 'Write what it delivers to a file first, and read that.',
    });
  }
  return { path, name, size: stat.size };
}

function isFolder(name: string): MillraceError {
  return new MillraceError({
    code: 'file/directory',
    message: `${name} is a folder, not a file.`,
    hint: `To read all of its files, write ${name.replace(/[\\/]+$/, '')}/*.`,
  });
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function leadsToFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
