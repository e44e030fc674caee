import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { KeyedState } from '@millrace/kit/keyed-state';
import { missing } from '../../../model/faults/missing.ts';
import type { State } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { takeEntries } from '../../operators/keyed/key-groups.ts';
import { CachedState, type StateMemory } from '../../store/keyed-cache.ts';
import { KeyedStore } from '../../store/keyed-store.ts';
import { makePrivateFolder } from '../../store/private-files.ts';
import type { EarlierStates } from './earlier-states.ts';
import { type HeldState, type KeyedSnapshot, stateFile } from './keyed-snapshot.ts';
import { stateBudget } from './memory-limits.ts';
import { asEngine, type Monitor } from './monitor.ts';
import { removeEmptyFolders } from './state-folders.ts';

const megabyte = 2 ** 20;
/** More than this is not written with each checkpoint as a whole: from then on there is a file, and a checkpoint costs what has changed. */
const heldLimit = 4 * megabyte;
/** What is left in memory once it was too full. */
const keptShare = 0.75;
/** Keyed state has this share of the budget, whatever operators hold. */
const leastShare = 0.25;

export interface NodeStatesOptions {
  /** The run's own folder for state; null for a run that keeps none. */
  readonly folder?: string | null;
  /** Bytes that all states together may take in memory, as estimated; `stateBudget` where it is left out. */
  readonly memory?: number;
  readonly monitor?: Monitor | undefined;
}

/** The keyed states of one node, by their names. */
export class StatesOfNode {
  readonly states = new Map<string, CachedState<State>>();
  readonly #make: (name: string) => CachedState<State>;

  constructor(make: (name: string) => CachedState<State>) {
    this.#make = make;
  }

  open<V extends State>(name: string): KeyedState<V> {
    const found = this.states.get(name) ?? this.#make(name);
    this.states.set(name, found);
    return found as KeyedState<V>;
  }

  /** What is on disk alone included. */
  size(): { readonly entries: number; readonly bytes: number } {
    let entries = 0;
    let bytes = 0;
    for (const state of this.states.values()) {
      entries += state.size;
      bytes += state.bytes;
    }
    return { entries, bytes: Math.round(bytes) };
  }
}

/**
 * The keyed states of a run's nodes. They live in memory up to a limit (see `stateBudget`), beyond which the entries that
 * were not used for longest move to `state.db` in the run's folder, or to a temporary file. Throws what `KeyedStore` does.
 */
export class NodeStates implements StateMemory {
  bytes = 0;
  epoch = 0;
  inflow = 0;
  version = 0;
  /** Bytes that all state may take in memory, what operators hold themselves included. */
  budget: number;
  /** Of these, what there is for keyed state. */
  limit: number;
  readonly folder: string | null;
  readonly #monitor: Monitor | undefined;
  readonly #nodes = new Map<NodeId, StatesOfNode>();
  #store: KeyedStore | null = null;
  #temporary: string | null = null;
  #isDiscarded = false;

  constructor({ folder = null, memory = stateBudget(), monitor }: NodeStatesOptions = {}) {
    this.folder = folder;
    this.#monitor = monitor;
    this.budget = this.limit = memory;
  }

  /** Shares the budget with what operators hold in plain memory, in bytes. Entries leave when there is next something to do with them. */
  shareWith(plain: number): void {
    this.limit = Math.max(this.budget - plain, this.budget * leastShare);
  }

  of(node: NodeId): StatesOfNode {
    const found = this.#nodes.get(node) ?? new StatesOfNode((name) => this.#make(node, name));
    this.#nodes.set(node, found);
    return found;
  }

  /**
   * All of it at this moment: to be stored with the checkpoint of this number, which is above all before. Later changes do not get
   * into it. Where there is a state file, that is durable as of this checkpoint once this returns.
   */
  snapshot(checkpoint: number): KeyedSnapshot {
    if (checkpoint < this.version) throw new Error(`Checkpoint ${checkpoint} comes after checkpoint ${this.version - 1}`);
    if (this.folder !== null && this.bytes > Math.min(heldLimit, this.limit)) this.#spill();
    if (this.#store === null || this.folder === null) {
      this.version = checkpoint + 1;
      const states = [...this.#all()].map(([node, name, state]): HeldState => ({ node, name, ...state.held() }));
      return { kind: 'held', version: checkpoint, states: serialize(states) };
    }
    this.version = checkpoint;
    let states: Extract<KeyedSnapshot, { kind: 'stored' }>['states'] = [];
    this.#store.checkpoint(checkpoint, () => {
      states = [...this.#all()].map(([node, name, state]) => ({ node, name, ...state.flush() }));
    });
    this.version = checkpoint + 1;
    return { kind: 'stored', version: checkpoint, states };
  }

  /**
   * Back to what `snapshot` gave, before any row. Throws `state/damaged` where the state file is not what it was then: an older
   * checkpoint may do, and can be tried on the same object.
   */
  restore(snapshot: KeyedSnapshot): void {
    this.#store?.close();
    this.#store = null;
    for (const [, , each] of this.#all()) each.clear();
    this.version = snapshot.version + 1;
    if (snapshot.kind === 'held') {
      for (const { node, name, ...entries } of deserialize(snapshot.states) as HeldState[]) (this.of(node).open(name) as CachedState<State>).hold(entries);
      return;
    }
    const store = KeyedStore.open(this.#file());
    this.#store = store;
    store.goBack(snapshot.version);
    for (const { node, name, entries, sum } of snapshot.states) {
      const states = this.of(node);
      const found = states.states.get(name) ?? new CachedState(this);
      states.states.set(name, found);
      found.resume(store, node, name, entries, sum);
    }
    // States that this checkpoint does not know.
    const known = new Set(snapshot.states.map(({ node, name }) => `${node}\n${name}`));
    for (const [node, name, each] of this.#all()) if (!known.has(`${node}\n${name}`)) each.attach(store, node, name);
  }

  /**
   * Begins, in a folder without state, with all that earlier ones had for these nodes; other nodes take over what is theirs by themselves
   * (`StatefulOperator.takeOver`). `checkpoint`: the one that is gone on from.
   */
  copy(earlier: readonly EarlierStates[], nodes: Iterable<NodeId>, checkpoint: number): void {
    this.version = checkpoint + 1;
    for (const node of nodes) {
      for (const states of earlier) for (const name of states.names(node)) takeEntries(this.of(node).open(name), states.of(node, name), () => true);
    }
  }

  /** No checkpoint before this one will be gone back to. */
  committed(oldestKept: number): void {
    this.#store?.prune(oldestKept);
  }

  /** About how many bytes of it are on disk alone. */
  get bytesOnDisk(): number {
    let bytes = 0;
    for (const [, , state] of this.#all()) bytes += state.bytesOnDisk;
    return bytes;
  }

  /** Called from within a node's own work, between two calls of users' code. */
  makeRoom(): void {
    asEngine(this.#monitor, () => this.#makeRoom());
  }

  moveAside(state: { evictAside(): void }): void {
    asEngine(this.#monitor, () => {
      this.#spill();
      this.#store?.together(() => state.evictAside());
      this.#pruneTemporary();
    });
  }

  #makeRoom(): void {
    this.#spill();
    const byEpoch = new Map<number, number>();
    for (const [, , state] of this.#all()) state.tally(byEpoch);
    let missing = this.bytes - this.limit * keptShare;
    let last = 0;
    let covered = 0;
    for (const epoch of [...byEpoch.keys()].sort((a, b) => a - b)) {
      last = epoch;
      covered += byEpoch.get(epoch) ?? 0;
      if (covered >= missing) break;
    }
    this.#store?.together(() => {
      for (const [, , state] of this.#all()) missing = state.evict(last - 1, missing);
      for (const [, , state] of this.#all()) missing = state.evict(last, missing);
    });
    this.#pruneTemporary();
  }

  /** Nobody goes back in a file that is temporary. */
  #pruneTemporary(): void {
    if (this.folder === null) this.#store?.prune(this.version);
  }

  /** The state file stays, unless it was a temporary one. */
  close(): void {
    this.#store?.close();
    this.#store = null;
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
    this.#temporary = null;
    if (this.#isDiscarded && this.folder !== null) removeEmptyFolders(this.folder);
  }

  /** As `close`, and what is in the folder goes too: nothing goes on from here. The folders of instances go when it is closed after them. */
  discard(): void {
    this.close();
    this.#isDiscarded = true;
    if (this.folder !== null) for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.#file() + suffix, { force: true });
  }

  *#all(): Iterable<readonly [NodeId, string, CachedState<State>]> {
    for (const [node, { states }] of this.#nodes) for (const [name, state] of states) yield [node, name, state];
  }

  #make(node: NodeId, name: string): CachedState<State> {
    const state = new CachedState(this);
    if (this.#store !== null) state.attach(this.#store, node, name);
    return state;
  }

  #spill(): void {
    if (this.#store !== null) return;
    // A file that was not gone back to belongs to checkpoints that are given up.
    const store = KeyedStore.create(this.#file());
    this.#store = store;
    for (const [node, name, state] of this.#all()) state.attach(store, node, name);
  }

  #file(): string {
    if (this.folder !== null) makePrivateFolder(this.folder);
    else this.#temporary ??= mkdtempSync(join(tmpdir(), 'millrace-state-'));
    return stateFile(this.folder ?? this.#temporary ?? missing('the folder of the state'));
  }
}
