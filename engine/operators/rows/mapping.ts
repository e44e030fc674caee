import type { Operator, OperatorContext } from '../../../kit/node.ts';
import type { FlatMapOp } from '../../../kit/ops.ts';
import { returnedRows } from './returned-rows.ts';
import { withDecimals } from './shown-decimals.ts';

export function mapping({ code: { source, field } }: FlatMapOp, { inputs, outputs, snippet }: OperatorContext): Operator {
  const step = withDecimals(snippet(source, field), inputs['rows']!);
  const toRows = returnedRows(inputs['rows']!, outputs['rows']!, field);
  return { expand: (row) => toRows(step(row), row) };
}
