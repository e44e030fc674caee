/** What a check knows about a pipeline, for the plan and for the other checks. */
import type { Discovery, NodeDefinition } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import type { Params } from '@millrace/kit/params';
import type { Readings } from '../../model/schema/reading.ts';
import type { Schema } from '../../model/values/types.ts';
import type { Edge, ErrorPolicy, NodeId, Pipeline, PipelineNode } from '../document/pipeline.ts';
import type { CheckResult } from '../protocol/messages.ts';
import type { SecretUse } from '../protocol/physical-plan.ts';
import type { Catalogue } from './catalogue.ts';
import type { CheckedConnection } from './connections.ts';
import type { Finding } from './findings.ts';
import type { Graph } from './graph.ts';

export interface CheckedNode {
  readonly id: NodeId;
  readonly node: PipelineNode;
  readonly definition: NodeDefinition;
  /** Migrated, `${parameters}` substituted, complete and of the declared form. */
  readonly params: Params;
  /** What a transform does, as far as its params and incoming columns say; null for sources and sinks. */
  readonly op: Op | null;
  /** What it is connected to; null if it names none that can be used. */
  readonly connection: CheckedConnection | null;
  /** See `FoundConnection`. */
  readonly elsewhere: readonly string[];
  /** Secrets of its own params. */
  readonly secrets: readonly SecretUse[];
  /** Some of its secrets are not available here, so the source cannot be asked to `discover`. */
  readonly lacksSecrets: boolean;
  /** The params have no error, so the source can be asked to `discover`. */
  readonly valid: boolean;
  /** The policy that the pipeline chooses for it, or the one of the sources that feed it. */
  readonly onError: ErrorPolicy;
  readonly inputs: { readonly [port: string]: Schema | null };
  readonly inputLists: { readonly [port: string]: readonly (Schema | null)[] };
  readonly outputs: { readonly [port: string]: Schema | null };
  /** What a source's `discover` found about the format of its input, and how cells are read. */
  readonly detected?: Discovery['detected'];
  readonly readings?: Readings;
}

export interface CheckedPipeline {
  readonly result: CheckResult;
  readonly pipeline: Pipeline;
  /** The nodes of known type, in topological order. */
  readonly nodes: ReadonlyMap<NodeId, CheckedNode>;
  /** All nodes, and the edges along which rows can flow. */
  readonly graph: Graph;
  readonly edges: readonly Edge[];
  readonly findings: readonly Finding[];
  readonly catalogue: Catalogue;
  /** The database of its errors table, relative to its folder. */
  readonly errorsFile: string;
}
