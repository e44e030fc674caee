/** The part of a plan that an instance has: nodes of stages, with a source for each way in and a sink for each node that has ways out. */
import { defineNode, type NodeDefinition } from '@millrace/kit/node';
import { missing } from '../../../../model/faults/missing.ts';
import type { Schema } from '../../../../model/values/types.ts';
import type { Edge, NodeId } from '../../../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode, Stage } from '../../../protocol/physical-plan.ts';

/** An edge by which rows come into stages. */
export interface WayIn {
  readonly id: NodeId;
  readonly edge: Edge;
  readonly keys: readonly string[];
  readonly schema: Schema;
  readonly stage: Stage;
}
/** A port of a node in a stage by which rows leave it. All of one node share its sink. */
export interface WayOut {
  readonly node: NodeId;
  readonly port: string;
  readonly schema: Schema;
}
export interface Ways {
  readonly in: readonly WayIn[];
  readonly out: readonly WayOut[];
}

export function waysOf(plan: PhysicalPlan, stages: readonly Stage[]): Ways {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const stageOf = new Map(stages.flatMap((stage) => stage.nodes.map((id) => [id, stage] as const)));
  const into = stages.flatMap((stage) => stage.exchanges.map(({ edge, keys }) => ({ edge, keys, stage })));
  const exchanged = new Set(into.map(({ edge }) => edge));
  const leaving = plan.edges.filter(
    (edge) => stageOf.has(edge.from.node) && (stageOf.get(edge.from.node) !== stageOf.get(edge.to.node) || isExchanged(edge, exchanged)),
  );
  const ports = new Map(leaving.map(({ from, to }) => [`${from.node}.${from.port}`, { from, to }]));
  const inputSchema = ({ node, port }: Edge['to']) => nodes.get(node)?.inputs[port] ?? missing(`the input "${port}" of the node "${node}"`);
  return {
    in: into.map(({ edge, keys, stage }) => ({ id: wayInId(edge), edge, keys, stage, schema: inputSchema(edge.to) })),
    out: [...ports.values()].map(({ from, to }) => ({
      node: from.node,
      port: from.port,
      schema: nodes.get(from.node)?.outputs[from.port] ?? inputSchema(to),
    })),
  };
}

function isExchanged(edge: Edge, exchanged: ReadonlySet<Edge>): boolean {
  return [...exchanged].some(
    ({ from, to }) => from.node === edge.from.node && from.port === edge.from.port && to.node === edge.to.node && to.port === edge.to.port,
  );
}

const wayInType = 'exchange-in';
const wayOutType = 'exchange-out';

/** By its edge, so that a checkpoint knows it again. */
function wayInId({ from, to }: Edge): NodeId {
  return `${wayInType} ${from.node}.${from.port} ${to.node}.${to.port}`;
}

/** The sink of a node in a stage whose rows leave it. */
export function wayOutId(node: NodeId): NodeId {
  return `${wayOutType} ${node}`;
}

export function partPlan(plan: PhysicalPlan, stages: readonly Stage[], ways: Ways): PhysicalPlan {
  const inside = new Set(stages.flatMap(({ nodes }) => nodes));
  const stageOf = new Map(stages.flatMap((stage) => stage.nodes.map((id) => [id, stage] as const)));
  const sources = ways.in.map(({ id, schema }) => wayNode(id, wayInType, 'source', {}, { rows: schema }));
  const sinks = [...new Set(ways.out.map(({ node }) => node))].map((node) => {
    const inputs = Object.fromEntries(ways.out.filter((way) => way.node === node).map(({ port, schema }) => [port, schema]));
    return wayNode(wayOutId(node), wayOutType, 'sink', inputs, {});
  });
  const exchanged = new Set(ways.in.map(({ edge }) => edge));
  const own = plan.edges.filter(
    (edge) => inside.has(edge.from.node) && stageOf.get(edge.from.node) === stageOf.get(edge.to.node) && !isExchanged(edge, exchanged),
  );
  return {
    nodes: [...sources, ...plan.nodes.filter(({ id }) => inside.has(id)), ...sinks],
    edges: [
      ...ways.in.map(({ id, edge }): Edge => ({ from: { node: id, port: 'rows' }, to: edge.to })),
      ...own,
      ...ways.out.map(({ node, port }): Edge => ({ from: { node, port }, to: { node: wayOutId(node), port } })),
    ],
    sourceGroups: [ways.in.map(({ id }) => id)],
    chains: plan.chains.filter((chain) => chain.every((id) => inside.has(id))),
    bounded: plan.bounded,
  };
}

function wayNode(id: NodeId, type: string, kind: 'source' | 'sink', inputs: PlannedNode['inputs'], outputs: PlannedNode['outputs']): PlannedNode {
  return { id, type, kind, title: id, params: {}, onError: 'stop', inputs, inputLists: {}, outputs };
}

const shared = {
  title: 'Exchange',
  summary: 'Rows from or to another thread',
  category: 'Rows',
  icon: 'table',
  version: 1,
  hidden: true,
  docs: '',
  params: {},
  examples: [],
  infer: () => ({ outputs: {} }),
} as const;
const unread = () => {
  throw new Error('Rows of an exchange are pushed');
};

/** Of the nodes that stand for ways in and out; undefined for all other types. */
export function wayDefinition(type: string): NodeDefinition | undefined {
  if (type === wayInType) return defineNode({ ...shared, type, kind: 'source', outputs: [{ name: 'rows' }], bounded: true, run: unread });
  if (type === wayOutType) return defineNode({ ...shared, type, kind: 'sink', inputs: [], run: unread });
  return undefined;
}
