/** Replays of failed rows, as the editor and the command line start them. */
import { existsSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { itemAt, missing } from '../../model/faults/missing.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { fileExtension } from '../document/file.ts';
import { type NodeId, runNodeOf, runNodes } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { errorsFile, fileSinks, type KeptRows, planReplay, replaces, withReplays } from '../plan/errors-table.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { defaultRunOptions, type RunOptions } from '../protocol/run-api.ts';
import { CheckpointStore, latestCheckpoint } from '../store/checkpoints.ts';
import { readKeptErrors } from '../store/kept-errors.ts';
import { replaysFolder } from '../store/unfinished-replays.ts';
import type { Place } from './found-sources.ts';

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
  /** A replay of other rows of this node was interrupted: this one completes it, and the requested one is still to come. */
  readonly finishesEarlier: boolean;
}

/**
 * A replay commits with checkpoints and resumes from the last one, so that a killed one replays no row twice: rows are marked only after
 * their commit. Throws MillraceErrors, see `planReplay`.
 */
export function prepareReplay({ plan, catalogue, stateFolder, file, node, only = [] }: ReplayRequest): PreparedReplay {
  const state = join(stateFolder, replaysFolder, node);
  const asked = planReplay(plan, catalogue, { node, file, only });
  const [written] = fileSinks(asked, catalogue);
  const goesOn = latestCheckpoint(stateFolder);
  // Resuming it decides which of its rows are replayed.
  if (Object.keys(goesOn?.shape.nodes ?? {}).some((id) => runNodeOf(id) === runNodes.replay)) {
    throw new MillraceError({
      code: 'replay/unfinished',
      message: 'The pipeline replayed failed rows itself in its last run: resume it before you replay others beside it',
      hint: 'Resume it, with these rows if you like.',
      node,
    });
  }
  if (written !== undefined && goesOn) {
    throw new MillraceError({
      code: 'replay/file',
      message: `"${written}" writes to a file, and the pipeline will resume from checkpoint ${goesOn.id}: it would cut off the rows that a replay adds to that file`,
      hint: 'Write to a database instead, where rows can be added at any time, or let the run finish first.',
      node: written,
    });
  }
  const source = itemAt(asked.nodes, 0);
  const before = latestCheckpoint(state)?.shape.nodes[source.id]?.params;
  const isOther = before !== undefined && (before['only'] !== source.params['only'] || before['path'] !== source.params['path']);
  const replay = isOther ? planReplay(plan, catalogue, { node, file: String(before['path']), only: numbers(before['only']) }) : asked;
  const options: RunOptions = {
    ...defaultRunOptions(replay),
    commits: 'checkpoint',
    checkpointEveryMs: 1000,
    stateFolder: state,
    from: 'latest',
    // A busy stream leaves its database unlocked only for moments, and its files never.
    locks: [stateFolder],
  };
  return { plan: replay, options, finishesEarlier: isOther };
}

export interface TakeUpRequest extends Omit<ReplayRequest, 'node' | 'only' | 'file'> {
  /** The folder of the pipeline. */
  readonly folder: string;
  /** Databases of errors tables; relative to the folder. */
  readonly files: readonly string[];
  /** Nodes whose rows are replayed; absent: all that can be. */
  readonly nodes?: readonly NodeId[] | undefined;
  /** Ids of rows; empty or absent: all of these nodes. */
  readonly only?: readonly number[] | undefined;
  readonly from: RunOptions['from'];
}
export interface TakeUp {
  readonly plan: PhysicalPlan;
  /** How many rows wait, by node. */
  readonly rows: ReadonlyMap<NodeId, number>;
  /** The errors tables, with the newest row of each. */
  readonly tables: readonly { readonly path: string; readonly last: number }[];
  /** Why the rows of further nodes cannot be replayed. */
  readonly refused: readonly Problem[];
}

/**
 * The plan of a run that replays the waiting rows with the state with which it resumes. It must commit with checkpoints. Throws
 * MillraceErrors `replay/…` if requested rows cannot enter, or would exist twice.
 */
export function planTakeUp({ plan, catalogue, stateFolder, folder, files, nodes, only = [], from }: TakeUpRequest): TakeUp {
  const tables = files.map((file) => ({ file, path: errorsPath(folder, file), ...readKeptErrors(errorsPath(folder, file)) }));
  const latest = from === 'scratch' ? null : latestCheckpoint(stateFolder);
  if (tables.some(({ counts }) => counts.size > 0) && !latest && (plan.bounded || replaces(plan, catalogue))) {
    throw new MillraceError({
      code: 'replay/anew',
      message: `The pipeline has no checkpoint to resume from: it starts from scratch and ${plan.bounded ? 'reads' : 'writes'} everything again, including the rows that failed`,
      hint: 'Run it as it is, without a replay.',
    });
  }
  const taken = new CheckpointStore(stateFolder).list().flatMap(({ shape }) => Object.keys(shape.nodes));
  const refused: Problem[] = [];
  const rows = new Map<NodeId, number>();
  const kept: KeptRows[] = [];
  for (const { file, counts, ports } of tables) {
    for (const [node, count] of counts) {
      if (nodes && !nodes.includes(node)) continue;
      const found = { file, node, ports: ports.get(node) ?? missing(`the ports of "${node}"`), only };
      try {
        withReplays(plan, catalogue, [found], taken);
      } catch (error) {
        if (nodes || !(error instanceof MillraceError)) throw error;
        refused.push(error.problem);
        continue;
      }
      kept.push(found);
      rows.set(node, (rows.get(node) ?? 0) + count);
    }
  }
  return { plan: kept.length > 0 ? withReplays(plan, catalogue, kept, taken) : plan, rows, tables, refused };
}

/**
 * Whether a run that resumes from its latest checkpoint could replay the rows of a node that cannot be replayed in a run of their own, and
 * what to say if it cannot.
 */
export function wayInto(
  request: TakeUpRequest & { readonly nodes: readonly [NodeId] },
  alone: Problem | null,
): { readonly inRun: boolean; readonly problem: Problem | null } {
  try {
    planTakeUp(request);
    return { inRun: true, problem: alone };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { inRun: false, problem: alone && error.problem.code === 'replay/port' ? error.problem : alone };
  }
}

/**
 * The databases of a pipeline's kept rows, relative to its folder, its own first. Earlier versions named them after the pipeline: such a
 * database is read too, unless it belongs to a pipeline whose file has that name.
 */
export function errorsFiles(name: string, { folder, path }: Place): readonly string[] {
  const own = errorsFile(name, path && basename(path));
  const older = errorsFile(name, null);
  const owner = older.replace(/\.errors\.db$/, fileExtension);
  return older !== own && existsSync(resolve(folder, older)) && !existsSync(resolve(folder, owner)) ? [own, older] : [own];
}

/** Where the kept rows are: absolute. */
export function errorsPath(folder: string, file: string): string {
  return isAbsolute(file) ? file : resolve(folder, file);
}

/** The source of a replay, which is not a node of the document. */
export function isReplaySource(id: NodeId): boolean {
  return id.startsWith(runNodes.replay);
}

function numbers(text: unknown): number[] {
  return String(text ?? '')
    .split(',')
    .filter(Boolean)
    .map(Number);
}
