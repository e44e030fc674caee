/** How many instances a run has of what can be split by keys. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { listFiles } from '../../../../io/files/input-files.ts';
import type { NodeDefinition } from '../../../../kit/node.ts';
import { MillraceError } from '../../../../model/problems/problem.ts';
import { outputsInOrder } from '../../../plan/order-of-rows.ts';
import { withStages } from '../../../plan/stages.ts';
import { readBy } from '../../../plan/touches.ts';
import type { PhysicalPlan, PlannedNode, Stage } from '../../../protocol/physical-plan.ts';
import type { RunJob } from '../../../protocol/run-api.ts';
import type { FlowSnapshot } from '../flow-snapshot.ts';

/** More threads than this wait for the one that reads. */
const mostInstances = 8;
/** Starting threads takes some tenths of a second, which smaller inputs do not gain back. */
const leastBytes = 64 * 2 ** 20;

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

export interface CountEnv {
  definition(type: string): NodeDefinition | undefined;
}

/**
 * The plan of a run with its stages. `before`: what it goes on from, or null. Throws `run/instances` where that was kept by another number
 * of instances than is asked for.
 */
export function planInstances(
  { plan, folder, options }: Pick<RunJob, 'plan' | 'folder' | 'options'>,
  before: FlowSnapshot | null,
  { definition }: CountEnv,
): PhysicalPlan {
  const asked = askedInstances(options.instances);
  if (asked !== 'auto') return before ? suited(before, withStages(plan, asked)) : withStages(plan, asked);
  if (before) return suited(before, withStages(plan, before.instances?.length ?? 1));
  const keepsOrder = ({ type }: PlannedNode) => !isTable(definition(type));
  const gains = (stage: Stage) => isWorthwhile(stage, plan) && outputsInOrder(plan, stage, keepsOrder).length === 0;
  const staged = plan.bounded ? withStages(plan, machineInstances(), gains) : plan;
  return staged.stages && inputBytes(plan, folder, definition) >= leastBytes ? staged : plan;
}

function machineInstances(): number {
  return Math.min(mostInstances, availableParallelism());
}

/** Rows of a database have no order. */
function isTable(definition: NodeDefinition | undefined): boolean {
  return definition?.kind === 'sink' && definition.committedCheckpoint !== undefined;
}

/** By measurement (ADR 31): a row's way to another thread and back costs more than most operations do. */
function isWorthwhile({ nodes }: Stage, plan: PhysicalPlan): boolean {
  return plan.nodes.some(({ id, op }) => nodes.includes(id) && op?.op === 'coGroup' && op.match.kind === 'range');
}

/** Of the files that the sources read, as far as that can be told. */
function inputBytes(plan: PhysicalPlan, folder: string, definition: CountEnv['definition']): number {
  let bytes = 0;
  for (const { kind, type, params } of plan.nodes) {
    const found = definition(type);
    if (kind !== 'source' || !found) continue;
    for (const path of readBy(found, params)) bytes += sizeOf(path, folder);
  }
  return bytes;
}

function sizeOf(path: string, folder: string): number {
  try {
    return listFiles(path, (each) => resolve(folder, each)).files.reduce((sum, { size }) => sum + size, 0);
  } catch {
    // To open it says what is wrong.
    return 0;
  }
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
