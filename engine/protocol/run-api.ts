/** The protocol between a keeper and the process of its run. */

import type { Schema } from '../../model/values/types.ts';
import type { Cells, LogLine, RunSummary } from './messages.ts';
import type { PhysicalPlan, SecretTexts } from './physical-plan.ts';

export interface RunJob {
  readonly id: string;
  /** The pipeline's name. */
  readonly name: string;
  /** The pipeline's file, or null for one that was never saved. */
  readonly path: string | null;
  /** The absolute folder to which paths of the params are relative. */
  readonly folder: string;
  readonly plan: PhysicalPlan;
  readonly options: RunOptions;
  /** Of the plan; absent where it needs none. */
  readonly secrets?: SecretTexts;
}
export interface RunOptions {
  /**
   * The absolute folder for this pipeline's checkpoints and large state, created if necessary; null: nothing is kept, and nothing can be
   * resumed.
   */
  readonly stateFolder: string | null;
  /** State folders of other runs that must not continue meanwhile, because both would write to the same outputs. */
  readonly locks?: readonly string[];
  /** When rows become visible: see `SinkContext.commits`. */
  readonly commits: 'end' | 'checkpoint';
  /** The time between two checkpoints, in ms. Runs that commit at their end make only that one. */
  readonly checkpointEveryMs: number;
  /** `latest`: the newest valid checkpoint, or from scratch if there is none. A number: that checkpoint. */
  readonly from: 'latest' | 'scratch' | number;
  /** After an edit: resume although the state of some nodes no longer fits; without it the run refuses with code `checkpoint/changed`. */
  readonly dropChangedState: boolean;
  /** Resume from an older checkpoint than a database holds, although rows are then written a second time; without it the run refuses with code `checkpoint/behind`. */
  readonly acceptDuplicates?: boolean;
  /** How many checkpoints are kept; at least 2, so that a damaged one has a predecessor. */
  readonly keepCheckpoints: number;
  /** How much of the state may be in memory, as `memorySize` reads it (`512MB`, `25%`); if absent, a share of the machine's memory. */
  readonly stateMemory?: string;
  /** How many instances a stage that can be split by its keys has; `auto`, where it is left out: one, or as many as the checkpoint has. */
  readonly instances?: number | 'auto';
}

/** The default of a run: all or nothing if the input ends, exactly once with every checkpoint if it does not. */
export function defaultRunOptions(plan: PhysicalPlan): RunOptions {
  const commits = plan.bounded ? 'end' : 'checkpoint';
  return { stateFolder: null, commits, checkpointEveryMs: 5000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 };
}

/**
 * How a run ends before its input does. `checkpoint`: a checkpoint to resume from, then the end (a run that commits at its end is cancelled
 * instead). `drain`: sources stop, held rows are emitted as at the end of input, everything is committed. `cancel`: at once, back to the
 * last commit.
 */
export const stopModes = ['checkpoint', 'drain', 'cancel'] as const;
export type StopMode = (typeof stopModes)[number];

/** What is known about a run before it begins. */
export function startingSummary(job: RunJob): RunSummary {
  return {
    id: job.id,
    pipeline: job.name,
    path: job.path,
    state: 'starting',
    startedAt: Date.now(),
    endedAt: null,
    stats: {},
    problems: [],
    outputs: [],
    bounded: job.plan.bounded,
    checkpoint: null,
    resumedFrom: null,
    restarts: 0,
  };
}

export interface RunProtocol {
  readonly requests: {
    readonly start: { readonly params: RunJob; readonly result: null };
    readonly stop: { readonly params: { readonly how: StopMode }; readonly result: null };
    /** Sources are not read; everything else is as in a run that waits for rows. Checkpoints continue. */
    readonly pause: { readonly params: Record<string, never>; readonly result: null };
    readonly resume: { readonly params: Record<string, never>; readonly result: null };
    /** Makes a checkpoint now; answers when it is committed. */
    readonly checkpoint: { readonly params: Record<string, never>; readonly result: { readonly id: number } };
    readonly inspect: {
      readonly params: { readonly node: string; readonly limit: number; readonly port?: string };
      readonly result: { readonly schema: Schema; readonly rows: readonly Cells[] };
    };
  };
  readonly events: {
    readonly changed: RunSummary;
    readonly logged: LogLine;
    /** Users' code was seen running: a process that runs out of memory can no longer report it. */
    readonly at: CodePlace;
  };
}
/** The node and the param of a piece of users' code. */
export interface CodePlace {
  readonly node: string;
  readonly field: string;
}

/** What a workbench and the command line can do with runs; the supervisor implements it. */
export interface RunControl {
  start(job: RunJob): Promise<RunSummary>;
  stop(runId: string, how: StopMode): Promise<void>;
  pause(runId: string): Promise<void>;
  resume(runId: string): Promise<void>;
  /** Makes a checkpoint now; resolves with its number when it is committed. */
  checkpoint(runId: string): Promise<{ readonly id: number }>;
  list(): Promise<readonly RunSummary[]>;
  logs(runId: string): Promise<readonly LogLine[]>;
  /** The rows that a sink keeps; with `port` the latest ones that left there, of a current run. */
  inspect(runId: string, node: string, limit: number, port?: string): Promise<{ readonly schema: Schema; readonly rows: readonly Cells[] }>;
  /** Both return a function that stops listening. */
  onChanged(listener: (summary: RunSummary) => void): () => void;
  onLogged(listener: (runId: string, line: LogLine) => void): () => void;
}
