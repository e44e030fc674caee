import { columnOf } from '@millrace/kit/columns';
import type { StatefulOperator } from '@millrace/kit/node';
import type { LagOp } from '@millrace/kit/ops';
import { midnightOf } from '../../../model/time/timestamp.ts';
import { scaledOf, sumOf, textOf } from '../../../model/values/decimal.ts';
import type { Row, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { keyColumns } from '../rows/key-columns.ts';
import { KeyedRows, rowExtender } from './keyed-rows.ts';

/** The last rows' values, by column and then from the oldest on, and what is compared of the last row. */
type Before = { lags: Value[][]; compared: Value[] };

export function lagging(op: LagOp, context: RowsContext): StatefulOperator {
  const { inputs, outputs, emit, fail } = context;
  const keyed = new KeyedRows<Before>(context, op);
  const lags = op.columns.map((lag) => {
    const { type } = columnOf(inputs.rows, lag.column);
    return { ...lag, type, minus: type === 'date' ? daysBetween : difference };
  });
  const changes = keyColumns(inputs.rows, op.onlyChangesOf);
  const compared = (row: Row, i: number): Value => {
    const { name, keyOf } = changes[i]!;
    return keyOf === null ? (row[name] ?? null) : keyOf(row[name] ?? null);
  };
  const extend = rowExtender(inputs.rows, outputs.rows);
  const added: Value[] = [];
  let out: Row[] = [];

  const step = (row: Row, before: Before | undefined): Before => {
    const changed = before === undefined || changes.length === 0 || changes.some((_, i) => compared(row, i) !== before.compared[i]);
    const state = before ?? { lags: lags.map(() => []), compared: [] };
    added.length = 0;
    let isSound = true;
    lags.forEach(({ column, offset, change, type, minus, field }, i) => {
      const values = state.lags[i]!;
      const value = row[column] ?? null;
      const earlier = values.length === offset ? (values.shift() ?? null) : null;
      values.push(value);
      added.push(earlier);
      if (change === null) return;
      if (type === 'decimal') {
        added.push(value === null || earlier === null ? null : decimalDifference(value as string, earlier as string));
        return;
      }
      const delta = value === null || earlier === null ? null : minus(value, earlier);
      if (delta !== null && type !== 'number' && !Number.isSafeInteger(delta)) {
        isSound = false;
        const message = `The difference in "${column}" is beyond 2^53, where whole numbers would be rounded`;
        fail({ code: 'previous-row/overflow', message, hint: 'Cast the column to number first.', field, row });
      }
      added.push(delta !== null && Number.isFinite(delta) ? delta : null);
    });
    for (let i = 0; i < changes.length; i++) state.compared[i] = compared(row, i);
    if (changed && isSound) out.push(extend(row, added));
    return state;
  };

  return {
    process(rows) {
      out = [];
      keyed.each(rows, step);
      if (out.length > 0) emit('rows', out);
    },
    advance: keyed.advance,
    tick: keyed.tick,
    takeOver: keyed.takeOver,
  };
}

const difference = (value: Value, earlier: Value): number => (value as number) - (earlier as number);
const dayMs = 86_400_000;
const daysBetween = (value: Value, earlier: Value): number => (midnightOf(value as string) - midnightOf(earlier as string)) / dayMs;
function decimalDifference(a: string, b: string): string {
  const { units, scale } = scaledOf(b);
  return textOf(sumOf(scaledOf(a), { units: -units, scale }));
}
