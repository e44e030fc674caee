import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SinkContext } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import { hasOtherNames, isSameFile } from './same-file.ts';

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

type Kind = 'file' | 'database';
interface Claims {
  readonly kinds: Map<string, Kind>;
  close(): void;
}

/**
 * Makes a file this sink's own within its run, or that of all sinks which write tables to it; gives its one name. Two sinks that
 * write the same file otherwise would lose one's rows, so the second is refused with `file/used-twice`.
 */
export function claimOutput(context: Pick<SinkContext<unknown>, 'shared'>, path: string, kind: Kind): string {
  const { kinds } = context.shared('outputs', (): Claims => ({ kinds: new Map(), close() {} }));
  const name = claimedName(kinds, realName(path));
  if (kinds.has(name) && (kind === 'file' || kinds.get(name) === 'file')) {
    throw new MillraceError({
      code: 'file/used-twice',
      message: `Another sink of this pipeline writes ${path} too.`,
      hint: 'Give each sink a file of its own, or join the rows with a Union node first.',
      field: 'path',
    });
  }
  kinds.set(name, kind);
  return name;
}

/** Hard links are names of one file, and the first of them that is claimed is its name in the run. */
function claimedName(kinds: Claims['kinds'], name: string): string {
  if (kinds.has(name) || !hasOtherNames(name)) return name;
  return [...kinds.keys()].find((claimed) => isSameFile(claimed, name)) ?? name;
}
