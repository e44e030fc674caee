/** Which nodes wait for time, and who holds it back. */
import { traitsOf } from '@millrace/kit/op-traits';
import type { KnownMap } from '../../../model/values/known-map.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { Instances } from './instances/instances.ts';
import type { OpenNode, Router, Unit } from './router.ts';
import { ChainUnit, StatefulUnit } from './units.ts';

export interface Waiting {
  readonly node: NodeId;
  readonly watermark: number;
  /** A source, or a node that holds the watermark back itself. */
  readonly holder: NodeId;
}

interface Parts {
  readonly router: Router;
  readonly openNodes: KnownMap<NodeId, OpenNode>;
  readonly units: ReadonlyMap<NodeId, Unit>;
  readonly instances: Instances | null;
}

export function waitingForTime(parts: Parts): Waiting[] {
  const elsewhere = parts.instances?.waiting() ?? [];
  const rooted = elsewhere.map((each) => ({
    ...each,
    holder: rootOf(typeof each.holder === 'string' ? each.holder : each.holder.edge.from.node, parts),
  }));
  return [...rooted, ...waitingHere(parts)];
}

function waitingHere(parts: Parts): Waiting[] {
  const { router, units } = parts;
  return [...units].flatMap(([node, unit]) => {
    if (!(unit instanceof StatefulUnit) || !unit.waitsForTime || router.hasEnded(node)) return [];
    if (!Object.values(unit.openNode.planned.inputs).some(({ eventTime }) => eventTime)) return [];
    const { watermark, holder } = router.arrival(unit);
    return holder === null ? [] : [{ node, watermark, holder: rootOf(holder, parts) }];
  });
}

/** Who holds back the watermark that this node hands on. */
function rootOf(node: NodeId, parts: Parts): NodeId {
  const { router, openNodes, units, instances } = parts;
  const watermarkOf = (id: NodeId) => openNodes.of(id).counters.watermark;
  if (instances?.nodes.has(node)) {
    const [least] = [...instances.waysTo(node)].sort((a, b) => watermarkOf(a.edge.from.node) - watermarkOf(b.edge.from.node));
    return least && watermarkOf(least.edge.from.node) <= watermarkOf(node) ? rootOf(least.edge.from.node, parts) : node;
  }
  const unit = [...units.values()].find((each) => each instanceof ChainUnit && each.openNodes.some(({ planned }) => planned.id === node)) ?? units.get(node);
  const { op } = openNodes.of(node);
  if (!unit || (op && traitsOf(op).setsEventTime)) return node;
  const { watermark, holder } = router.arrival(unit);
  return holder === null || watermark > watermarkOf(node) ? node : rootOf(holder, parts);
}
