/** How many instances a run has of what can be split by keys. */
import { MillraceError } from '../../../../model/problems/problem.ts';
import { withStages } from '../../../plan/stages.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { RunJob } from '../../../protocol/run-api.ts';
import type { FlowSnapshot } from '../flow-snapshot.ts';

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
 * The plan of a run with its stages: in one instance, or as many as its state is of, where no number is given. `before`: what the run
 * resumes from, or null. Throws `run/instances` if that was kept by another number of instances than is asked for.
 */
export function planInstances({ plan, options }: Pick<RunJob, 'plan' | 'options'>, before: FlowSnapshot | null): PhysicalPlan {
  const asked = askedInstances(options.instances);
  if (asked !== 'auto') return before ? suited(before, withStages(plan, asked)) : withStages(plan, asked);
  if (before) return suited(before, withStages(plan, before.instances?.length ?? 1));
  return plan;
}

/** The plan, where each node finds its state: that is filed by instance. */
function suited({ instances = [], stateful }: FlowSnapshot, plan: PhysicalPlan): PhysicalPlan {
  const { nodes, stages = [] } = plan;
  const now = stages[0]?.instances ?? 1;
  const kept = Math.max(1, instances.length);
  const before = new Set(instances.flatMap((each) => each.stateful));
  const inside = new Set(stages.flatMap((stage) => stage.nodes));
  const moved = stateful.find((id) => nodes.some((node) => node.id === id) && before.has(id) !== inside.has(id));
  if (now === kept && moved === undefined) return plan;
  throw new MillraceError({
    code: 'run/instances',
    message: `The state of ${moved === undefined ? 'the run' : `"${moved}"`} was kept by ${kept} ${kept === 1 ? 'instance' : 'instances'}, and cannot be taken up by ${now}.`,
    hint: `Start the run with --instances ${kept}, or from scratch.`,
    node: moved,
  });
}
