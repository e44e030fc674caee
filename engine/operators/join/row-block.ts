import { itemAt, itemsAt, missing } from '../../../model/faults/missing.ts';
import type { ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';
import { type Cells, type ColumnLayout, columnLayout } from '../rows/column-layout.ts';
import type { JoinKey } from './join-keys.ts';

/** How rows of a schema are put into blocks, and made of them again. */
export interface BlockLayout extends ColumnLayout {
  readonly keyOf: (row: Row) => JoinKey | null;
  /** What a row takes in memory, about: its values, its time, its key, and its part in an index. */
  readonly rowBytes: number;
  /** What a block takes besides: few rows in each of many blocks would else look like nothing. */
  readonly blockBytes: number;
}

/** A block's rows as part of a node's state. */
export type PackedBlock = { readonly times: Float64Array; readonly columns: readonly (Float64Array | readonly Value[])[]; readonly marks: Uint8Array };

const bytesOf: Readonly<Record<ColumnType, number>> = {
  string: 48,
  integer: 8,
  number: 8,
  decimal: 48,
  boolean: 8,
  timestamp: 8,
  date: 40,
  json: 128,
  bytes: 128,
};
/** Time, key, mark, and the places in an index. */
const bytesBesideColumns = 48;
const leastCapacity = 4;
/** Of one typed array or list, besides what is in it. */
const bytesPerArray = 200;
/** A key with more rows than this has them in the order of their times, to be searched. */
const hotRows = 32;

export function blockLayout(schema: Schema, keyOf: BlockLayout['keyOf']): BlockLayout {
  const { columns } = schema;
  return {
    ...columnLayout(schema),
    keyOf,
    rowBytes: columns.reduce((sum, { type }) => sum + bytesOf[type], bytesBesideColumns),
    blockBytes: bytesPerArray * (columns.length + 6),
  };
}

/**
 * Rows by columns, in the order in which they were added, with a time, a key, and a mark each. They cost a fraction of what objects
 * do, and the garbage collector does not look at them. An index by key is made when it is first asked for.
 */
export class RowBlock {
  readonly layout: BlockLayout;
  count = 0;
  /** The times of all rows are within these. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  times = new Float64Array(leastCapacity);
  marks = new Uint8Array(leastCapacity);
  keys: JoinKey[] = [];
  #columns: Cells[];
  /** By key: its first row. */
  #index: Map<JoinKey, number> | null = null;
  /** By row: the next one of its key, or -1. By a key's first row: its last one, and how many there are. */
  #next = new Int32Array(0);
  #tail = new Int32Array(0);
  #size = new Int32Array(0);
  /** By a key's first row: all of its rows in the order of their times. */
  readonly #hot = new Map<number, number[]>();

  constructor(layout: BlockLayout) {
    this.layout = layout;
    this.#columns = layout.numeric.map((isNumeric) => (isNumeric ? new Float64Array(leastCapacity) : []));
  }

  get bytes(): number {
    return this.layout.blockBytes + this.count * this.layout.rowBytes;
  }

  add(key: JoinKey, time: number, row: Row, mark = 0): number {
    const at = this.count++;
    if (at === this.times.length) this.#grow();
    this.times[at] = time;
    this.marks[at] = mark;
    this.keys[at] = key;
    this.layout.write(this.#columns, at, row);
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
    if (this.#index !== null) this.#enter(this.#index, at);
    return at;
  }

  row(at: number): Row {
    return this.layout.read(this.#columns, at);
  }

  has(key: JoinKey): boolean {
    return this.#indexed().has(key);
  }

  /** Visits the rows of a key, in the order in which they were added. */
  each(key: JoinKey, visit: (at: number) => void): void {
    for (let at = this.#indexed().get(key) ?? -1; at >= 0; at = this.#next[at]!) visit(at);
  }

  /**
   * Puts the rows of a key from one time to another, both included, into `found`, in the order of their times, those of one time as they
   * were added. Gives their number; what the list has behind them means nothing.
   */
  find(key: JoinKey, from: number, to: number, found: number[]): number {
    if (from > this.last || to < this.first) return 0;
    const head = this.#indexed().get(key);
    if (head === undefined) return 0;
    if (this.#size[head]! > hotRows) return this.#findHot(head, from, to, found);
    const { times } = this;
    let count = 0;
    for (let at = head; at >= 0; at = this.#next[at]!) {
      const time = times[at]!;
      if (time < from || time > to) continue;
      // Mostly they have come in order.
      let place = count++;
      for (; place > 0 && times[found[place - 1]!]! > time; place--) found[place] = found[place - 1]!;
      found[place] = at;
    }
    return count;
  }

  /** Without rows, and with the room that it had. */
  clear(): void {
    this.count = 0;
    this.first = Number.POSITIVE_INFINITY;
    this.last = Number.NEGATIVE_INFINITY;
    this.keys = [];
    for (const [i, isNumeric] of this.layout.numeric.entries()) {
      if (!isNumeric) this.#columns[i] = [];
      else if (Array.isArray(this.#columns[i])) this.#columns[i] = new Float64Array(this.times.length);
    }
    this.#index = null;
    this.#hot.clear();
  }

  /** These rows, or all: a copy. */
  pack(rows: readonly number[] | null = null): PackedBlock {
    const { count } = this;
    const numbers = (cells: Float64Array) => (rows ? Float64Array.from(itemsAt(cells, rows)) : cells.slice(0, count));
    return {
      times: numbers(this.times),
      columns: this.#columns.map((cells) => (Array.isArray(cells) ? (rows ? itemsAt(cells, rows) : cells.slice(0, count)) : numbers(cells))),
      marks: rows ? Uint8Array.from(itemsAt(this.marks, rows)) : this.marks.slice(0, count),
    };
  }

  /** Of what `pack` gave. It shares that until a row is added. */
  static unpack(layout: BlockLayout, { times, columns, marks }: PackedBlock): RowBlock {
    const block = new RowBlock(layout);
    block.count = times.length;
    block.times = times as typeof block.times;
    block.marks = marks as typeof block.marks;
    block.#columns = columns as Cells[];
    for (const [at, time] of times.entries()) {
      block.keys.push(layout.keyOf(block.row(at)) ?? missing('the key of a row that was kept'));
      block.first = Math.min(block.first, time);
      block.last = Math.max(block.last, time);
    }
    return block;
  }

  #indexed(): Map<JoinKey, number> {
    if (this.#index !== null) return this.#index;
    const index = new Map<JoinKey, number>();
    const capacity = this.times.length;
    if (this.#next.length < capacity) {
      this.#next = new Int32Array(capacity);
      this.#tail = new Int32Array(capacity);
      this.#size = new Int32Array(capacity);
    }
    this.#index = index;
    for (let at = 0; at < this.count; at++) this.#enter(index, at);
    return index;
  }

  #enter(index: Map<JoinKey, number>, at: number): void {
    const key = this.keys[at]!;
    const head = index.get(key);
    this.#next[at] = -1;
    if (head === undefined) {
      index.set(key, at);
      this.#tail[at] = at;
      this.#size[at] = 1;
      return;
    }
    this.#next[this.#tail[head]!] = at;
    this.#tail[head] = at;
    this.#size[head]!++;
    const hot = this.#hot.get(head);
    if (hot !== undefined) this.#insert(hot, at);
  }

  #insert(hot: number[], at: number): void {
    const time = this.times[at]!;
    let place = hot.length;
    while (place > 0 && this.times[hot[place - 1]!]! > time) place--;
    if (place === hot.length) hot.push(at);
    else hot.splice(place, 0, at);
  }

  #findHot(head: number, from: number, to: number, found: number[]): number {
    let hot = this.#hot.get(head);
    if (hot === undefined) {
      hot = [];
      for (let at = head; at >= 0; at = this.#next[at]!) hot.push(at);
      hot.sort((a, b) => itemAt(this.times, a) - itemAt(this.times, b));
      this.#hot.set(head, hot);
    }
    let low = 0;
    let high = hot.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[hot[middle]!]! < from) low = middle + 1;
      else high = middle;
    }
    let count = 0;
    for (let i = low; i < hot.length && this.times[hot[i]!]! <= to; i++) found[count++] = hot[i]!;
    return count;
  }

  #grow(): void {
    const capacity = Math.max(leastCapacity, 2 * this.times.length);
    this.times = grown(this.times, new Float64Array(capacity));
    this.marks = grown(this.marks, new Uint8Array(capacity));
    for (const [i, cells] of this.#columns.entries()) {
      if (!Array.isArray(cells)) this.#columns[i] = grown(cells, new Float64Array(capacity));
    }
    if (this.#index === null) return;
    this.#next = grown(this.#next, new Int32Array(capacity));
    this.#tail = grown(this.#tail, new Int32Array(capacity));
    this.#size = grown(this.#size, new Int32Array(capacity));
  }
}

function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
