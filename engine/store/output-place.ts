/** Where outputs lead: a pipeline that names a file of its own folder writes there, and not where a link leads. */
import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';

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
