import type { KeyedState } from '@millrace/kit/keyed-state';
import type { State } from '../../../model/values/types.ts';
import type { PackedRow } from '../rows/packed-rows.ts';
import { PackedChunks } from './packed-chunks.ts';

/** About how many bytes are read back at once of each run, and at most how many rows. */
const chunkBytes = 65_536;
const chunkRows = 512;
/** Runs that are merged at once, at least. */
const leastWidth = 16;
const batchSize = 1024;
/** Runs are merged for their equal rows when there are so many times the rows that there were after the last time: the more, the less that gained. */
const [leastPatience, mostPatience] = [4, 16];

/** Below zero where the first row comes before the second, 0 where they are equal. */
export type PackedOrder = (a: PackedRow, b: PackedRow) => number;
export interface SortedRunsOptions {
  readonly order: PackedOrder;
  /** As of `TransformContext`. */
  readonly memory: number;
  /** Of equal rows only the one that was put last is kept. */
  readonly onlyLast?: boolean;
}

type Run = { readonly id: number; readonly chunks: number; readonly rows: number };

/**
 * Rows that are put in order by parts, the runs, in chunks of keyed state, and come out in one order: an external merge sort. Equal
 * rows stay in the order in which they were put. In memory are one chunk of each run that is being merged.
 */
export class SortedRuns {
  readonly #chunks: PackedChunks<readonly PackedRow[]>;
  readonly #order: PackedOrder;
  readonly #onlyLast: boolean;
  readonly #width: number;
  #runs: Run[] = [];
  #nextId = 0;
  /** Of a row, on average. */
  #rowBytes = 1;
  /** How many rows there were when no two runs had equal ones. */
  #merged = 0;
  #patience = leastPatience;
  /** How many rows there are. */
  rows = 0;

  constructor(state: KeyedState<State>, { order, memory, onlyLast = false }: SortedRunsOptions) {
    this.#chunks = new PackedChunks(state);
    this.#order = order;
    this.#onlyLast = onlyLast;
    this.#width = Math.max(leastWidth, Math.floor(memory / 2 / chunkBytes));
  }

  /** Puts rows that are in order, and of which no two are equal where only the last is kept. `bytes`: what one takes, on average. */
  put(rows: Iterable<PackedRow>, bytes: number): void {
    this.#rowBytes = Math.max(this.#rowBytes, bytes);
    for (const _ of this.#write(rows));
    if (!this.#onlyLast) return;
    this.#merged ||= this.rows;
    // Over time the work is as much as that of putting.
    if (this.rows <= this.#patience * Math.max(this.#merged, batchSize)) return;
    const before = this.rows;
    while (this.#runs.length > 1) for (const _ of this.#mergeSome());
    this.#merged = this.rows;
    this.#patience = this.rows > before / 2 ? mostPatience : leastPatience;
  }

  /**
   * Takes all rows out, in order, in batches. Some batches are empty: what is done before the first row may take long, and whoever
   * takes the rows can give others a turn in between.
   */
  *take(): Iterable<readonly PackedRow[]> {
    while (this.#runs.length > this.#width) yield* this.#mergeSome();
    let batch: PackedRow[] = [];
    for (const row of this.#merge(this.#runs.splice(0))) {
      batch.push(row);
      if (batch.length < batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** Makes one run of each `#width` neighbours, and yields an empty batch now and then. */
  *#mergeSome(): Iterable<readonly PackedRow[]> {
    const before = this.#runs.splice(0);
    for (let first = 0; first < before.length; first += this.#width) {
      const some = before.slice(first, first + this.#width);
      const [only, ...others] = some;
      if (only && others.length === 0) this.#runs.push(only);
      else yield* this.#write(this.#merge(some));
    }
  }

  /** As a run of its own; yields an empty batch after each chunk. */
  *#write(rows: Iterable<PackedRow>): Iterable<readonly PackedRow[]> {
    const size = Math.max(1, Math.min(chunkRows, Math.floor(chunkBytes / this.#rowBytes)));
    const id = this.#nextId++;
    let count = 0;
    let chunks = 0;
    let chunk: PackedRow[] = [];
    const flush = (): void => {
      this.#chunks.set(nameOf(id, chunks++), chunk);
      this.rows += chunk.length;
      count += chunk.length;
      chunk = [];
    };
    for (const row of rows) {
      chunk.push(row);
      if (chunk.length < size) continue;
      flush();
      yield [];
    }
    if (chunk.length > 0) flush();
    if (count > 0) this.#runs.push({ id, chunks, rows: count });
  }

  *#merge(runs: readonly Run[]): Iterable<PackedRow> {
    const heap = new Heap(
      this.#order,
      runs.map((run, place) => new Cursor(place, this.#chunksOf(run))),
    );
    if (!this.#onlyLast) {
      for (let row = heap.take(); row !== null; row = heap.take()) yield row;
      return;
    }
    let last: PackedRow | null = null;
    for (let row = heap.take(); row !== null; row = heap.take()) {
      if (last !== null && this.#order(last, row) !== 0) yield last;
      last = row;
    }
    if (last !== null) yield last;
  }

  *#chunksOf({ id, chunks }: Run): Generator<readonly PackedRow[], undefined> {
    for (let i = 0; i < chunks; i++) {
      const name = nameOf(id, i);
      const chunk = this.#chunks.get(name);
      this.#chunks.delete(name);
      this.rows -= chunk.length;
      yield chunk;
    }
  }

  /** Puts the rows of other runs, as `change` gives them: null for one that is not wanted. They stay there, too. */
  takeOver(from: SortedRuns, change: (row: PackedRow) => PackedRow | null): void {
    for (const run of from.#runs) this.put(from.#changed(run, change), from.#rowBytes);
  }
  *#changed({ id, chunks }: Run, change: (row: PackedRow) => PackedRow | null): Iterable<PackedRow> {
    for (let i = 0; i < chunks; i++) {
      for (const row of this.#chunks.get(nameOf(id, i))) {
        const changed = change(row);
        if (changed !== null) yield changed;
      }
    }
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  snapshot(): State {
    return { runs: this.#runs.map((run) => ({ ...run })), nextId: this.#nextId, rowBytes: this.#rowBytes, merged: this.#merged };
  }
  /** Into a new one. */
  restore(state: State): void {
    const { runs, nextId, rowBytes, merged } = state as {
      readonly runs: readonly Run[];
      readonly nextId: number;
      readonly rowBytes: number;
      readonly merged: number;
    };
    this.#runs = [...runs];
    this.#nextId = nextId;
    this.#rowBytes = rowBytes;
    this.#merged = merged;
    this.rows = runs.reduce((sum, run) => sum + run.rows, 0);
  }
}

/** Where reading a run is at. */
class Cursor {
  readonly place: number;
  readonly #chunks: Generator<readonly PackedRow[], undefined>;
  #chunk: readonly PackedRow[] = [];
  #at = 0;
  /** Null at the end. */
  row: PackedRow | null = null;

  constructor(place: number, chunks: Generator<readonly PackedRow[], undefined>) {
    this.place = place;
    this.#chunks = chunks;
    this.next();
  }
  next(): void {
    if (this.#at === this.#chunk.length) {
      this.#chunk = this.#chunks.next().value ?? [];
      this.#at = 0;
    }
    this.row = this.#chunk[this.#at++] ?? null;
  }
}

/** A binary heap of cursors: the least row is on top, of equal ones that of the earliest run. */
class Heap {
  readonly #order: PackedOrder;
  readonly #cursors: Cursor[];

  constructor(order: PackedOrder, cursors: readonly Cursor[]) {
    this.#order = order;
    this.#cursors = cursors.filter(({ row }) => row !== null).sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
  }

  /** The least row, or null where there is none. */
  take(): PackedRow | null {
    const cursors = this.#cursors;
    const top = cursors[0];
    if (top === undefined) return null;
    const { row } = top;
    top.next();
    if (top.row !== null) this.#sink(top);
    else {
      const last = cursors.pop();
      if (last && last !== top) this.#sink(last);
    }
    return row;
  }

  /** From the top to its place. */
  #sink(cursor: Cursor): void {
    const cursors = this.#cursors;
    const { length } = cursors;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(cursors[child + 1]!, cursors[child]!)) child++;
      if (!this.#isBefore(cursors[child]!, cursor)) break;
      cursors[at] = cursors[child]!;
      at = child;
    }
    cursors[at] = cursor;
  }
  #isBefore(a: Cursor, b: Cursor): boolean {
    return (this.#order(a.row!, b.row!) || a.place - b.place) < 0;
  }
}

/** Chunks of a run are neighbours in a file that is in the order of names. */
function nameOf(run: number, chunk: number): string {
  return `${run}/${String(chunk).padStart(6, '0')}`;
}
