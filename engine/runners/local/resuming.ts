/** How nodes go on from a checkpoint. */
import { itemAt } from '../../../model/faults/missing.ts';
import { endOfTime } from '../../../model/schema/event-time.ts';
import type { KnownMap } from '../../../model/values/known-map.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { PlannedNode } from '../../protocol/physical-plan.ts';
import type { FlowStart } from './dataflow.ts';
import type { NodeTime, OpenNode, Router, Unit } from './router.ts';
import { StatefulUnit } from './units.ts';

export interface ResumedParts {
  readonly router: Router;
  readonly openNodes: KnownMap<NodeId, OpenNode>;
  readonly units: ReadonlyMap<NodeId, Unit>;
}

/** First all nodes get their state back, and only then may rows come out of any of them. */
export function restoreNodes({ router, openNodes, units }: ResumedParts, start: FlowStart, times: { readonly [node: NodeId]: NodeTime }): void {
  const { snapshot, isCarried, divided } = start;
  router.restore(times, openNodes, (node) => units.get(node));
  for (const [id, openNode] of openNodes) {
    const before = snapshot.nodes[id];
    if (before) openNode.counters.restore(before.counts);
    const unit = units.get(id);
    if (!(unit instanceof StatefulUnit) || !isCarried(id)) continue;
    const earlier = divided?.earlier(id) ?? null;
    if (divided && earlier !== null) {
      if (earlier.length > 0) unit.takeOver(earlier, divided.owns(id));
    } else if (before) unit.restore(before.state);
  }
}

/** Tells nodes that have not ended of inputs that had. `nodes` in topological order. */
export async function goOn({ router, units }: ResumedParts, nodes: readonly PlannedNode[]): Promise<void> {
  for (const { id } of nodes) {
    const unit = units.get(id);
    const ended = unit ? router.endedPorts(unit) : [];
    if (!unit || ended.length === 0 || router.hasEnded(id)) continue;
    if (unit instanceof StatefulUnit) unit.tellEnded(router.isOpen(unit) ? ended : ended.slice(1));
    if (router.isOpen(unit)) continue;
    // All that it would have heard came before, but not to this node as it is now.
    unit.advance(endOfTime);
    await unit.ended(itemAt(ended, 0));
  }
}
