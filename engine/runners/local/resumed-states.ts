/** The keyed state of a checkpoint, for a run that resumes from it: as it was, or divided among another number of instances. */
import { rmSync } from 'node:fs';
import type { NodeId } from '../../document/pipeline.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import type { Divided } from './dataflow.ts';
import { type EarlierFlow, EarlierFlows } from './earlier-flows.ts';
import type { CheckpointContent, FlowSnapshot } from './flow-snapshot.ts';
import { divisionOf, isDividedAs, wasInStage } from './instances/division.ts';
import { NodeStates, type NodeStatesOptions } from './node-states.ts';
import { dividedName, instanceFolder, keyedFolder } from './state-folders.ts';

export interface ResumedStates {
  /** The caller's to close. */
  readonly states: NodeStates;
  /** Where they are: see state-folders.ts. */
  readonly folder: string | undefined;
  /** What there was, where it is divided anew; the caller's to close. */
  readonly divided: (Divided & { close(): void }) | null;
}

export interface ResumedFrom {
  readonly checkpoint: number;
  readonly content: Pick<CheckpointContent, 'flow' | 'folder'>;
  /** With its stages. */
  readonly plan: PhysicalPlan;
  isCarried(node: NodeId): boolean;
  readonly stateFolder: string;
}

/**
 * Throws what `KeyedStore` does where the state of any instance is not what it was at the checkpoint: an older one may do. Nobody else may
 * have the files open.
 */
export function resumeStates(from: ResumedFrom, options: Required<Pick<NodeStatesOptions, 'memory'>> & Pick<NodeStatesOptions, 'monitor'>): ResumedStates {
  const { content, plan, stateFolder } = from;
  const { flow, folder: name } = content;
  const folder = keyedFolder(stateFolder, name);
  if (flow && !isDividedAs(flow, plan)) return divide(flow, flowsOf(flow, folder), from, options);
  const states = new NodeStates({ folder, ...options });
  try {
    if (flow) {
      states.restore(flow.keyed);
      // Each instance opens its own later; damage has to be known before the run resumes.
      opened(flowsOf(flow, folder).slice(1), options).close();
    }
  } catch (error) {
    states.close();
    throw error;
  }
  return { states, folder: name, divided: null };
}

/** That of the data thread, and that of each instance. */
function flowsOf(snapshot: FlowSnapshot, folder: string): EarlierFlow[] {
  return [{ snapshot, folder }, ...(snapshot.instances ?? []).map((each, i) => ({ snapshot: each, folder: instanceFolder(folder, i) }))];
}

function opened(flows: readonly EarlierFlow[], options: ConstructorParameters<typeof EarlierFlows>[1]): EarlierFlows {
  EarlierFlows.settle(flows);
  return new EarlierFlows(flows, options);
}

function divide(
  before: FlowSnapshot,
  flows: readonly EarlierFlow[],
  { checkpoint, plan, stateFolder, isCarried }: ResumedFrom,
  options: Parameters<typeof resumeStates>[1],
): ResumedStates {
  const earlier = opened(flows, options);
  const name = dividedName(checkpoint);
  const folder = keyedFolder(stateFolder, name);
  const states = new NodeStates({ folder, ...options });
  const { places } = divisionOf(plan);
  const isKeyed = (node: NodeId) => places[node] !== undefined || wasInStage(before, node);
  try {
    // Of an attempt that came to no checkpoint.
    rmSync(folder, { recursive: true, force: true });
    const others = plan.nodes.flatMap(({ id }) => (isCarried(id) && !isKeyed(id) ? [id] : []));
    earlier.copy(states, others, checkpoint);
  } catch (error) {
    states.close();
    earlier.close();
    throw error;
  }
  const divided = {
    flows,
    earlier: (node: NodeId) => (isKeyed(node) ? earlier.of(node) : null),
    // What is here is in no stage.
    owns: () => () => true,
    close: () => earlier.close(),
  };
  return { states, folder: name, divided };
}
