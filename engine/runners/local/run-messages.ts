/** What a run's control thread and its data thread tell each other. Plain data. */
import type { Undo } from '@millrace/kit/node';
import type { Problem } from '../../../model/problems/problem.ts';
import type { Schema } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { Cells, LogLine, NodeStats, RunOutput, RunSummary } from '../../protocol/messages.ts';
import type { RunJob, StopMode } from '../../protocol/run-api.ts';
import type { NodeCounts } from './counters.ts';
import type { Monitor } from './monitor.ts';

export type ToData =
  | { readonly kind: 'start'; readonly job: RunJob }
  | { readonly kind: 'stop'; readonly how: StopMode }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'checkpoint'; readonly id: number }
  /** The rows that a sink keeps, the latest `limit` of them. */
  | { readonly kind: 'inspect'; readonly id: number; readonly node: NodeId; readonly port: string | null; readonly limit: number };

export type ToControl =
  /** A piece of users' code is about to be run for the first time. */
  | { readonly kind: 'code'; readonly number: number; readonly node: NodeId; readonly field: string; readonly instance?: number }
  /** A thread of its own has been started for an instance of the plan's stages. `nodes`: by the numbers that its monitor has. */
  | { readonly kind: 'instance'; readonly instance: number; readonly monitor: Monitor; readonly nodes: readonly NodeId[] }
  | { readonly kind: 'instanceEnded'; readonly instance: number }
  /** It ended by itself; `message` is empty where nobody knows why. */
  | { readonly kind: 'instanceLost'; readonly instance: number; readonly code: string | null; readonly message: string }
  /** What to undo should the data thread be ended now, unless it is committing: see `RunContext.guard`. */
  | { readonly kind: 'guard'; readonly node: NodeId; readonly undo: Undo | readonly Undo[] }
  /** Files that hold the locks of its outputs, to be removed at its end: see output-locks.ts. */
  | { readonly kind: 'locked'; readonly locks: readonly string[] }
  /** Goes on from this checkpoint. */
  | { readonly kind: 'resumed'; readonly checkpoint: number }
  /** It begins once more: failures of rows that were told before do not count. */
  | { readonly kind: 'startedOver' }
  /** Outputs become visible: until `committed` with `more`, nothing is to be undone. */
  | { readonly kind: 'committing' }
  | { readonly kind: 'committed'; readonly checkpoint: RunSummary['checkpoint']; readonly more: boolean }
  /** A checkpoint that was asked for: its number, or why there is none. */
  | { readonly kind: 'checkpointed'; readonly id: number; readonly checkpoint: number | null; readonly problem: Problem | null }
  | ({ readonly kind: 'stats' } & Snapshot)
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'inspected'; readonly id: number; readonly rows: KeptRows | null }
  /** The last message: outputs are closed. `kept` are the rows of the sinks that keep some. */
  | ({
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly kept: { readonly [node: NodeId]: KeptRows };
    } & Snapshot);

export interface Snapshot {
  readonly counts: { readonly [node: NodeId]: NodeCounts };
  readonly progress: { readonly [source: NodeId]: NonNullable<NodeStats['progress']> };
  readonly backlog: { readonly [source: NodeId]: NonNullable<NodeStats['backlog']> };
  /** What nodes wait for, see `RunContext.waits`. */
  readonly waits?: { readonly [node: NodeId]: string };
  readonly outputs: readonly RunOutput[];
  /** Null before the run has opened its nodes. */
  readonly stateUse: Omit<NonNullable<RunSummary['stateUse']>, 'mostInMemory' | 'mostOnDisk'> | null;
  /** As of `Dataflow.warnings`. */
  readonly warnings: readonly Problem[];
  /** The first failures of rows, since the last snapshot. */
  readonly failures: readonly Problem[];
}
export type Outcome = { readonly state: 'done' | 'stopped' } | { readonly state: 'failed'; readonly problem: Problem };
export interface KeptRows {
  readonly schema: Schema;
  readonly rows: readonly Cells[];
}
