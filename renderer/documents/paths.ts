import { placeOf } from '../../model/problems/path-place.ts';

/**
 * A picked path as a pipeline stores it: relative (with `/`) if it is in the folder of the pipeline's file or below it, so that both can be
 * moved together; otherwise unchanged.
 */
export function storedPath(picked: string, pipelinePath: string | null): string {
  if (!pipelinePath) return picked;
  const folder = slashes(pipelinePath).replace(/[^/]*$/, '');
  const path = slashes(picked);
  return path.startsWith(folder) && path.length > folder.length ? path.slice(folder.length) : picked;
}

/**
 * A relative path in the pipeline file `from`, adapted to name the same file from the pipeline file `to`: relative if both files are below
 * one folder other than the root, otherwise absolute. Patterns and parameters in it stay as they are. Absolute paths, and those that begin
 * with a parameter, are returned unchanged: they do not depend on the pipeline's place, or it is not known.
 */
export function rebasedPath(path: string, from: string, to: string): string {
  const [start, end] = [partsOf(from), partsOf(to)];
  if (path === '' || placeOf(path) === 'network' || /^([\\/~]|[a-z]:|\$\{)/i.test(path) || start.join('/') === end.join('/')) return path;
  const rest = path.replaceAll('\\', from.startsWith('/') ? '\\' : '/').split('/');
  const folder = [...start];
  for (; rest[0] === '.' || rest[0] === '..'; rest.shift()) if (rest[0] === '..' && folder.length > 1) folder.pop();
  const whole = [...folder, ...rest];
  let common = 0;
  while (common < Math.min(whole.length - 1, end.length) && whole[common] === end[common]) common++;
  // The first part is the root: the empty text before the slash, a drive, or a host.
  if (common <= 1) return whole.join('/');
  return [...end.slice(common).map(() => '..'), ...whole.slice(common)].join('/');
}

/** The folders of a file, its root first. */
function partsOf(file: string): readonly string[] {
  const path = slashes(file);
  const root = /^\/\/[^/]+\/[^/]+|^[a-z]:/i.exec(path)?.[0] ?? '';
  return [root, ...path.slice(root.length).split('/').slice(1, -1)];
}

function slashes(path: string): string {
  return /^[a-zA-Z]:[\\/]|^\\\\/.test(path) ? path.replaceAll('\\', '/') : path;
}
