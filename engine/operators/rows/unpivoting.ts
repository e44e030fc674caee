import { columnOf } from '@millrace/kit/columns';
import { caster } from '@millrace/kit/formats/casting';
import type { Operator } from '@millrace/kit/node';
import type { UnpivotOp } from '@millrace/kit/row-ops';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { ColumnType, Row, Value } from '../../../model/values/types.ts';
import { castValue } from '../../../model/values/values.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource, compile, rowSource } from './rows.ts';

export function unpivoting({ columns, name, value, nulls, unfit }: UnpivotOp, { inputs, outputs }: RowsContext): Operator {
  const output = outputs.rows.columns;
  const kept = output.length - 2;
  const toRow = compile<(row: Row, name: Value, value: Value) => Row>(
    `(row, name, value) => (${rowSource(output.map((column, i) => ({ name: column.name, source: i < kept ? columnSource(column.name) : i === kept ? 'name' : 'value' })))})`,
  );
  const parts = columns.map((column) => ({
    name: column,
    label: nameOf(column, name.type),
    cast: caster(columnOf(inputs.rows, column), value.type, unfit, 'unpivot/cast', 'type'),
  }));
  const dropsNulls = nulls === 'drop';
  return {
    expand: (row) => {
      const rows: Row[] = [];
      for (const { name, label, cast } of parts) {
        const value = cast(row[name] ?? null);
        if (value !== null || !dropsNulls) rows.push(toRow(row, label, value));
      }
      return rows;
    },
  };
}

function nameOf(name: string, type: ColumnType): Value {
  const cast = castValue(name, type, 'string');
  if (cast.ok) return cast.value;
  throw new MillraceError({ code: 'unpivot/name', message: cast.message, field: 'nameType' });
}
