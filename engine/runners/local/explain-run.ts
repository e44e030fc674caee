import type { NodeDefinition } from '@millrace/kit/node';
import { explainPlan } from '../../plan/explain.ts';
import type { RunJob } from '../../protocol/run-api.ts';
import { planInstances } from './instances/instance-count.ts';
import { withKeeping } from './keeping.ts';
import { withParts } from './parts/eligible.ts';

/** In words, what a run from scratch with these options would do. Throws `run/instances` as `askedInstances` does. */
export async function explainRun(
  { plan, options }: Pick<RunJob, 'plan' | 'options'>,
  definition: (type: string) => NodeDefinition | undefined,
): Promise<string> {
  const staged = await planInstances({ plan: await withKeeping(plan), options }, null);
  return explainPlan(await withParts(staged, options, definition));
}
