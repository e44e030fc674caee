import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SinkContext } from '../../kit/node.ts';
import { MillraceError } from '../../model/problems/problem.ts';

/** The one name of a file, or of a pattern in its folder, by whatever links and spellings it is reached. */
export function realName(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // It is not there yet, or its folder is not: whoever opens it tells.
  }
  try {
    return join(realpathSync.native(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/**
 * Makes a file this sink's own within its run, or that of all sinks which write tables to it; gives its one name. Two sinks that
 * write the same file otherwise would lose one's rows, so the second is refused with `file/used-twice`.
 */
export function claimOutput(context: Pick<SinkContext<unknown>, 'shared'>, path: string, kind: 'file' | 'database'): string {
  const name = realName(path);
  const claim = context.shared(`output:${name}`, () => ({ kind: null as 'file' | 'database' | null, close() {} }));
  if (claim.kind !== null && (kind === 'file' || claim.kind === 'file')) {
    throw new MillraceError({
      code: 'file/used-twice',
      message: `Another sink of this pipeline writes ${path} too.`,
      hint: 'Give each sink a file of its own, or join the rows with a Union node first.',
      field: 'path',
    });
  }
  claim.kind = kind;
  return name;
}
