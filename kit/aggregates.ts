/** What nodes that aggregate share in their declarations: the functions and their types. */
import { expectsNull } from '../model/schema/nulls.ts';
import type { Column, ColumnType } from '../model/values/types.ts';
import { keyTypes, numberTypes } from './columns.ts';
import type { AggregateFunction } from './ops.ts';

export const aggregateFunctions = [
  { value: 'count', label: 'Count', help: 'Rows, or values of a column that are not null.' },
  { value: 'sum', label: 'Sum' },
  { value: 'average', label: 'Average' },
  { value: 'min', label: 'Minimum' },
  { value: 'max', label: 'Maximum' },
  { value: 'first', label: 'First', help: 'The first value that is not null.' },
  { value: 'last', label: 'Last', help: 'The last value that is not null.' },
  { value: 'distinctCount', label: 'Distinct count' },
  { value: 'percentile', label: 'Percentile' },
] as const satisfies readonly { readonly value: AggregateFunction; readonly label: string; readonly help?: string }[];

/** The column types that a function takes. */
export function acceptedTypes(name: AggregateFunction): readonly ColumnType[] {
  if (name === 'sum' || name === 'average' || name === 'percentile') return numberTypes;
  return name === 'min' || name === 'max' || name === 'distinctCount' ? keyTypes : [...keyTypes, 'json', 'bytes'];
}

/** Stands for the rows themselves, if no column is counted. */
export const countColumn = { type: 'integer', nullable: false } as const;

/** The result for a column of values. Null if there were none; null counts as seen if it was seen among the values. */
export function resultType(name: AggregateFunction, column: Pick<Column, 'type' | 'nullable' | 'nulls'>): Pick<Column, 'type' | 'nullable' | 'nulls'> {
  if (name === 'count' || name === 'distinctCount') return { type: 'integer', nullable: false };
  const isNumber = name === 'percentile' || (name === 'average' && column.type !== 'decimal');
  return { type: isNumber ? 'number' : column.type, nullable: true, nulls: expectsNull(column) ? undefined : 'unseen' };
}
