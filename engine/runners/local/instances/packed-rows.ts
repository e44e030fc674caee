/** Rows on their way from one thread to another: by columns, since that costs a fraction of what cloning objects does. */
import type { Row } from '../../../../model/values/types.ts';
import type { Cells, ColumnLayout } from '../../../operators/rows/column-layout.ts';

type Columns = Cells[];

/** Numbers in typed arrays, where NaN is null; other values in lists. */
export interface PackedRows {
  readonly count: number;
  readonly columns: Columns;
  /** That of all numbers, to be handed over instead of copied. */
  readonly buffer: ArrayBuffer;
}

/** About how many rows a message has. */
export const rowsPerMessage = 1024;

/** Takes rows until `take` gives them away. */
export class RowPack {
  readonly form: ColumnLayout;
  count = 0;
  #columns: Columns;

  constructor(form: ColumnLayout) {
    this.form = form;
    this.#columns = emptyColumns(form, rowsPerMessage);
  }

  add(row: Row): void {
    if (this.count % rowsPerMessage === 0 && this.count > 0) this.#grow();
    this.form.write(this.#columns, this.count++, row);
  }

  take(): PackedRows {
    const { count } = this;
    const numbers = this.#columns.filter((cells) => !Array.isArray(cells)).length;
    const buffer = new ArrayBuffer(numbers * count * Float64Array.BYTES_PER_ELEMENT);
    let at = 0;
    const columns = this.#columns.map((cells) => {
      if (Array.isArray(cells)) return cells;
      const copy = new Float64Array(buffer, at, count);
      at += copy.byteLength;
      copy.set(cells.subarray(0, count));
      return copy;
    });
    // Numbers were copied, lists are given away.
    this.#columns = this.#columns.map((cells, i) => (Array.isArray(cells) ? (this.form.numeric[i] ? new Float64Array(rowsPerMessage) : []) : cells));
    this.count = 0;
    return { count, columns, buffer };
  }

  #grow(): void {
    this.#columns = this.#columns.map((cells) => {
      if (Array.isArray(cells)) return cells;
      if (cells.length > this.count) return cells;
      const wider = new Float64Array(2 * cells.length);
      wider.set(cells);
      return wider;
    });
  }
}

/** The rows from one place to another, that one left out. */
export function unpackRows({ read }: Pick<ColumnLayout, 'read'>, { columns }: PackedRows, from: number, to: number): Row[] {
  const rows = new Array<Row>(to - from);
  for (let at = from; at < to; at++) rows[at - from] = read(columns, at);
  return rows;
}

function emptyColumns({ numeric }: ColumnLayout, capacity: number): Columns {
  return numeric.map((isNumeric) => (isNumeric ? new Float64Array(capacity) : []));
}
