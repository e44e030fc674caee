/** What a preview is doing, so that its guard can report it when it is stopped. */
import type { NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import { enterNode, type Monitor, readMonitor } from '../runners/local/monitor.ts';

const phases = ['idle', 'sampling', 'running'] as const;
export type Phase = (typeof phases)[number];

/** `node` is an index in the plan; while running the dataflow keeps it. */
export function setPhase(monitor: Monitor, phase: Phase, node = -1): void {
  monitor[0] = phases.indexOf(phase);
  enterNode(monitor, node);
}

/** `code` is the number of the users' function that is running, or -1. */
export function phaseOf(monitor: Monitor, plan: PhysicalPlan | undefined): { readonly phase: Phase; readonly node: NodeId | null; readonly code: number } {
  const { node, code } = readMonitor(monitor);
  return { phase: phases[monitor[0] ?? 0] ?? 'idle', node: plan?.nodes[node]?.id ?? null, code };
}
