/** Where outputs lead: a pipeline that names a file of its own folder writes there, and not wherever somebody has laid a link to. */
import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';

/** As many as Linux follows. */
const mostLinks = 40;

/**
 * Throws `output/leads-out` where `path` names something in `folder` or below it, and a link on the way leads out of there: who
 * trusted the pipeline was shown that place and no other.
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

/** With all links followed, also those to what is not there yet. What cannot be followed is left: whoever opens it tells. */
function realPlace(path: string, links = mostLinks): string {
  try {
    return realpathSync.native(path);
  } catch {
    // It, or what it leads to, is not there.
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
