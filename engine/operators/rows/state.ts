import type { ColumnType, Json, Row, Schema, State } from '../../../model/values/types.ts';
import { decodeCells, encodeCells } from '../../../model/values/values.ts';

/** Rows as part of a node's state: JSON, without their columns' names. */
export function rowsToState(rows: Iterable<Row>, schema: Schema): Json {
  return Array.from(rows, (row) => encodeCells(row, schema));
}

export function rowsFromState(state: State, schema: Schema): Row[] {
  return (state as readonly Json[][]).map((cells) => decodeCells(cells, schema));
}

const bytesOf: Readonly<Record<ColumnType, number>> = {
  string: 40,
  integer: 8,
  number: 16,
  decimal: 40,
  boolean: 8,
  timestamp: 16,
  date: 40,
  json: 120,
  bytes: 120,
};

/** About how many bytes a row takes in memory. */
export function bytesPerRow({ columns }: Schema): number {
  return columns.reduce((sum, { type }) => sum + bytesOf[type], 40);
}

/** About how many bytes a list takes in memory, told from some of its items. */
export function listBytes(list: readonly State[], samples = 50): number {
  const step = Math.ceil(list.length / samples);
  let bytes = 0;
  for (let i = 0; i < list.length; i += step) bytes += 8 + stateBytes(list[i]);
  return Math.min(step, list.length) * bytes;
}
/** About how many bytes a value takes in memory besides its place. */
export function stateBytes(state: State): number {
  if (typeof state === 'number') return 8;
  if (typeof state === 'string') return 24 + state.length;
  if (typeof state !== 'object' || state === null) return 0;
  if (ArrayBuffer.isView(state)) return 64 + state.byteLength;
  return 32 + listBytes(Array.isArray(state) ? state : Object.values(state), 8);
}
