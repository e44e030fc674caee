import { caster } from '@millrace/kit/formats/casting';
import { jsonFieldReader } from '@millrace/kit/formats/json-fields';
import type { Operator } from '@millrace/kit/node';
import { columnsOfItems, type ExplodeOp } from '@millrace/kit/row-ops';
import type { Json, Row, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource, compile, rowSource } from './rows.ts';

export function exploding(op: ExplodeOp, { inputs, outputs }: RowsContext): Operator {
  const { column, empty, position } = op;
  const made = new Set(columnsOfItems(op));
  const kept = new Set(inputs.rows.columns.flatMap(({ name }) => (name === column ? [] : [name])));
  let next = 0;
  const sources = outputs.rows.columns.map(({ name }) => ({ name, source: kept.has(name) && !made.has(name) ? columnSource(name) : `made[${next++}]` }));
  const toRow = compile<(row: Row, made: readonly Value[]) => Row>(`(row, made) => (${rowSource(sources)})`);
  const read = itemReader(op);
  const hasPosition = position !== null;
  return {
    expand: (row) => {
      const value = row[column] as Json;
      const items: readonly Json[] = Array.isArray(value) ? value : value === null ? [] : [value];
      if (items.length === 0) return empty === 'none' ? [] : [toRow(row, [...read(null), null])];
      return items.map((item, i) => toRow(row, hasPosition ? [...read(item), i + 1] : read(item)));
    },
  };
}

function itemReader({ column, items, unfit }: ExplodeOp): (item: Json) => Value[] {
  if (items.kind === 'columns') return jsonFieldReader(items.columns, column, unfit, 'explode/cast');
  const cast = caster({ name: column, type: 'json' }, items.column.type, unfit, 'explode/cast', items.column.field);
  return (item) => [cast(item)];
}
