import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SinkContext } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import { hasOtherNames, isSameFile } from './same-file.ts';

/** The unique name of a file, or of a pattern in its folder, by whatever links and spellings it is reached. */
export function realName(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // It does not exist yet, or its folder does not: whatever opens it reports that.
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
 * Claims a file for this sink within its run, or for all sinks that write tables to it; returns its unique name. If two sinks wrote the
 * same file, one's rows would be lost, so the second is refused with `file/used-twice`.
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

/** Hard links are names of one file; the first one that is claimed is its name in the run. */
function claimedName(kinds: Claims['kinds'], name: string): string {
  if (kinds.has(name) || !hasOtherNames(name)) return name;
  return [...kinds.keys()].find((claimed) => isSameFile(claimed, name)) ?? name;
}
