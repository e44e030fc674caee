import { columnOf } from '@millrace/kit/columns';
import type { Operator } from '@millrace/kit/node';
import { looksBack } from '@millrace/kit/op-traits';
import type { FillOp } from '@millrace/kit/ops';
import type { ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';
import { castValue } from '../../../model/values/values.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource, compile, rowSource } from '../rows/rows.ts';
import { KeyedRows } from './keyed-rows.ts';

export function filling(op: FillOp, context: RowsContext): Operator {
  const { inputs, emit } = context;
  const fill = filler(op, inputs.rows);
  if (!looksBack(op)) return { map: (row) => fill(row, []) };
  const keyed = new KeyedRows<Value[]>(context, op);
  return {
    process(rows) {
      const out: Row[] = [];
      keyed.each(rows, (row, before = []) => {
        out.push(fill(row, before));
        return before;
      });
      if (out.length > 0) emit('rows', out);
    },
    advance: keyed.advance,
    tick: keyed.tick,
    takeOver: keyed.takeOver,
  };
}

/** Fills a row. `before` holds the last value of each item that looks back, and is brought up to date. */
function filler({ columns, blanks }: FillOp, rows: Schema): (row: Row, before: Value[]) => Row {
  const names = [...new Set(columns.map(({ column }) => column))];
  const items = columns.map(({ column, constant }) => {
    const { type } = columnOf(rows, column);
    return { at: names.indexOf(column), looksBack: constant === null, constant: constant === null ? null : constantOf(constant, type) };
  });
  const isMissing = blanks ? (value: Value) => value === null || (typeof value === 'string' && value.trim() === '') : (value: Value) => value === null;
  const fields = rows.columns.map(({ name }) => ({ name, source: names.includes(name) ? `values[${names.indexOf(name)}]` : columnSource(name) }));
  const toRow = compile<(row: Row, values: readonly Value[]) => Row>(`(row, values) => (${rowSource(fields)})`);
  return (row, before) => {
    const values = names.map((name): Value => row[name] ?? null);
    let isSame = true;
    let i = 0;
    for (const { at, looksBack, constant } of items) {
      if (isMissing(values[at] ?? null)) {
        values[at] = looksBack ? (before[i] ?? null) : constant;
        isSame = false;
      }
      before[i++] = looksBack ? (values[at] ?? null) : null;
    }
    return isSame ? row : toRow(row, values);
  };
}

function constantOf(constant: string, type: ColumnType): Value {
  const cast = castValue(constant, type, 'string');
  return cast.ok ? cast.value : null;
}
