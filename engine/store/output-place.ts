/** Where the paths that a pipeline names lead, links followed. */

import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import type { LinkedPath } from '../protocol/messages.ts';

/** As many as Linux follows. */
const mostLinks = 40;

/**
 * Throws `output/leads-out` if `path` names something in `folder` or below it, and a link on the way leads out of there: the user who
 * trusted the pipeline was shown only that place.
 */
export function refuseLinkOut(path: string, folder: string, node: string): void {
  const named = resolve(folder, path);
  if (!isWithin(folder, named)) return;
  const real = realPlace(named);
  if (isWithin(realPlace(folder), real)) return;
  throw new MillraceError({
    code: 'output/leads-out',
    message: `${path} is, or is below, a link that leads out of the pipeline's folder, to ${real}: nothing was written.`,
    hint: `If it is to be written there, name ${real} itself; otherwise remove the link.`,
    node,
    field: 'path',
  });
}

/**
 * Those of the paths that links lead to another place than their names say. The way to `folder` is its user's own, and links right
 * in the root of a disk are the machine's: what they lead to is no other place. Looks at the disk, and takes as long as that does.
 */
export function linkedPaths(paths: readonly string[], folder: string): LinkedPath[] {
  return paths.flatMap((path) => {
    const named = resolve(folder, path);
    const known = knownPart(named, folder);
    const real = realPlace(named);
    return real === join(realPlace(known), relative(known, named)) ? [] : [{ path, real }];
  });
}

/** What both paths have in common; where that is the root only, the first folder below it. */
function knownPart(named: string, folder: string): string {
  for (let place = folder; ; place = dirname(place)) {
    if (dirname(place) === place) return join(place, relative(place, named).split(sep)[0] ?? '');
    if (isWithin(place, named)) return place;
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/**
 * With all links followed, including those to files that do not exist yet. What cannot be followed is left: whatever opens it reports the
 * error.
 */
function realPlace(path: string, links = mostLinks): string {
  try {
    return realpathSync.native(path);
  } catch {
    // It, or its target, does not exist.
  }
  const folder = dirname(path);
  if (folder === path || links === 0) return path;
  const place = join(realPlace(folder, links - 1), basename(path));
  try {
    return realPlace(resolve(dirname(place), readlinkSync(place)), links - 1);
  } catch {
    return place;
  }
}
