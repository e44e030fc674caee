import type { Json, Row, Schema, State } from '../../engine/schema/types.ts';
import { decodeCells, encodeCells } from '../../engine/schema/values.ts';

/** Rows as part of a node's state: JSON, without their columns' names. */
export function rowsToState(rows: Iterable<Row>, schema: Schema): Json {
  return Array.from(rows, (row) => encodeCells(row, schema));
}

export function rowsFromState(state: State, schema: Schema): Row[] {
  return (state as unknown as Json[][]).map((cells) => decodeCells(cells, schema));
}
