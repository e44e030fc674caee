import { deserialize } from 'node:v8';
import { type KeyedState, MemoryState } from '@millrace/kit/keyed-state';
import { missing } from '../../../model/faults/missing.ts';
import type { State } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { CachedState, type StateMemory } from '../../store/keyed-cache.ts';
import { KeyedStore } from '../../store/keyed-store.ts';
import { type HeldState, type KeyedSnapshot, stateFile } from './keyed-snapshot.ts';
import { asEngine, type Monitor } from './monitor.ts';

export interface EarlierStatesOptions {
  /** That of the `NodeStates` which gave the snapshot; null where it had none. */
  readonly folder: string | null;
  readonly snapshot: KeyedSnapshot;
  /** Bytes that may be in memory. */
  readonly memory: number;
  readonly monitor?: Monitor | undefined;
}

/**
 * The keyed states of an earlier `NodeStates` as of its snapshot, to be read by those that divide them among themselves: any number of
 * these at the same time, once `settle` has been called. That of a checkpoint stays as it is, so that it can be gone back to.
 * Throws what `KeyedStore` does.
 */
export class EarlierStates implements StateMemory {
  bytes = 0;
  epoch = 0;
  inflow = 0;
  readonly version: number;
  readonly limit: number;
  readonly #monitor: Monitor | undefined;
  readonly #states = new Map<NodeId, Map<string, CachedState<State>>>();
  readonly #store: KeyedStore | null = null;

  constructor({ folder, snapshot, memory, monitor }: EarlierStatesOptions) {
    this.version = snapshot.version;
    this.#monitor = monitor;
    // What is held is little.
    this.limit = snapshot.kind === 'held' ? Number.POSITIVE_INFINITY : memory;
    if (snapshot.kind === 'held') {
      for (const { node, name, ...entries } of deserialize(snapshot.states) as HeldState[]) this.#make(node, name).hold(entries);
      return;
    }
    this.#store = KeyedStore.openToRead(stateFile(folder ?? missing('the folder of state')));
    for (const { node, name, entries, sum } of snapshot.states) this.#make(node, name).resume(this.#store, node, name, entries, sum);
  }

  /** Before any of them is made of this snapshot: what came after it goes. Nobody else may have the file open. */
  static settle(folder: string | null, { kind, version }: KeyedSnapshot): void {
    if (kind === 'held') return;
    const store = KeyedStore.open(stateFile(folder ?? missing('the folder of state')));
    try {
      store.goBack(version);
    } finally {
      store.close();
    }
  }

  /** Of the states that a node had. */
  names(node: NodeId): string[] {
    return [...(this.#states.get(node)?.keys() ?? [])];
  }

  /** Empty where the node had none of this name. */
  of<V extends State>(node: NodeId, name: string): KeyedState<V> {
    const found = this.#states.get(node)?.get(name);
    return found ? (found as KeyedState<V>) : new MemoryState<V>();
  }

  /** All of it is in the file: it need only be forgotten. */
  makeRoom(): void {
    asEngine(this.#monitor, () => {
      for (const states of this.#states.values()) for (const state of states.values()) state.evict(this.epoch, Number.POSITIVE_INFINITY);
    });
  }

  /** Nothing is put aside in what is only read. */
  moveAside(): void {}

  close(): void {
    this.#store?.close();
  }

  #make(node: NodeId, name: string): CachedState<State> {
    const states = this.#states.get(node) ?? new Map<string, CachedState<State>>();
    this.#states.set(node, states);
    const state = new CachedState<State>(this);
    states.set(name, state);
    return state;
  }
}
