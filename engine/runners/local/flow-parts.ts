/** What a dataflow consists of before its nodes are opened. */
import { MillraceError } from '../../../model/problems/problem.ts';
import { lower } from '../../plan/lower.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import { NodeCounters } from './counters.ts';
import type { DataflowEnv } from './dataflow.ts';
import { Failures } from './failures.ts';
import { Instances, type InstancesEnv } from './instances/instances.ts';
import type { OpenNode } from './router.ts';

/** In the plan's order. Throws a MillraceError for a node of unknown type. */
export function openNodesOf(plan: PhysicalPlan, env: DataflowEnv): OpenNode[] {
  return plan.nodes.map((planned, index) => {
    const definition = env.definition(planned.type);
    if (!definition) {
      throw new MillraceError({ code: 'node/unknown', message: `There is no node type "${planned.type}".`, hint: 'Update Millrace.', node: planned.id });
    }
    const latePorts = definition.kind === 'sink' ? [] : definition.outputs.filter(({ late }) => late).map(({ name }) => name);
    const counters = new NodeCounters(Object.keys(planned.outputs), latePorts);
    const failures = new Failures(planned, counters, (problem, row) => env.onFailure(problem, row));
    const op = planned.op ?? lower(definition, planned.params, planned.inputs);
    return { planned, definition, op, index, counters, shift: { nodes: [counters], shares: [1] }, failures };
  });
}

/** The instances of the plan's stages, in threads of their own. */
export function instancesOf(
  plan: PhysicalPlan,
  env: DataflowEnv,
  parts: Pick<InstancesEnv, 'stateFolder' | 'memory' | 'router' | 'openNodes' | 'sinks'>,
): Instances {
  if (!env.instances) throw new Error('A plan with stages needs somebody to start their instances');
  return new Instances(plan, {
    ...parts,
    host: env.instances,
    folder: env.folder,
    commits: env.commits ?? 'end',
    ...(env.lineage !== undefined && { lineage: env.lineage }),
    onFailure: (problem, row) => env.onFailure(problem, row),
    onLog: (level, message, node) => env.onLog(level, message, node),
    ...(env.onGuard && { onGuard: env.onGuard }),
    onBroken: (error) => env.onBroken?.(error),
  });
}
