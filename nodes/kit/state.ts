import type { ColumnType, Json, Row, Schema, State } from '../../engine/schema/types.ts';
import { decodeCells, encodeCells } from '../../engine/schema/values.ts';

/** Rows as part of a node's state: JSON, without their columns' names. */
export function rowsToState(rows: Iterable<Row>, schema: Schema): Json {
  return Array.from(rows, (row) => encodeCells(row, schema));
}

export function rowsFromState(state: State, schema: Schema): Row[] {
  return (state as unknown as Json[][]).map((cells) => decodeCells(cells, schema));
}

const bytesOf: Readonly<Record<ColumnType, number>> = { string: 40, integer: 8, number: 16, boolean: 8, timestamp: 16, json: 120, bytes: 120 };

/** About how many bytes a row takes in memory. */
export function bytesPerRow({ columns }: Schema): number {
  return columns.reduce((sum, { type }) => sum + bytesOf[type], 40);
}
