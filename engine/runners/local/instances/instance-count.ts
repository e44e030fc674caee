/** How many instances a run has of what can be split by keys. */
import { availableParallelism } from 'node:os';
import { MillraceError } from '../../../../model/problems/problem.ts';
import { withStages } from '../../../plan/stages.ts';
import type { PhysicalPlan } from '../../../protocol/physical-plan.ts';
import type { RunJob } from '../../../protocol/run-api.ts';
import type { FlowSnapshot } from '../flow-snapshot.ts';

/** More threads than this wait for the one that reads. */
export const mostInstances = 8;

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

/** The plan of a run with its stages. `before`: what it goes on from, or null. */
export function planInstances({ plan, options }: Pick<RunJob, 'plan' | 'folder' | 'options'>, before: FlowSnapshot | null): PhysicalPlan {
  const asked = askedInstances(options.instances);
  const kept = before?.instances?.length ?? 1;
  const count = before && asked === 'auto' ? kept : asked === 'auto' ? automatic() : asked;
  const planned = withStages(plan, count);
  if (before) refuseOtherInstances(before, planned);
  return planned;
}

function automatic(): number {
  return 1;
}

export function machineInstances(): number {
  return Math.min(mostInstances, availableParallelism());
}

/** State is filed by instance: it goes on where it was. */
function refuseOtherInstances({ instances = [], stateful }: FlowSnapshot, { nodes, stages = [] }: PhysicalPlan): void {
  const now = stages[0]?.instances ?? 1;
  const before = new Set(instances.flatMap((each) => each.stateful));
  const inside = new Set(stages.flatMap((stage) => stage.nodes));
  const moved = stateful.find((id) => nodes.some((node) => node.id === id) && before.has(id) !== inside.has(id));
  if (moved === undefined && (before.size === 0 || instances.length === now)) return;
  const kept = Math.max(1, instances.length);
  throw new MillraceError({
    code: 'run/instances',
    message: `The state of ${moved === undefined ? 'the run' : `"${moved}"`} was kept by ${kept} ${kept === 1 ? 'instance' : 'instances'}, and cannot be taken up by ${now}.`,
    hint: `Start the run with --instances ${kept}, or from scratch.`,
    node: moved,
  });
}
