import type { Json, Row, Schema } from '../../engine/schema/types.ts';
import { decodeCells, encodeCells } from '../../engine/schema/values.ts';

/** Rows as part of a node's state: JSON, without their columns' names. */
export function rowsToState(rows: Iterable<Row>, schema: Schema): Json {
  return Array.from(rows, (row) => encodeCells(row, schema));
}

export function rowsFromState(state: Json, schema: Schema): Row[] {
  return (state as Json[][]).map((cells) => decodeCells(cells, schema));
}
