/** Rows as users' code sees them: with objects for decimals, which JavaScript's operators refuse (model/values/decimal-object.ts). */

import { findColumn } from '@millrace/kit/columns';
import { mentionedColumns } from '../../../model/schema/mentioned-columns.ts';
import { type DecimalObject, decimalObject } from '../../../model/values/decimal-object.ts';
import type { Row, Schema, Value } from '../../../model/values/types.ts';
import { columnSource, compile, rowSource } from './rows.ts';

/** Null where rows have no decimals that the code can see: they are shown as they are. An `expression` sees the columns that it mentions. */
export function rowShower(schema: Schema, expression?: string): ((row: Row) => Row) | null {
  const mentioned = expression === undefined ? null : mentionedColumns(expression, (name) => findColumn(schema, name));
  const isShown = (name: string) => mentioned === null || mentioned.some((column) => column.name === name);
  const isDecimal = ({ name, type }: Schema['columns'][number]) => type === 'decimal' && isShown(name);
  if (!schema.columns.some(isDecimal)) return null;
  const columns = (mentioned ?? schema.columns).map((column) => {
    const read = columnSource(column.name);
    return { name: column.name, source: isDecimal(column) ? `show(${read})` : read };
  });
  return compile(`(row) => (${rowSource(columns)})`, { show: shown });
}

/** A function of users' code, of rows as they are. */
export function withDecimals<R>(code: (row: Row) => R, schema: Schema, expression?: string): (row: Row) => R {
  const show = rowShower(schema, expression);
  return show === null ? code : (row) => code(show(row));
}

export function shown(value: Value): Value | DecimalObject {
  return typeof value === 'string' ? decimalObject(value) : value;
}
