import type { Row } from '../../engine/schema/types.ts';
import type { JoinKey } from './join-keys.ts';
import type { RowBlock } from './row-block.ts';

/** Some rows of a block. */
export interface RowsOfBlock {
  readonly block: RowBlock;
  readonly rows: readonly number[];
}

/** Finds rows of several blocks by their keys. Entries have numbers; those of one key are chained in the order of the blocks and their rows. */
export class MatchIndex {
  readonly #heads = new Map<JoinKey, number>();
  readonly #blocks: RowBlock[] = [];
  readonly #at: number[] = [];
  readonly #next: number[] = [];
  /** By a key's first entry: its last one. */
  readonly #tails: number[] = [];

  /** Of all rows, or of those with these keys alone. */
  static of(all: readonly RowsOfBlock[], keys: ReadonlySet<JoinKey> | null): MatchIndex {
    const index = new MatchIndex();
    for (const { block, rows } of all) {
      for (const at of rows) {
        const key = block.keys[at]!;
        if (keys === null || keys.has(key)) index.#add(key, block, at);
      }
    }
    return index;
  }

  #add(key: JoinKey, block: RowBlock, at: number): void {
    const entry = this.#at.length;
    this.#blocks.push(block);
    this.#at.push(at);
    this.#next.push(-1);
    this.#tails.push(entry);
    const head = this.#heads.get(key);
    if (head === undefined) {
      this.#heads.set(key, entry);
      return;
    }
    this.#next[this.#tails[head]!] = entry;
    this.#tails[head] = entry;
  }

  /** The first entry of a key, or -1. */
  first(key: JoinKey): number {
    return this.#heads.get(key) ?? -1;
  }
  /** The entry of the same key after this one, or -1. */
  next(entry: number): number {
    return this.#next[entry]!;
  }
  row(entry: number): Row {
    return this.#blocks[entry]!.row(this.#at[entry]!);
  }
}
