import type { Json } from '../../model/values/types.ts';

/** `hot_readings`: lower case, starts with a letter, `[a-z0-9_]`. Never reused for another node of the same document. */
export type NodeId = string;
/**
 * What happens to a row that a node cannot handle. `route` sends it to the node's `errors` port, `keep` to the pipeline's errors table,
 * from which it can be replayed.
 */
export const errorPolicies = ['stop', 'skip', 'route', 'keep'] as const;
export type ErrorPolicy = (typeof errorPolicies)[number];
/** The output port that a node has under the policy `route`, and in a run also under `keep`. */
export const errorPort = 'errors';
/**
 * Nodes that only runs have: the sink of the policy `keep`, and the source of a replay. A number is appended if a node of the document has
 * that id.
 */
export const runNodes = { errorsTable: 'errors_table', replay: 'errors_replay' } as const;
const runNodeTitles: ReadonlyMap<NodeId, string> = new Map<NodeId, string>([
  [runNodes.errorsTable, 'Errors table'],
  [runNodes.replay, 'Replay of errors'],
]);

/** Which node of a run it is that the document does not have: its id without the number, or null if runs have no such node. */
export function runNodeOf(id: NodeId): NodeId | null {
  const plain = id.replace(/_\d+$/, '');
  return runNodeTitles.has(plain) ? plain : null;
}

export function runNodeTitle(id: NodeId): string | undefined {
  return runNodeTitles.get(runNodeOf(id) ?? '');
}

export interface PipelineNode {
  readonly type: string;
  readonly typeVersion: number;
  readonly title?: string;
  readonly note?: string;
  /** Only values that differ from the defaults need to be here. */
  readonly params: { readonly [name: string]: Json };
  /** `stop` where absent. */
  readonly onError?: ErrorPolicy;
}
export interface Endpoint {
  readonly node: NodeId;
  readonly port: string;
}
/** In the file an edge is one line: `"readings.rows -> hot.rows"`. */
export interface Edge {
  readonly from: Endpoint;
  readonly to: Endpoint;
}
/** A value that can be set at run time; `${name}` in text params stands for it. */
export interface Parameter {
  readonly type: 'text' | 'number' | 'boolean';
  readonly default: string | number | boolean;
  readonly description?: string;
}
export interface Position {
  readonly x: number;
  readonly y: number;
}

/**
 * The document. Immutable: every change makes a new one (commands.ts). What runs is separate from how it looks: nothing in `layout` reaches
 * the engine.
 */
export interface Pipeline {
  readonly name: string;
  readonly description?: string;
  readonly parameters: { readonly [name: string]: Parameter };
  readonly nodes: { readonly [id: NodeId]: PipelineNode };
  readonly edges: readonly Edge[];
  readonly layout: { readonly [id: NodeId]: Position };
  /** By name, the highest number among deleted nodes: `filter: 2` keeps `filter` and `filter_2` from being reused (ids.ts). */
  readonly retired?: { readonly [name: string]: number };
}

export const emptyPipeline: Pipeline = { name: 'Untitled', parameters: {}, nodes: {}, edges: [], layout: {} };

/** `readings.rows->hot.rows`: unique within a pipeline. */
export function edgeId(edge: Edge): string {
  return `${edge.from.node}.${edge.from.port}->${edge.to.node}.${edge.to.port}`;
}
