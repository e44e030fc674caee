/**
 * What the preview thread is at, in memory that its owner reads while the thread is stuck: [0] the phase, [1] the index in
 * the plan of the node at work, plus one.
 */
import type { NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan } from '../plan/physical.ts';

const phases = ['idle', 'sampling', 'running'] as const;
export type Phase = (typeof phases)[number];

export function setPhase(activity: Int32Array, phase: Phase, nodeIndex = -1): void {
  activity[0] = phases.indexOf(phase);
  activity[1] = nodeIndex + 1;
}

export function phaseOf(activity: Int32Array, plan: PhysicalPlan | undefined): { readonly phase: Phase; readonly node: NodeId | null } {
  return { phase: phases[activity[0] ?? 0] ?? 'idle', node: plan?.nodes[(activity[1] ?? 0) - 1]?.id ?? null };
}
