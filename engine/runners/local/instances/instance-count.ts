/** How many instances a run has of what can be split by keys. */
import { MillraceError } from '../../../../model/problems/problem.ts';
import { withStages } from '../../../plan/stages.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { RunJob } from '../../../protocol/run-api.ts';
import type { FlowSnapshot } from '../flow-snapshot.ts';
import { withKeeping } from '../keeping.ts';

/** What a run is asked for: MILLRACE_INSTANCES counts where nothing is said. Throws `run/instances` for what is no such number. */
export function askedInstances(asked: number | 'auto' | undefined): number | 'auto' {
  const variable = process.env['MILLRACE_INSTANCES'];
  const wanted = asked ?? (variable ? (variable === 'auto' ? 'auto' : Number(variable)) : 'auto');
  if (wanted === 'auto' || (Number.isInteger(wanted) && wanted >= 1 && wanted <= 64)) return wanted;
  throw new MillraceError({
    code: 'run/instances',
    message: `MILLRACE_INSTANCES is set to "${variable}".`,
    hint: 'Set it to a number from 1 to 64, or to auto.',
  });
}

/**
 * The plan of a run with its stages: in one instance, or as many as its checkpoint was made with, where no number is given. `before`: what
 * the run resumes from, or null. Throws as `askedInstances` does.
 */
export async function planInstances({ plan, options }: Pick<RunJob, 'plan' | 'options'>, before: FlowSnapshot | null): Promise<PhysicalPlan> {
  const asked = askedInstances(options.instances);
  const count = asked === 'auto' ? (before?.instances?.length ?? 1) : asked;
  return count === 1 ? withStages(plan, 1) : withStages(await withKeeping(plan), count);
}
