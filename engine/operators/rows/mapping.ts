import type { Operator } from '@millrace/kit/node';
import type { FlatMapOp } from '@millrace/kit/ops';
import type { RowsContext } from '../ports.ts';
import { returnedRows } from './returned-rows.ts';
import { withDecimals } from './shown-decimals.ts';

export function mapping({ code: { source, field } }: FlatMapOp, { inputs, outputs, snippet }: RowsContext): Operator {
  const step = withDecimals(snippet(source, field), inputs.rows);
  const toRows = returnedRows(inputs.rows, outputs.rows, field);
  return { expand: (row) => toRows(step(row), row) };
}
