import { traitsOf } from '@millrace/kit/op-traits';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';

/** How the memory for state is shared out among the nodes that keep some, in bytes: what those of the data thread get, and each instance. */
export function memoryShares(memory: number, { nodes, stages = [] }: PhysicalPlan): { readonly dataThread: number; readonly instance: number } {
  const elsewhere = new Set(stages.flatMap((stage) => stage.nodes));
  const keeping = nodes.filter(({ op }) => op && traitsOf(op).isStateful);
  const share = keeping.length === 0 ? 0 : keeping.filter(({ id }) => elsewhere.has(id)).length / keeping.length;
  return { dataThread: memory * (1 - share), instance: (memory * share) / (stages[0]?.instances ?? 1) };
}
