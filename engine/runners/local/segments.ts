import type { Operator } from '@millrace/kit/node';
import { missing } from '../../../model/faults/missing.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import type { RowOperator } from './fused.ts';
import type { OpenNode } from './router.ts';
import type { Link } from './units.ts';

export interface OpenOperator {
  readonly openNode: OpenNode;
  readonly operator: Operator;
  readonly outputs: readonly string[];
}

/** The row-by-row nodes, each once, in the chains that run as one loop; without `fusing` each on its own. */
export function segmentsOf(plan: PhysicalPlan, operators: ReadonlyMap<NodeId, OpenOperator>, fusing: boolean): Link[][] {
  const chains = fusing ? plan.chains : [];
  const chained = new Set(chains.flat());
  const alone = [...operators.keys()].filter((id) => !chained.has(id)).map((id) => [id]);
  const segments: Link[][] = [];
  for (const chain of [...chains, ...alone]) {
    let segment: Link[] = [];
    chain.forEach((id, i) => {
      const { openNode, operator, outputs } = operators.get(id) ?? missing(`the operator of "${id}"`);
      if (!isRowOperator(operator)) {
        segment = [];
        return;
      }
      const following = operators.get(chain[i + 1] ?? '');
      const next =
        following && isRowOperator(following.operator)
          ? (plan.edges.find((edge) => edge.from.node === id && edge.to.node === chain[i + 1])?.from.port ?? null)
          : null;
      segment.push({ openNode, operator, outputs, next });
      if (segment.length === 1) segments.push(segment);
      if (next === null) segment = [];
    });
  }
  return segments;
}

function isRowOperator(operator: Operator): operator is RowOperator {
  return !('process' in operator);
}
