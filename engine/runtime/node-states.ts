import { type KeyedState, MemoryState } from '../../nodes/kit/keyed-state.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { State } from '../schema/types.ts';

/** The keyed states of one node, by their names. */
export class StatesOfNode {
  readonly #states = new Map<string, KeyedState<any>>();

  open<V extends State>(name: string): KeyedState<V> {
    const found = this.#states.get(name) ?? new MemoryState<V>();
    this.#states.set(name, found);
    return found as KeyedState<V>;
  }
}

/** The keyed states of a run's nodes. */
export class NodeStates {
  readonly #nodes = new Map<NodeId, StatesOfNode>();

  of(node: NodeId): StatesOfNode {
    const found = this.#nodes.get(node) ?? new StatesOfNode();
    this.#nodes.set(node, found);
    return found;
  }
}
