import { type Edge, errorPort, type NodeId } from '../document/pipeline.ts';
import { nameList } from '../schema/name-list.ts';
import { MillraceError, type Problem } from '../schema/problem.ts';
import type { Schema } from '../schema/types.ts';
import { alignSources } from './alignment.ts';
import { keepAsWritten } from './as-written.ts';
import { inputsOf, isBounded, outputsOf } from './catalogue.ts';
import { type CheckedNode, type CheckedPipeline, obstacles } from './check.ts';
import { firstPorts, scopeOfRun } from './check-edges.ts';
import { withErrorsTable } from './errors-table.ts';
import { Graph } from './graph.ts';
import type { PhysicalPlan, PlannedNode } from './physical.ts';
import { orderSources } from './sources.ts';

export interface PlanOptions {
  readonly target?: NodeId;
  /** Nodes at which a row that fails would stop the run keep it instead. */
  readonly keepErrors?: boolean;
}

/**
 * The physical plan of a checked pipeline: the sinks and what feeds them, but for branches with a node of unknown type, or
 * with `target` that node and what feeds it. Throws a MillraceError with the first error that is in the way; with `target`, errors elsewhere are ignored.
 */
export function planRun(checked: CheckedPipeline, options: PlanOptions = {}): PhysicalPlan {
  const { target, keepErrors = false } = options;
  const ends = { definition: (id: NodeId) => checked.nodes.get(id)?.definition, params: (id: NodeId) => checked.nodes.get(id)?.params ?? {} };
  if (target !== undefined && !checked.graph.nodes.includes(target)) {
    throw new MillraceError({ code: 'node/missing', message: `There is no node "${target}"`, hint: `The nodes are ${nameList(checked.graph.nodes)}.` });
  }
  const scope = scopeOfRun(checked.graph, ends);
  const needed = target === undefined ? scope.needed : checked.graph.upstream([target]);
  const inTheWay = obstacles(checked.findings, (id) => (target === undefined ? !scope.leftOut.has(id) : needed.has(id)));
  if (inTheWay[0]) throw refusal(inTheWay.map((finding) => finding.problem));
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
  const sourceGroups = orderSources(graph, sources, firstPorts(graph, ends)).groups;
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
      keepAsWritten(plan, (type) => checked.catalogue.get(type)!),
      checked,
    );
  return { ...plan, leaving: checked.edges.flatMap(({ from, to }) => (needed.has(from.node) && !needed.has(to.node) ? [from] : [])) };
}

/** The first error, told with the number of the others. */
function refusal(problems: readonly Problem[]): MillraceError {
  const [first, ...others] = problems;
  if (others.length === 0) return new MillraceError(first!);
  return new MillraceError({ ...first!, message: `${first!.message} (and ${others.length} more ${others.length === 1 ? 'error' : 'errors'})` });
}

function planNode({ id, node, onError, definition, params, inputs, inputLists, outputs }: CheckedNode): PlannedNode {
  const known = (ports: { readonly [port: string]: Schema | null }): { [port: string]: Schema } =>
    Object.fromEntries(Object.entries(ports).flatMap(([port, schema]) => (schema ? [[port, schema]] : [])));
  const unknown = [...Object.values(outputs), ...Object.values(inputLists).flat()].includes(null);
  if (unknown) {
    const message = 'Its columns are not known yet';
    throw new MillraceError({ code: 'node/unknown-schema', message, hint: 'Look at the nodes before it: their data could not be read.', node: id });
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
  };
}

/**
 * Maximal runs of two and more transforms, each of which feeds the next and nobody else through that port, and each of which
 * has one input. Which of them work row by row, and so really run as one loop, only the running nodes can tell.
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

/** The transform that continues a node's chain: the one behind its first port for which that can be said. */
function followerOf({ id, definition }: CheckedNode, nodes: ReadonlyMap<NodeId, CheckedNode>, graph: Graph): NodeId | undefined {
  if (definition.kind !== 'transform') return undefined;
  for (const { name } of outputsOf(definition)) {
    const edges: readonly Edge[] = name === errorPort ? [] : graph.outgoing(id, name);
    const next = nodes.get(edges[0]?.to.node ?? '');
    if (edges.length !== 1 || next?.definition.kind !== 'transform') continue;
    if (inputsOf(next.definition).length === 1 && graph.incoming(next.id).length === 1) return next.id;
  }
  return undefined;
}

/** A plan as text, for `millrace run --explain`: the order of the sources, what may be fused, and the graph as a tree from the sources on. */
export function explainPlan(plan: PhysicalPlan): string {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const printed = new Set<string>();
  const lines: string[] = [`${count(plan.nodes.length, 'node')}, ${count(plan.edges.length, 'edge')}`];
  plan.sourceGroups.forEach((group, i) => {
    lines.push(`${i === 0 ? 'read first' : 'then'}: ${group.join(', ')}`);
  });
  for (const { sources } of plan.alignment?.meetings ?? []) lines.push(`in step by event time: ${sources.join(', ')}`);
  for (const chain of plan.chains) lines.push(`one loop where its nodes work row by row: ${chain.join(' > ')}`);

  const print = (node: PlannedNode, prefix: string, lead: string, arrival: string) => {
    const again = printed.has(node.id);
    lines.push(`${prefix}${lead}${arrival}${node.id}  [${node.type}]${node.onError === 'stop' ? '' : ` on error: ${node.onError}`}${again ? '  (above)' : ''}`);
    if (again) return;
    printed.add(node.id);
    const outgoing = plan.edges.filter((edge) => edge.from.node === node.id);
    const below = prefix + (lead === '' ? '' : lead.startsWith('├') ? '│  ' : '   ');
    outgoing.forEach((edge, i) => {
      print(nodes.get(edge.to.node)!, below, i === outgoing.length - 1 ? '└─ ' : '├─ ', `${flow(edge, node)} -> ${portOf(edge, nodes)}`);
    });
  };
  for (const id of plan.sourceGroups.flat()) {
    lines.push('');
    print(nodes.get(id)!, '', '', '');
  }
  return `${lines.join('\n')}\n`;
}

function flow(edge: Edge, from: PlannedNode): string {
  return `${edge.from.port} (${columnsOf(from.outputs[edge.from.port])})`;
}

/** The port's name, where the node has several inputs. */
function portOf(edge: Edge, nodes: ReadonlyMap<string, PlannedNode>): string {
  return Object.keys(nodes.get(edge.to.node)!.inputs).length > 1 ? `${edge.to.port} of ` : '';
}

function columnsOf(schema: Schema | undefined): string {
  const names = schema?.columns.map((column) => `${column.name} ${column.asWritten ? 'as written' : column.type}`) ?? [];
  return names.length > 6 ? `${names.slice(0, 6).join(', ')}, and ${names.length - 6} more` : names.join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
