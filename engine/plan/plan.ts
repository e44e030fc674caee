import { isRowByRow } from '@millrace/kit/op-traits';
import { missing } from '../../model/faults/missing.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { nameList } from '../../model/text/name-list.ts';
import type { Schema } from '../../model/values/types.ts';
import { type Edge, errorPort, type NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { alignSources } from './alignment.ts';
import { keepAsWritten } from './as-written.ts';
import { inputsOf, isBounded, outputsOf } from './catalogue.ts';
import { obstacles } from './check.ts';
import { firstPorts, scopeOfRun } from './check-edges.ts';
import type { CheckedNode, CheckedPipeline } from './checked.ts';
import { withErrorsTable } from './errors-table.ts';
import { Graph } from './graph.ts';
import { orderSources } from './sources.ts';
import { reachedByNode } from './touches.ts';

export interface PlanOptions {
  readonly target?: NodeId;
  /** Nodes that keep a failed row for which their policy would stop the run. */
  readonly keepErrors?: boolean;
}

/**
 * The physical plan of a checked pipeline: the sinks and what feeds them, without branches that have a node of unknown type; with `target`,
 * that node and what feeds it. Throws a MillraceError with the first error that prevents a run; with `target`, errors elsewhere are
 * ignored.
 */
export function planRun(checked: CheckedPipeline, options: PlanOptions = {}): PhysicalPlan {
  const { target, keepErrors = false } = options;
  const ends = { definition: (id: NodeId) => checked.nodes.get(id)?.definition };
  const opOf = (id: NodeId) => checked.nodes.get(id)?.op;
  if (target !== undefined && !checked.graph.nodes.includes(target)) {
    throw new MillraceError({ code: 'node/missing', message: `There is no node "${target}"`, hint: `The nodes are ${nameList(checked.graph.nodes)}.` });
  }
  const scope = scopeOfRun(checked.graph, ends);
  const needed = target === undefined ? scope.needed : checked.graph.upstream([target]);
  const inTheWay = obstacles(checked.findings, (id) => (target === undefined ? !scope.leftOut.has(id) : needed.has(id)));
  const [first, ...others] = inTheWay;
  if (first) throw refusal(first.problem, others.length);
  if (needed.size === 0) {
    const empty = checked.graph.nodes.length === 0;
    const message = empty ? 'The pipeline is empty' : 'The pipeline has no sink: a run would write nothing';
    throw new MillraceError({ code: empty ? 'pipeline/empty' : 'pipeline/no-sink', message, hint: 'Add a sink, such as a database table, and connect it.' });
  }

  const planned = [...checked.nodes.values()].filter((node) => needed.has(node.id));
  const edges = checked.edges.filter((edge) => needed.has(edge.from.node) && needed.has(edge.to.node));
  const order = planned.map((node) => node.id);
  const graph = new Graph(order, edges);
  const sources = planned.filter((node) => node.definition.kind === 'source').map((node) => node.id);
  const bounded = planned.every(({ definition, params }) => isBounded(definition, params));
  const sourceGroups = orderSources(graph, sources, firstPorts(graph, opOf)).groups;
  const alignment = alignSources(planned, graph, sourceGroups, bounded);
  const plan: PhysicalPlan = {
    nodes: planned.map((node) => planNode(keepErrors && node.onError === 'stop' ? { ...node, onError: 'keep' } : node)),
    edges,
    sourceGroups,
    ...(alignment && { alignment }),
    chains: findChains(planned, graph),
    bounded,
  };
  if (target === undefined)
    return withErrorsTable(
      keepAsWritten(plan, (type) => checked.catalogue.get(type) ?? missing(`the node type "${type}"`)),
      checked,
    );
  return { ...plan, leaving: checked.edges.flatMap(({ from, to }) => (needed.has(from.node) && !needed.has(to.node) ? [from] : [])) };
}

/** The first error, with the number of the others. */
function refusal(first: Problem, others: number): MillraceError {
  if (others === 0) return new MillraceError(first);
  return new MillraceError({ ...first, message: `${first.message} (and ${others} more ${others === 1 ? 'error' : 'errors'})` });
}

function planNode(checked: CheckedNode): PlannedNode {
  const { id, node, onError, definition, params, op, inputs, inputLists, outputs, connection, secrets } = checked;
  const reaches = reachedByNode(definition, params, connection);
  const known = (ports: { readonly [port: string]: Schema | null }): { [port: string]: Schema } =>
    Object.fromEntries(Object.entries(ports).flatMap(([port, schema]) => (schema ? [[port, schema]] : [])));
  const unknown = [...Object.values(outputs), ...Object.values(inputLists).flat()].includes(null);
  if (unknown) {
    const message = 'Its columns are not known yet';
    throw new MillraceError({ code: 'node/unknown-schema', message, hint: 'Check the nodes upstream: their data could not be read.', node: id });
  }
  return {
    id,
    type: node.type,
    kind: definition.kind,
    title: node.title ?? definition.title,
    params,
    onError,
    inputs: known(inputs),
    inputLists: Object.fromEntries(Object.entries(inputLists).map(([port, schemas]) => [port, schemas.filter((schema) => schema !== null)])),
    outputs: known(outputs),
    ...(connection && { connection: connection.planned }),
    ...(secrets.length > 0 && { secrets }),
    ...(reaches.length > 0 && { reaches }),
    ...(op && { op }),
  };
}

/**
 * Maximal sequences of two or more transforms that work row by row. Each has one input and feeds, through its first port, only the next
 * one: each sequence is one loop.
 */
function findChains(nodes: readonly CheckedNode[], graph: Graph): NodeId[][] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const followers = new Map<NodeId, NodeId>();
  for (const node of nodes) {
    const next = followerOf(node, byId, graph);
    if (next !== undefined) followers.set(node.id, next);
  }
  const inner = new Set(followers.values());
  return nodes
    .filter((node) => followers.has(node.id) && !inner.has(node.id))
    .map((node) => {
      const chain: NodeId[] = [];
      for (let id: NodeId | undefined = node.id; id !== undefined; id = followers.get(id)) chain.push(id);
      return chain;
    });
}

/** The transform that continues a node's chain: the one downstream of its first port that meets the conditions. */
function followerOf({ id, definition, op }: CheckedNode, nodes: ReadonlyMap<NodeId, CheckedNode>, graph: Graph): NodeId | undefined {
  if (definition.kind !== 'transform' || !op || !isRowByRow(op)) return undefined;
  for (const { name } of outputsOf(definition)) {
    const edges: readonly Edge[] = name === errorPort ? [] : graph.outgoing(id, name);
    const next = nodes.get(edges[0]?.to.node ?? '');
    if (edges.length !== 1 || !next?.op || !isRowByRow(next.op)) continue;
    if (inputsOf(next.definition).length === 1 && graph.incoming(next.id).length === 1) return next.id;
  }
  return undefined;
}
