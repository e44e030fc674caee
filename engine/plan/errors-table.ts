/**
 * The errors table, where rows are kept that fail at nodes under the policy "keep", and from where they are replayed. The catalogue finds
 * the node types that keep and replay them by what they declare.
 */
import type { NodeDefinition } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import { completeParams, defaultsOf, type Params } from '@millrace/kit/params';
import { itemAt, lastOf, missing } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { fileExtension } from '../document/file.ts';
import { type Edge, errorPort, type NodeId, runNodes } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import type { Catalogue } from './catalogue.ts';
import { firstPorts } from './check-edges.ts';
import type { CheckedPipeline } from './checked.ts';
import { keptErrorSchema } from './error-schema.ts';
import { Graph } from './graph.ts';
import { orderSources } from './sources.ts';

/**
 * The database of a pipeline's errors, relative to its folder: `hot.errors.db` for the file `hot.millrace.json`. Not by name, as several
 * pipelines of one folder may have the same; a document without a file (`file` null) has nothing else.
 */
export function errorsFile(pipeline: string, file: string | null): string {
  if (file !== null) return `${file.endsWith(fileExtension) ? file.slice(0, -fileExtension.length) : file}.errors.db`;
  const name = pipeline
    .replace(/[^\p{L}\p{N} ._-]+/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
    .slice(0, 100);
  return `${name || 'pipeline'}.errors.db`;
}

/** The plan with one more sink, downstream of all nodes that keep failed rows. */
export function withErrorsTable(plan: PhysicalPlan, { pipeline, errorsFile: path, catalogue }: CheckedPipeline): PhysicalPlan {
  const keeping = plan.nodes.filter(({ onError }) => onError === 'keep').map(({ id }) => id);
  if (keeping.length === 0) return plan;
  const definition = found(catalogue, (each) => each.kind === 'sink' && each.keepsErrors === true);
  const id = freeId(runNodes.errorsTable, [...Object.keys(pipeline.nodes)]);
  const sink: PlannedNode = {
    id,
    type: definition.type,
    kind: 'sink',
    title: definition.title,
    params: completeParams(definition.params, { path, pipeline: pipeline.name, supersedes: replaces(plan, catalogue) }),
    onError: 'stop',
    inputs: { rows: keptErrorSchema },
    // Once, however many nodes keep their errors, so that its state fits when one is added.
    inputLists: { rows: [keptErrorSchema] },
    outputs: {},
  };
  const nodes = plan.nodes.map((node) => (node.onError === 'keep' ? { ...node, outputs: { ...node.outputs, [errorPort]: keptErrorSchema } } : node));
  const edges = keeping.map((node): Edge => ({ from: { node, port: errorPort }, to: { node: id, port: 'rows' } }));
  return { ...plan, nodes: [...nodes, sink], edges: [...plan.edges, ...edges] };
}

/** Whether a run that starts from scratch replaces what the previous one wrote: then it also processes its failed rows again. */
export function replaces(plan: PhysicalPlan, catalogue: Catalogue): boolean {
  return plan.nodes.some(({ type, params }) => !same(addingParams(catalogue.get(type), params), params));
}

export interface ReplayOptions {
  /** The node whose kept rows are replayed. */
  readonly node: NodeId;
  /** The errors table's database; absolute, or relative to the pipeline's folder. */
  readonly file: string;
  /** Ids of rows; empty: all rows of the node. */
  readonly only: readonly number[];
}

/**
 * The part of a plan that replays the rows of one node: a source of them, the node, and all nodes downstream, with sinks that add to
 * existing rows. Throws a MillraceError if the result would differ from what the rows would have given in time.
 */
export function planReplay(plan: PhysicalPlan, catalogue: Catalogue, { node, file, only }: ReplayOptions): PhysicalPlan {
  const target = targetOf(plan, node);
  const graph = new Graph(
    plan.nodes.map(({ id }) => id),
    plan.edges,
  );
  const scope = graph.downstream([node]);
  const stateful = replayObstacle(plan, node);
  if (stateful !== null) {
    const where = stateful === node ? `"${node}" itself` : `"${stateful}", which is downstream of "${node}",`;
    throw new MillraceError({
      code: 'replay/stateful',
      message: `Rows of "${node}" cannot be replayed by themselves: ${where} counts with other rows, which are not there`,
      hint: 'Run the pipeline again from scratch.',
      node: stateful,
    });
  }
  const port = itemAt(Object.keys(target.inputs), 0);
  const id = freeId(runNodes.replay, [...graph.nodes]);
  const source = replaySource(catalogue, { id, target, port, params: { path: file, node, only: only.join(',') } });
  const nodes = plan.nodes.filter((each) => scope.has(each.id)).map((each) => adding(each, catalogue.get(each.type), file));
  const edges = plan.edges.filter(({ from, to }) => scope.has(from.node) && scope.has(to.node));
  return {
    nodes: [source, ...nodes],
    edges: [{ from: { node: id, port: 'rows' }, to: { node, port } }, ...edges],
    sourceGroups: [[id]],
    chains: plan.chains.map((chain) => chain.filter((each) => scope.has(each))).filter(({ length }) => length > 1),
    bounded: true,
  };
}

/**
 * The first node, this one or one downstream, whose results depend on other rows: rows of this one cannot be replayed in a run of their
 * own. Null: they can.
 */
export function replayObstacle(plan: PhysicalPlan, node: NodeId): NodeId | null {
  const graph = new Graph(
    plan.nodes.map(({ id }) => id),
    plan.edges,
  );
  const scope = graph.downstream([node]);
  return plan.nodes.find(({ id, op }) => scope.has(id) && op && traitsOf(op).isStateful)?.id ?? null;
}

export interface KeptRows {
  /** The errors table's database; absolute, or relative to the pipeline's folder. */
  readonly file: string;
  readonly node: NodeId;
  /** The inputs at which they failed; null if that was not recorded. */
  readonly ports: readonly (string | null)[];
  /** Ids of rows; empty: all rows of the node. */
  readonly only: readonly number[];
}

/**
 * The plan of a run that replays kept rows: an additional source for each node, or each input of one, at which they enter beside the rows
 * of the pipeline. They are read before the sources that feed the same nodes, so that as few as possible are late. `taken`: ids of nodes
 * that the run's checkpoints contain. Throws a MillraceError if rows cannot enter.
 */
export function withReplays(plan: PhysicalPlan, catalogue: Catalogue, rows: readonly KeptRows[], taken: readonly NodeId[]): PhysicalPlan {
  const sources: PlannedNode[] = [];
  const edges: Edge[] = [];
  for (const { file, node, ports, only } of rows) {
    const target = targetOf(plan, node);
    for (const { port, noted } of entries(target, ports)) {
      const id = freeId(runNodes.replay, [...plan.nodes, ...sources].map((each) => each.id).concat(taken));
      sources.push(replaySource(catalogue, { id, target, port, params: { path: file, node, port: noted, only: only.join(',') } }));
      edges.push({ from: { node: id, port: 'rows' }, to: { node, port } });
    }
  }
  const nodes = [...sources, ...plan.nodes];
  const replays = sources.map(({ id }) => id);
  const graph = new Graph(
    nodes.map(({ id }) => id),
    [...plan.edges, ...edges],
  );
  const ofNode = new Map(nodes.map((each) => [each.id, each]));
  const { groups } = orderSources(
    graph,
    [...replays, ...plan.sourceGroups.flat()],
    firstPorts(graph, (id) => ofNode.get(id)?.op),
  );
  return {
    ...plan,
    nodes,
    edges: [...plan.edges, ...edges],
    sourceGroups: groups
      .flatMap((group) => [group.filter((id) => replays.includes(id)), group.filter((id) => !replays.includes(id))])
      .filter(({ length }) => length > 0),
    chains: plan.chains.flatMap((chain) => cutBefore(chain, new Set(rows.map(({ node }) => node)))),
    replays,
  };
}

/** A chain has one entry: its first node. */
function cutBefore(chain: readonly NodeId[], heads: ReadonlySet<NodeId>): (readonly NodeId[])[] {
  const parts: NodeId[][] = [[]];
  for (const id of chain) {
    if (heads.has(id)) parts.push([]);
    lastOf(parts).push(id);
  }
  return parts.filter(({ length }) => length > 1);
}

function targetOf(plan: PhysicalPlan, node: NodeId): PlannedNode {
  const target = plan.nodes.find(({ id }) => id === node);
  if (!target) {
    const message = `There is no node "${node}" in a run of this pipeline, so that its rows cannot be replayed`;
    throw new MillraceError({ code: 'replay/missing', message, hint: 'It was deleted, given another id, or no sink takes its rows any more.' });
  }
  if (target.kind !== 'source') return target;
  const message = `"${node}" is a source: what it could not read never became rows, and cannot be replayed`;
  throw new MillraceError({ code: 'replay/source', message, hint: 'Read the input again, after you have fixed it or the source.', node });
}

/** Where rows enter a node, as recorded in the table: nothing for nodes with one input. */
function entries({ id: node, inputs }: PlannedNode, ports: readonly (string | null)[]): { readonly port: string; readonly noted: string | null }[] {
  const all = Object.keys(inputs);
  const [only, ...others] = all;
  if (only !== undefined && others.length === 0) return [{ port: only, noted: null }];
  return ports.map((port) => {
    if (port !== null && all.includes(port)) return { port, noted: port };
    const message =
      port === null
        ? `"${node}" has several inputs, and the errors table does not record at which of them its rows failed`
        : `Rows of "${node}" failed at its input "${port}", which it does not have any more`;
    const hint =
      port === null
        ? 'They were kept by an earlier version of Millrace, or the node held them when they failed. Write the name of the input into their column "port" to replay them.'
        : `Its inputs are ${all.join(', ')}.`;
    throw new MillraceError({ code: 'replay/port', message, hint, node });
  });
}

function replaySource(
  catalogue: Catalogue,
  { id, target, port, params }: { readonly id: NodeId; readonly target: PlannedNode; readonly port: string; readonly params: Params },
): PlannedNode {
  const definition = found(catalogue, (each) => each.kind === 'source' && each.replaysErrors === true);
  return {
    id,
    type: definition.type,
    kind: 'source',
    title: definition.title,
    params: { ...defaultsOf(definition.params), ...params },
    onError: 'stop',
    inputs: {},
    inputLists: {},
    outputs: { rows: target.inputs[port] ?? missing(`the input "${port}"`) },
  };
}

/** Sinks of files: a run that resumes from a checkpoint resets a file to its state at that time. */
export function fileSinks(plan: PhysicalPlan, catalogue: Catalogue): NodeId[] {
  return plan.nodes.flatMap(({ id, type, params }) => {
    const definition = catalogue.get(type);
    return definition?.kind === 'sink' && !definition.committedCheckpoint && (definition.writes?.(params) ?? []).length > 0 ? [id] : [];
  });
}

function adding(node: PlannedNode, definition: NodeDefinition | undefined, file: string): PlannedNode {
  if (definition?.kind !== 'sink') return node;
  if (definition.keepsErrors) return { ...node, params: { ...node.params, path: file, supersedes: false } };
  return { ...node, params: addingParams(definition, node.params) };
}

function addingParams(definition: NodeDefinition | undefined, params: Params): Params {
  return definition?.kind === 'sink' && definition.adding ? (definition.adding(params) as Params) : params;
}

function found(catalogue: Catalogue, test: (definition: NodeDefinition) => boolean): NodeDefinition {
  const definition = catalogue.find(test);
  if (definition) return definition;
  throw new MillraceError({ code: 'node/unknown', message: 'No node of this installation keeps and replays failed rows.', hint: 'Update Millrace.' });
}

function freeId(wanted: NodeId, taken: readonly NodeId[]): NodeId {
  for (let n = 1; ; n++) {
    const id = n === 1 ? wanted : `${wanted}_${n}`;
    if (!taken.includes(id)) return id;
  }
}

function same(one: Params, other: Params): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
