import type { Problem } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { OpenNode } from './router.ts';

/** Warnings of rows that a node left out because they came too late, and that nobody takes from its late ports. */
export function lateRows({ planned: { id }, counters }: OpenNode, isTaken: (node: NodeId, port: string) => boolean): Problem[] {
  return counters.latePorts.flatMap((port) => (isTaken(id, port) ? [] : [warning(id, counters.out[port] ?? 0)]));
}

function warning(node: NodeId, count: number): Problem {
  return {
    code: 'run/late-rows',
    severity: 'warning',
    message: count === 1 ? 'One row came too late to count, and was left out.' : `${thousands(count)} rows came too late to count, and were left out.`,
    hint: 'Connect the port "Late" to keep them, let the node wait for late rows, or say at the source how far its rows may be out of order.',
    node,
  };
}
