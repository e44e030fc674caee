/** Replays of failed rows, as the editor and the command line start them. */
import { isAbsolute, join, resolve } from 'node:path';
import { type NodeId, runNodes } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { fileSinks, planReplay } from '../plan/errors-table.ts';
import type { PhysicalPlan } from '../plan/physical.ts';
import { defaultRunOptions, type RunOptions } from '../protocol/run-api.ts';
import { MillraceError } from '../schema/problem.ts';
import { latestCheckpoint } from '../store/checkpoints.ts';
import { replaysFolder } from '../store/unfinished-replays.ts';

export interface ReplayRequest {
  readonly plan: PhysicalPlan;
  readonly catalogue: Catalogue;
  readonly stateFolder: string;
  /** The errors table's database; relative to the pipeline's folder. */
  readonly file: string;
  readonly node: NodeId;
  readonly only?: readonly number[];
}
export interface PreparedReplay {
  readonly plan: PhysicalPlan;
  readonly options: RunOptions;
  /** A replay of other rows of this node was interrupted: this one brings that to its end, and the one that was asked for is still to come. */
  readonly finishesEarlier: boolean;
}

/**
 * A replay commits with checkpoints and goes on from the last, so that one that was killed replays no row twice: the rows
 * are marked only after their commit. Throws MillraceErrors, see `planReplay`.
 */
export function prepareReplay({ plan, catalogue, stateFolder, file, node, only = [] }: ReplayRequest): PreparedReplay {
  const state = join(stateFolder, replaysFolder, node);
  const asked = planReplay(plan, catalogue, { node, file, only });
  const [written] = fileSinks(asked, catalogue);
  const goesOn = written === undefined ? null : latestCheckpoint(stateFolder);
  if (written !== undefined && goesOn) {
    throw new MillraceError({
      code: 'replay/file',
      message: `"${written}" writes to a file, and the pipeline is to go on from checkpoint ${goesOn.id}: it would cut off the rows that a replay adds to that file`,
      hint: 'Write to a database instead, where rows can be added at any time, or let the run come to its end first.',
      node: written,
    });
  }
  const source = asked.nodes[0]!;
  const before = latestCheckpoint(state)?.shape.nodes[source.id]?.params;
  const isOther = before !== undefined && (before['only'] !== source.params['only'] || before['path'] !== source.params['path']);
  const replay = isOther ? planReplay(plan, catalogue, { node, file: String(before['path']), only: numbers(before['only']) }) : asked;
  const options: RunOptions = {
    ...defaultRunOptions(replay),
    commits: 'checkpoint',
    checkpointEveryMs: 1000,
    stateFolder: state,
    from: 'latest',
    // A busy stream leaves its database unlocked for moments only, and its files never.
    locks: [stateFolder],
  };
  return { plan: replay, options, finishesEarlier: isOther };
}

/** Where the kept rows are: absolute. */
export function errorsPath(folder: string, file: string): string {
  return isAbsolute(file) ? file : resolve(folder, file);
}

/** The source of a replay, which is no node of the document. */
export function isReplaySource(id: NodeId): boolean {
  return id.startsWith(runNodes.replay);
}

function numbers(text: unknown): number[] {
  return String(text ?? '')
    .split(',')
    .filter(Boolean)
    .map(Number);
}
