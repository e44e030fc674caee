/** What depends on the order in which rows arrive: instances keep it for each of their keys, but not between keys. */

import { findColumn } from '@millrace/kit/columns';
import { looksBack } from '@millrace/kit/op-traits';
import type { Aggregate, Op } from '@millrace/kit/ops';
import { missing } from '../../model/faults/missing.ts';
import type { Schema } from '../../model/values/types.ts';
import type { Edge, NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan, PlannedNode, Stage } from '../protocol/physical-plan.ts';

/** Nodes downstream of a stage, without those in it that its rows reach in order. */
export function reachedOutOfOrder(plan: PhysicalPlan, stage: Stage): { readonly node: PlannedNode; readonly port: string }[] {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const inside = new Set<NodeId>(stage.nodes);
  const isExchange = (edge: Edge) => stage.exchanges.some((exchange) => exchange.edge === edge);
  const leaving = plan.edges.filter((edge) => inside.has(edge.from.node) && (!inside.has(edge.to.node) || isExchange(edge)));
  const edges = new Set(leaving);
  for (const { to } of edges) for (const edge of plan.edges) if (edge.from.node === to.node) edges.add(edge);
  return [...edges].map(({ to }) => ({ node: byId.get(to.node) ?? missing(`the node "${to.node}"`), port: to.port }));
}

/** Whether the output, as a set of rows, may depend on the order of the input. */
export function goesByOrder({ op, inputs }: PlannedNode, port: string): boolean {
  if (!op) return false;
  switch (op.op) {
    case 'combine':
      return op.aggregates.some((aggregate) => aggregateGoesByOrder(aggregate, inputs[port]));
    case 'pivot':
      return op.function === 'only' || aggregateGoesByOrder({ function: op.function, column: op.valueColumn }, inputs[port]);
    case 'top':
      // In windows the contents of equal rows decide which is first.
      return op.every === null;
    case 'lookup':
      return port === 'lookup' || op.versions !== null;
    case 'fill':
      return looksBack(op);
    case 'sample':
      return op.keys.length === 0;
    default:
      return !insensitive.includes(op.op);
  }
}

const insensitive: readonly Op['op'][] = [
  'filter',
  'project',
  'compute',
  'flatMap',
  'flatten',
  'parse',
  'split',
  'extract',
  'replace',
  'explode',
  'unpivot',
  'order',
  'coGroup',
];

/** Sums of doubles are rounded at each step. */
function aggregateGoesByOrder({ function: name, column }: Pick<Aggregate, 'column'> & { readonly function: string }, input: Schema | undefined): boolean {
  if (name === 'first' || name === 'last') return true;
  if (name !== 'sum' && name !== 'average') return false;
  return column !== null && input !== undefined && findColumn(input, column)?.type === 'number';
}
