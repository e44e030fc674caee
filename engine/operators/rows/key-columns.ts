/**
 * By which values of a column rows are equal: those that a Map, a Set and `===` tell apart. All types have such values but
 * decimals, which may be written differently (12.5, 12.50); and where decimals meet other numbers, these are decimals too.
 */

import { columnOf, commonType, findColumn } from '@millrace/kit/columns';
import { decimalKey } from '../../../model/values/decimal.ts';
import type { ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';
import { castValue } from '../../../model/values/values.ts';
import { columnReader, columnSource, compile } from '../rows/rows.ts';

export interface KeyColumn {
  readonly name: string;
  /** Null where each value is its own key. */
  readonly keyOf: ((value: Value) => Value) | null;
}

/** How values of a type become keys where they meet those of another one: `as` is the type of both. */
export function keyOfType(type: ColumnType, as: ColumnType = type): KeyColumn['keyOf'] {
  if (as !== 'decimal') return null;
  const toDecimal = valueAs(type, as);
  return (value) => (value === null ? null : decimalKey((toDecimal === null ? value : toDecimal(value)) as string));
}

/** Values of a type as those of the wider one that `commonType` gives; null where they are that already. */
export function valueAs(type: ColumnType, as: ColumnType): ((value: Value) => Value) | null {
  if (as !== 'decimal' || type === as) return null;
  return (value) => {
    if (value === null) return null;
    const cast = castValue(value, as, type);
    // Only a number without a value is none, and rows do not hold any.
    return cast.ok ? cast.value : null;
  };
}

/** Names that the schema does not have are the params' validation to report. */
export function keyColumns(schema: Schema, names: readonly string[]): KeyColumn[] {
  return names.map((name) => ({ name, keyOf: keyOfType(findColumn(schema, name)?.type ?? 'string') }));
}

/** The keys of both sides of a join. */
export function keyPairs(
  left: Schema,
  right: Schema,
  pairs: readonly { readonly left: string; readonly right: string }[],
): { readonly left: KeyColumn[]; readonly right: KeyColumn[] } {
  const sides = pairs.map((pair) => {
    const [a, b] = [columnOf(left, pair.left).type, columnOf(right, pair.right).type];
    const as = commonType(a, b);
    return { left: { name: pair.left, keyOf: keyOfType(a, as ?? a) }, right: { name: pair.right, keyOf: keyOfType(b, as ?? b) } };
  });
  return { left: sides.map((side) => side.left), right: sides.map((side) => side.right) };
}

/** As `columnReader`, of a column's keys. */
export function keyColumnReader({ name, keyOf }: KeyColumn): (rows: readonly Row[], values: Value[]) => void {
  const read = columnReader(name);
  if (keyOf === null) return read;
  return (rows, values) => {
    read(rows, values);
    for (let i = 0; i < rows.length; i++) values[i] = keyOf(values[i] ?? null);
  };
}

/** A row's key, value by value. */
export function keyValuesReader(columns: readonly KeyColumn[]): (row: Row) => Value[] {
  const { sources, constants } = keySources(columns);
  return compile(`(row) => [${sources.join(', ')}]`, constants);
}

/** The source of expressions that give the keys of a row, and the constants that it needs. */
export function keySources(columns: readonly KeyColumn[]): { readonly sources: readonly string[]; readonly constants: { readonly [name: string]: unknown } } {
  const constants: Record<string, unknown> = {};
  const sources = columns.map(({ name, keyOf }, i) => {
    const read = columnSource(name);
    if (keyOf === null) return read;
    constants[`keyOf${i}`] = keyOf;
    return `keyOf${i}(${read})`;
  });
  return { sources, constants };
}
