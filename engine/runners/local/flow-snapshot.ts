/** What a checkpoint holds of a run: plain data that node:v8 serialises. */

import { endOfTime } from '../../../model/schema/event-time.ts';
import type { Json, State } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import type { NodeCounts } from './counters.ts';
import type { KeyedSnapshot } from './keyed-snapshot.ts';
import type { NodeTime } from './router.ts';

export interface NodeSnapshot extends NodeTime {
  readonly counts: NodeCounts;
  /** What the operator's `snapshot` gave. */
  readonly state: State;
}
/** How rows are divided among the instances of stages. */
export interface Division {
  readonly instances: number;
  /** By node of a stage: as of `Stage.places`, none for a node without keys. */
  readonly places: { readonly [node: NodeId]: readonly number[] };
}
export interface FlowSnapshot {
  readonly nodes: { readonly [node: NodeId]: NodeSnapshot };
  /** Transforms that keep something between rows. */
  readonly stateful: readonly NodeId[];
  /** What `NodeStates.snapshot` gave. */
  readonly keyed: KeyedSnapshot;
  /** Of the nodes that run in several instances, and of each of these. Their nodes are above too, with their books taken together. */
  readonly instances?: readonly FlowSnapshot[];
  /** How rows were divided among these. */
  readonly division?: Division;
  /** Of the run's clock, in milliseconds since 1970; checkpoints of older versions have none. */
  readonly time?: number;
}

/** How far a source has been read. */
export interface SourceMark {
  readonly position: Json;
  readonly hasEnded: boolean;
  /** Rows of it that had failed by then. */
  readonly failed: number;
}

/** The content of a checkpoint's file; `flow` is null where nothing of it goes on: all input has been worked off. */
export interface CheckpointContent {
  readonly sources: { readonly [source: NodeId]: SourceMark };
  readonly flow: FlowSnapshot | null;
  readonly tokens: { readonly [sink: NodeId]: Json };
  /** Where its keyed state is: see state-folders.ts. */
  readonly folder?: string;
}

/**
 * The times of a checkpoint that still stand in this plan: a source that starts anew has not ended, and a node behind one
 * that has not ended has not either.
 */
export function standing(
  plan: PhysicalPlan,
  { nodes }: Pick<FlowSnapshot, 'nodes'>,
  isCarried: (node: NodeId) => boolean,
): { readonly [node: NodeId]: NodeTime } {
  const ended = new Set<NodeId>();
  const times: { [node: NodeId]: NodeTime } = {};
  for (const { id, kind } of plan.nodes) {
    const before = nodes[id];
    if (!before || (kind === 'source' && !isCarried(id))) continue;
    const hasEnded = before.hasEnded && plan.edges.every(({ from, to }) => to.node !== id || ended.has(from.node));
    if (hasEnded) ended.add(id);
    times[id] = { ...before, hasEnded, watermark: hasEnded ? endOfTime : Math.min(before.watermark, endOfTime - 1), arrived: before.arrived };
  }
  return times;
}
