import type { Op } from '@millrace/kit/ops';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';

/** The plan with `keeping`: the nodes whose code may keep values from row to row in its module. */
export async function withKeeping(plan: PhysicalPlan): Promise<PhysicalPlan> {
  if (plan.keeping) return plan;
  const coded = plan.nodes.flatMap(({ id, op }) => {
    const code = op && moduleOf(op);
    return code ? [{ id, ...code }] : [];
  });
  if (coded.length === 0) return { ...plan, keeping: [] };
  const { keepsNothing } = await import('../../sandbox/keeps-nothing.ts');
  return { ...plan, keeping: coded.filter(({ source, kind }) => !keepsNothing(source, kind)).map(({ id }) => id) };
}

/** Expressions are no modules, and can keep nothing. */
function moduleOf(op: Op): { readonly source: string; readonly kind: 'module' | 'keyed' } | null {
  if (op.op === 'flatMap') return { source: op.code.source, kind: 'module' };
  return op.op === 'stateful' ? { source: op.code.source, kind: 'keyed' } : null;
}
