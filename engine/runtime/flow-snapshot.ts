/** What a checkpoint holds of a run: plain data that node:v8 serialises. */
import type { NodeId } from '../document/pipeline.ts';
import type { Json, State } from '../schema/types.ts';
import type { NodeCounts } from './counters.ts';
import type { NodeTime } from './hub.ts';

export interface NodeSnapshot extends NodeTime {
  readonly counts: NodeCounts;
  /** What the operator's `snapshot` gave. */
  readonly state: State;
}
export interface FlowSnapshot {
  readonly nodes: { readonly [node: NodeId]: NodeSnapshot };
  /** Transforms that keep something between rows. */
  readonly stateful: readonly NodeId[];
  /** What `NodeStates.snapshot` gave. */
  readonly keyed: State;
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
}
