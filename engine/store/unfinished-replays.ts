import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { CheckpointStore } from './checkpoints.ts';

/** Where replays of a pipeline's failed rows keep their state: a folder for each node, within that of the pipeline. */
export const replaysFolder = 'replay';

/**
 * Throws if a replay was killed and not resumed, except for the one that keeps its state in `own`: when it resumes, it resets its files to
 * what it knows, and what another run wrote meanwhile would be lost.
 */
export function refuseUnfinishedReplays(stateFolder: string, own: string): void {
  for (const node of unfinishedReplays(stateFolder)) {
    const folder = join(stateFolder, replaysFolder, node);
    if (resolve(folder) === resolve(own)) continue;
    throw new MillraceError({
      code: 'replay/unfinished',
      message: `A replay of rows that failed at "${node}" was interrupted and must be finished first.`,
      hint: `Replay the rows of "${node}" again: it resumes where it was. If it cannot, delete ${folder}: some rows may then be replayed twice.`,
      node,
    });
  }
}

/** The nodes whose replay was killed in the middle. */
export function unfinishedReplays(stateFolder: string): string[] {
  let nodes: string[];
  try {
    nodes = readdirSync(join(stateFolder, replaysFolder));
  } catch {
    return [];
  }
  return nodes.filter((node) => new CheckpointStore(join(stateFolder, replaysFolder, node)).highest() > 0);
}
