/** How rows are divided among the instances of stages, and what a checkpoint says to those that divide them in another way. */
import type { NodeId } from '../../../document/pipeline.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { Division, FlowSnapshot, NodeSnapshot } from '../flow-snapshot.ts';
import type { NodeTime } from '../router.ts';

export function divisionOf({ stages = [] }: PhysicalPlan): Division {
  const places = stages.flatMap((stage) => stage.nodes.map((id) => [id, stage.places[id] ?? []] as const));
  return { instances: stages[0]?.instances ?? 1, places: Object.fromEntries(places) };
}

/** Whether each node of the plan finds what it kept where it was. */
export function isDividedAs({ nodes, instances, division }: FlowSnapshot, plan: PhysicalPlan): boolean {
  if (instances && !division) return false;
  const now = divisionOf(plan);
  const placeOf = ({ instances: count, places }: Division, node: NodeId) => (places[node] ? `${count}: ${places[node]}` : 'the data thread');
  return plan.nodes.every(({ id }) => !nodes[id] || placeOf(division ?? { instances: 1, places: {} }, id) === placeOf(now, id));
}

/** Whether a node's rows were divided by their keys at a checkpoint. */
export function wasInStage({ instances = [] }: Pick<FlowSnapshot, 'instances'>, node: NodeId): boolean {
  return instances.some(({ nodes }) => nodes[node] !== undefined);
}

/**
 * The snapshot as of a run that has all nodes in one dataflow, but for the state of those that were in stages: each instance has its own.
 * All of them heard of the same times by the cut.
 */
export function asOfOneInstance(snapshot: FlowSnapshot): FlowSnapshot {
  const { instances = [], ...rest } = snapshot;
  const nodes = Object.entries(snapshot.nodes).map(([id, node]): [NodeId, NodeSnapshot] => {
    const each = instances.flatMap((instance) => instance.nodes[id] ?? []);
    return [id, each.length === 0 ? node : { ...node, ...least(each) }];
  });
  const times = [snapshot, ...instances].flatMap(({ time }) => time ?? []);
  return { ...rest, nodes: Object.fromEntries(nodes), ...(times.length > 0 && { time: Math.max(...times) }) };
}

function least(times: readonly NodeTime[]): NodeTime {
  const arrived = times.flatMap((time) => time.arrived ?? []);
  return {
    watermark: Math.min(...times.map(({ watermark }) => watermark)),
    arrived: arrived.length === 0 ? null : Math.min(...arrived),
    hasEnded: times.every(({ hasEnded }) => hasEnded),
  };
}
