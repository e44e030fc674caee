/** The physical plan: what a run process executes. Plain data; made by plan.ts from a checked pipeline. */

import type { Share, SplitSize } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import type { Json, Schema } from '../../model/values/types.ts';
import type { Edge, ErrorPolicy, NodeId } from '../document/pipeline.ts';

/** A place in params that holds a reference to a secret: where its text goes in the process that carries the node out, and only there. */
export interface SecretUse {
  /** A path: `password`, `headers.2.value`. */
  readonly field: string;
  readonly reference: string;
}
/** A connection as a node gets it, references in place of secrets. */
export interface PlannedConnection {
  readonly name: string;
  readonly type: string;
  readonly params: { readonly [name: string]: Json };
  readonly secrets: readonly SecretUse[];
}
/** The texts of secrets by their references. Travels in messages between processes, and is written nowhere. */
export type SecretTexts = { readonly [reference: string]: string };

export interface PlannedNode {
  readonly id: NodeId;
  readonly type: string;
  readonly kind: 'source' | 'transform' | 'sink';
  readonly title: string;
  /** Complete (defaults filled in), validated, `${parameters}` substituted. */
  readonly params: { readonly [name: string]: Json };
  readonly onError: ErrorPolicy;
  /** By port. For a port with many edges, the schema that `infer` saw first; all of them are in `inputLists`. */
  readonly inputs: { readonly [port: string]: Schema };
  readonly inputLists: { readonly [port: string]: readonly Schema[] };
  readonly outputs: { readonly [port: string]: Schema };
  readonly connection?: PlannedConnection;
  /** Of its own params. */
  readonly secrets?: readonly SecretUse[];
  /** What it may connect to: see `ConnectionDefinition.reaches`. */
  readonly reaches?: readonly string[];
  /** Of a transform: what it does. */
  readonly op?: Op;
  /** Of a source whose input several runs share: see shares.ts. */
  readonly share?: Share;
}
/** Which sources are read in step by event time: see alignment.ts. */
export interface Alignment {
  /** By source: the nodes whose watermarks tell how far its rows are; the least counts. */
  readonly clocks: { readonly [source: NodeId]: readonly NodeId[] };
  /** Sources of one group whose rows meet: none of `held` is read on while one of `sources` is behind it. */
  readonly meetings: readonly { readonly sources: readonly NodeId[]; readonly held: readonly NodeId[] }[];
  /** Of them, those that have nothing to give while a `read` of theirs waits: their rows are only just being made. */
  readonly live: readonly NodeId[];
}
/** Nodes that run in several instances, each with the rows of some keys: see engine/plan/stages.ts. */
export interface Stage {
  /** In topological order. */
  readonly nodes: readonly NodeId[];
  readonly instances: number;
  /** The edges by which rows come in, and the columns by the hash of whose values they are split. */
  readonly exchanges: readonly { readonly edge: Edge; readonly keys: readonly string[] }[];
  /** By node that has keys: which of them, by their places, say what instance a row is in. The rest need not be looked at. */
  readonly places: { readonly [node: NodeId]: readonly number[] };
}
export interface PhysicalPlan {
  /** In topological order; nodes that no sink needs are left out of a run. */
  readonly nodes: readonly PlannedNode[];
  readonly edges: readonly Edge[];
  /** Sources in the order in which they are pulled: those that feed `first` ports come before the others; each group is pulled in turns. */
  readonly sourceGroups: readonly (readonly NodeId[])[];
  /** Within the groups, sources that are read in step by event time; absent where order does not matter. */
  readonly alignment?: Alignment;
  /** Chains of row-by-row nodes, each of which may run as one fused loop (a chain's inner edges have no other consumer of that output). */
  readonly chains: readonly (readonly NodeId[])[];
  /** Nodes whose code may keep values from row to row outside of its state: one thread must process all of their rows. Absent: not looked at. */
  readonly keeping?: readonly NodeId[];
  /** What runs in several instances, apart from each other; absent where everything runs in one. */
  readonly stages?: readonly Stage[];
  /** The whole plan may run in several threads, each with a stretch of the input: see engine/runners/local/parts. */
  readonly parts?: SplitSize & { readonly source: NodeId };
  /**
   * Sources of rows that failed before and now enter the run beside those of the pipeline: no watermark waits for them, and a run
   * that resumes without them is of the same pipeline.
   */
  readonly replays?: readonly NodeId[];
  /** Of the plan of a part of a pipeline: the ports whose rows go on beyond it. */
  readonly leaving?: readonly Edge['from'][];
  /** False where some source never ends by itself: such a run continues until it is stopped, and commits with its checkpoints. */
  readonly bounded: boolean;
}
