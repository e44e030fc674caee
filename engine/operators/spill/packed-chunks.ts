import type { KeyedState } from '@millrace/kit/keyed-state';
import { missing } from '../../../model/faults/missing.ts';
import type { State } from '../../../model/values/types.ts';

/**
 * Chunks of what has no room in plain memory, in keyed state, as bytes. They are written once and read once, mostly much later: as bytes
 * they take what they are counted for, and the garbage collector neither visits nor copies their values.
 */
export class PackedChunks<T extends State> {
  readonly #state: KeyedState<State>;

  constructor(state: KeyedState<State>) {
    this.#state = state;
  }

  set(name: string, chunk: T): void {
    this.#state.setAside(name, this.#state.pack?.(chunk) ?? chunk);
  }

  /** Throws where there is no such chunk. What checkpoints of earlier versions have is no bytes. */
  get(name: string): T {
    const found = this.#state.get(name) ?? missing(`the chunk "${name}"`);
    return (found instanceof Uint8Array && this.#state.unpack ? this.#state.unpack(found) : found) as T;
  }

  delete(name: string): void {
    this.#state.delete(name);
  }
}
