import type { Column, Row, Value } from '../../engine/schema/types.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';

/** A row without its columns' names, for keyed state. */
export type PackedRow = readonly Value[];

/** Functions that pack the named columns of a row, and make a row of those again. */
export function rowPacker(columns: readonly Pick<Column, 'name'>[]): { readonly pack: (row: Row) => PackedRow; readonly unpack: (packed: PackedRow) => Row } {
  return {
    pack: compile(`(row) => [${columns.map(({ name }) => `row[${stringLiteral(name)}]`).join(', ')}]`),
    unpack: compile(`(packed) => (${rowSource(columns.map(({ name }, i) => ({ name, source: `packed[${i}]` })))})`),
  };
}
