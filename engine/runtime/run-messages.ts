/** What a run's control thread and its data thread tell each other. Plain data. */
import type { Undo } from '../../nodes/kit/node.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { Cells, LogLine, NodeStats, RunOutput } from '../protocol/messages.ts';
import type { RunJob } from '../protocol/run-api.ts';
import type { Problem } from '../schema/problem.ts';
import type { Schema } from '../schema/types.ts';
import type { NodeCounts } from './counters.ts';

export type ToData =
  | { readonly kind: 'start'; readonly job: RunJob }
  | { readonly kind: 'stop' }
  /** The rows that a sink keeps, the latest `limit` of them. */
  | { readonly kind: 'inspect'; readonly id: number; readonly node: NodeId; readonly limit: number };

export type ToControl =
  /** A piece of users' code is about to be run for the first time. */
  | { readonly kind: 'code'; readonly number: number; readonly node: NodeId; readonly field: string }
  /** What to undo should the data thread be ended now, unless it is committing: see `RunContext.guard`. */
  | { readonly kind: 'guard'; readonly node: NodeId; readonly undo: Undo | readonly Undo[] }
  /** All sources are read. */
  | { readonly kind: 'committing' }
  | ({ readonly kind: 'stats' } & Snapshot)
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'inspected'; readonly id: number; readonly rows: KeptRows | null }
  /** The last message: outputs are closed. `kept` are the rows of the sinks that keep some. */
  | ({ readonly kind: 'ended'; readonly outcome: Outcome; readonly kept: { readonly [node: NodeId]: KeptRows } } & Snapshot);

export interface Snapshot {
  readonly counts: { readonly [node: NodeId]: NodeCounts };
  readonly progress: { readonly [source: NodeId]: NonNullable<NodeStats['progress']> };
  readonly outputs: readonly RunOutput[];
  /** The first failures of rows, since the last snapshot. */
  readonly failures: readonly Problem[];
}
export type Outcome = { readonly state: 'done' | 'stopped' } | { readonly state: 'failed'; readonly problem: Problem };
export interface KeptRows {
  readonly schema: Schema;
  readonly rows: readonly Cells[];
}
