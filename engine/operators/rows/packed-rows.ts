import type { Column, Row, Value } from '../../../model/values/types.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';

/** A row without its columns' names, for keyed state. */
export type PackedRow = readonly Value[];

export interface RowPacker {
  readonly pack: (row: Row) => PackedRow;
  readonly unpack: (packed: PackedRow) => Row;
}

/** Packs these columns of a row, and makes a row of them again. */
export function rowPacker(columns: readonly Pick<Column, 'name'>[]): RowPacker {
  return {
    pack: compile(`(row) => [${columns.map(({ name }) => `row[${stringLiteral(name)}]`).join(', ')}]`),
    unpack: compile(`(packed) => (${rowSource(columns.map(({ name }, i) => ({ name, source: `packed[${i}]` })))})`),
  };
}
