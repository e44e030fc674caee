/** Where a path of a pipeline leads, from its text alone: no file is accessed, and links are not followed. */

/**
 * `inside`: the pipeline's folder or below it; `outside`: elsewhere on this machine; `network`: another machine may be accessed
 * (`//host/share` and what Windows calls UNC and device paths).
 */
export type PathPlace = 'inside' | 'outside' | 'network';

/** By the rules of all platforms: a path that is absolute on one of them counts as absolute. */
export function placeOf(path: string): PathPlace {
  if (/^[\\/]{2}/.test(path) || /^[a-z][a-z0-9+.-]+:[\\/]{2}/i.test(path)) return 'network';
  if (/^[\\/~]|^[a-z]:/i.test(path)) return 'outside';
  let depth = 0;
  for (const part of path.split(/[\\/]/)) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return 'outside';
  }
  return 'inside';
}

/**
 * The path as it is followed from `folder`: `..` and `.` are resolved if the path leaves the folder; unchanged within it, or if no folder
 * is known.
 */
export function resolvedPath(path: string, folder: string | null): string {
  if (placeOf(path) !== 'outside') return path;
  const isAbsolute = /^[\\/]|^[a-z]:/i.test(path);
  if (!isAbsolute && (folder === null || path.startsWith('~'))) return path;
  const whole = isAbsolute ? path : `${folder}/${path}`;
  const root = whole.match(/^([a-z]:[\\/]*|[\\/]*)/i)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of whole.slice(root.length).split(/[\\/]/)) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return root + parts.join(/^[a-z]:\\/i.test(whole) ? '\\' : '/');
}
