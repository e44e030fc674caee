import type { KeyedState } from '@millrace/kit/keyed-state';
import { itemAt } from '../../../model/faults/missing.ts';
import type { State } from '../../../model/values/types.ts';
import { hashOfKey } from '../keyed/key-hash.ts';
import type { JoinKey } from './join-keys.ts';
import { filterOf, type KeyFilter, mayHave } from './key-filter.ts';
import { type BlockLayout, type PackedBlock, RowBlock } from './row-block.ts';

/** About how many bytes are written and read at once. */
const partBytes = 32_768;
const mostParts = 4096;

/** Rows that left memory together, parted by the low bits of their keys' hash: an entry of keyed state for each part that has rows. */
export type BlockRun = {
  readonly id: number;
  readonly parts: number;
  readonly rows: number;
  /** Whether there is a filter of its keys, too. */
  readonly isSought?: boolean;
};
/** Where a row went: its part, and its place in that. */
export type SpilledTo = (at: number, part: number, place: number) => void;
export interface PutOptions {
  /** Hears of each row. With it `marks` and `mark` may be called. */
  readonly spilledTo?: SpilledTo | null;
  /** Whether rows will be asked for by single keys (`mayHave`). */
  readonly isSought?: boolean;
}

/**
 * Blocks of rows in keyed state, for what does not fit into memory. A run is written at once, one part after the other, and read back
 * by parts; what has been read stays in memory as long as the state keeps it there. Only marks change afterwards, and are apart.
 */
export class SpilledBlocks {
  readonly #state: KeyedState<State>;
  readonly #layout: BlockLayout;
  /** Parts that the state has in memory, with their indexes. */
  readonly #read = new WeakMap<PackedBlock, RowBlock>();
  /** By run: the names of its entries, which are asked for with each row. */
  readonly #names = new Map<number, { readonly parts: readonly string[]; readonly keys: string }>();
  #nextId = 0;

  constructor(state: KeyedState<State>, layout: BlockLayout) {
    this.#state = state;
    this.#layout = layout;
  }

  /** `expiresAt` as of `KeyedState.set`. */
  put(block: RowBlock, expiresAt: number, { spilledTo = null, isSought = false }: PutOptions = {}): BlockRun {
    const run: BlockRun = { id: this.#nextId++, parts: partsFor(block.bytes), rows: block.count, isSought };
    if (isSought) this.#state.set(keysOf(run), filterOf(block.keys), expiresAt);
    for (const [part, rows] of rowsByPart(block, run.parts).entries()) {
      if (rows.length === 0) continue;
      const packed = block.pack(run.parts === 1 ? null : rows);
      this.#state.set(nameOf(run, part), packed as State, expiresAt);
      if (spilledTo === null) continue;
      this.#state.set(marksOf(run, part), packed.marks.slice(), expiresAt);
      for (const [place, at] of rows.entries()) spilledTo(at, part, place);
    }
    return run;
  }

  /** Whether a run may have rows of a key: most parts that a key leads to have none, and need not be read. */
  mayHave(run: BlockRun, key: JoinKey): boolean {
    if (run.isSought !== true) return true;
    return mayHave(this.#state.get(this.#namesOf(run).keys) as KeyFilter, key);
  }

  /** Null where the part has no rows. The block is not to be changed. */
  part(run: BlockRun, part: number): RowBlock | null {
    const packed = this.#state.get(itemAt(this.#namesOf(run).parts, part)) as PackedBlock | undefined;
    if (packed === undefined) return null;
    let block = this.#read.get(packed);
    if (block === undefined) {
      block = RowBlock.unpack(this.#layout, packed);
      this.#read.set(packed, block);
    }
    return block;
  }

  #namesOf(run: BlockRun): { readonly parts: readonly string[]; readonly keys: string } {
    let names = this.#names.get(run.id);
    if (names === undefined) {
      names = { parts: Array.from({ length: run.parts }, (_, each) => nameOf(run, each)), keys: keysOf(run) };
      this.#names.set(run.id, names);
    }
    return names;
  }

  /** The marks of the rows of a part that has rows. */
  marks({ id }: Pick<BlockRun, 'id'>, part: number): Uint8Array {
    return this.#state.get(marksOf({ id }, part)) as Uint8Array;
  }

  /** Sets the marks of these rows of a part. */
  mark(run: BlockRun, part: number, rows: readonly number[], mark: number, expiresAt: number): void {
    const marks = this.marks(run, part);
    if (rows.every((at) => marks[at] === mark)) return;
    for (const at of rows) marks[at] = mark;
    this.#state.set(marksOf(run, part), marks, expiresAt);
  }

  /** Removes runs, of which `time` is the latest that they were to expire at. */
  expire(runs: readonly BlockRun[], time: number): void {
    for (const { id } of runs) this.#names.delete(id);
    this.#state.expire(time);
  }

  snapshot(): number {
    return this.#nextId;
  }
  restore(nextId: number): void {
    this.#nextId = nextId;
  }
}

export function partOf(key: JoinKey, parts: number): number {
  return parts === 1 ? 0 : hashOfKey(key) & (parts - 1);
}

/** The rows of a block by their parts. */
export function rowsByPart(block: RowBlock, parts: number): number[][] {
  const byPart = Array.from({ length: parts }, (): number[] => []);
  for (let at = 0; at < block.count; at++) itemAt(byPart, partOf(itemAt(block.keys, at), parts)).push(at);
  return byPart;
}

function partsFor(bytes: number): number {
  let parts = 1;
  while (parts < mostParts && parts * partBytes < bytes) parts *= 2;
  return parts;
}

/** Parts of a run are neighbours in a file that is in the order of names. */
function nameOf({ id }: BlockRun, part: number): string {
  return `${id}/${String(part).padStart(4, '0')}`;
}
function keysOf({ id }: BlockRun): string {
  return `${id}/keys`;
}
function marksOf({ id }: Pick<BlockRun, 'id'>, part: number): string {
  return `${id}/marks/${part}`;
}
