import type { EarlierInstance } from '@millrace/kit/keyed-state';
import type { NodeId } from '../../document/pipeline.ts';
import { EarlierStates } from './earlier-states.ts';
import type { FlowSnapshot } from './flow-snapshot.ts';
import type { Monitor } from './monitor.ts';
import type { NodeStates } from './node-states.ts';

/** A dataflow as of a checkpoint: that of the data thread, or of an instance. */
export interface EarlierFlow {
  readonly snapshot: FlowSnapshot;
  /** That of its `NodeStates`. */
  readonly folder: string | null;
}

/**
 * What the dataflows of one checkpoint kept, for those that divide it among themselves: each of them has one of these, and all read the
 * same files. First of all `settle` is to be called once. Throws what `EarlierStates` does.
 */
export class EarlierFlows {
  readonly #flows: readonly { readonly snapshot: FlowSnapshot; readonly states: EarlierStates }[];

  /** `memory`: bytes that all of them may have in memory. */
  constructor(flows: readonly EarlierFlow[], { memory, monitor }: { readonly memory: number; readonly monitor?: Monitor | undefined }) {
    const opened: { snapshot: FlowSnapshot; states: EarlierStates }[] = [];
    this.#flows = opened;
    try {
      for (const { snapshot, folder } of flows) {
        opened.push({ snapshot, states: new EarlierStates({ folder, snapshot: snapshot.keyed, memory: memory / flows.length, monitor }) });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Nobody else may have their files open. */
  static settle(flows: readonly EarlierFlow[]): void {
    for (const { snapshot, folder } of flows) EarlierStates.settle(folder, snapshot.keyed);
  }

  /** Those that kept something for a node. */
  of(node: NodeId): EarlierInstance[] {
    return this.#flows.flatMap(({ snapshot, states }) => {
      const state = snapshot.nodes[node]?.state;
      return state === undefined && states.names(node).length === 0 ? [] : [{ state, keyed: (name) => states.of(node, name) }];
    });
  }

  /** Puts what these nodes had, in whichever of the dataflows, into states without any. `checkpoint`: the one that is gone on from. */
  copy(into: NodeStates, nodes: Iterable<NodeId>, checkpoint: number): void {
    into.copy(
      this.#flows.map(({ states }) => states),
      nodes,
      checkpoint,
    );
  }

  close(): void {
    for (const { states } of this.#flows) states.close();
  }
}
