/** Which inputs of a run are to lose no row to their own order, and how: see `OrderCare`. */
import type { NodeDefinition, OrderCare } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import type { NodeId } from '../../document/pipeline.ts';
import { isBounded } from '../../plan/catalogue.ts';
import type { Graph } from '../../plan/graph.ts';
import type { PlannedNode } from '../../protocol/physical-plan.ts';

export interface OrderEnv {
  readonly graph: Graph;
  node(id: NodeId): { readonly planned: PlannedNode; readonly definition: NodeDefinition; readonly op: Op | null };
  /** Whether event time decides what comes out of it. */
  waitsForTime(id: NodeId): boolean;
  /** By node that sets an event time: what is known of its rows, as of `OrderCare`. */
  readonly disorder: ReadonlyMap<NodeId, number>;
  readonly startsOver: boolean;
}

/** Of a source, or a transform that sets the event time. */
export function orderCare(id: NodeId, env: OrderEnv): OrderCare | undefined {
  const { graph, startsOver } = env;
  const sources = [...graph.upstream([id])].filter((each) => graph.incoming(each).length === 0).map(env.node);
  if (!sources.every(({ definition, planned }) => keepsAll(definition, planned.params))) return undefined;
  if (!isAwaited(id, env)) return undefined;
  const known = env.disorder.get(id);
  if (known !== undefined) return { disorder: known, startsOver };
  const isSource = env.node(id).definition.kind === 'source';
  const canReadAgain = sources.every(({ definition }) => definition.kind !== 'source' || !definition.readsOnce);
  return { disorder: canReadAgain && (startsOver || isSource) ? null : Number.POSITIVE_INFINITY, startsOver: startsOver && canReadAgain };
}

/** Of rows that are made up, some are late on purpose. */
export function keepsAll(definition: NodeDefinition, params: PlannedNode['params']): boolean {
  return isBounded(definition, params) && !(definition.kind === 'source' && definition.eventTime?.simulated);
}

/** Whether some node goes by its watermark. */
function isAwaited(id: NodeId, { graph, node, waitsForTime }: OrderEnv): boolean {
  const reached = new Set([id]);
  for (const each of reached) {
    if (waitsForTime(each)) return true;
    const { op } = node(each);
    // From there on another time counts.
    if (each !== id && op && traitsOf(op).setsEventTime) continue;
    for (const { to } of graph.outgoing(each)) reached.add(to.node);
  }
  return false;
}
