import type { Column, ColumnType } from '../../engine/schema/types.ts';
import { keyTypes, numberTypes } from './columns.ts';

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
] as const;
export type AggregateFunction = (typeof aggregateFunctions)[number]['value'];

/** The column types that a function takes. */
export function acceptedTypes(name: AggregateFunction): readonly ColumnType[] {
  if (name === 'sum' || name === 'average' || name === 'percentile') return numberTypes;
  return name === 'min' || name === 'max' || name === 'distinctCount' ? keyTypes : [...keyTypes, 'json', 'bytes'];
}

/** What comes out for a column of this type. */
export function resultType(name: AggregateFunction, type: ColumnType): Pick<Column, 'type' | 'nullable'> {
  if (name === 'count' || name === 'distinctCount') return { type: 'integer', nullable: false };
  if (name === 'average' && type === 'decimal') return { type, nullable: true };
  if (name === 'average' || name === 'percentile') return { type: 'number', nullable: true };
  return { type, nullable: true };
}
