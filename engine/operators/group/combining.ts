import type { StatefulOperator } from '@millrace/kit/node';
import type { CombineOp } from '@millrace/kit/ops';
import type { RowsContext } from '../ports.ts';
import { grouping } from './grouping.ts';

export function combining(
  { keys, aggregates, window }: CombineOp,
  { inputs, outputs, memory, state, emit, fail, yieldNow, signal }: RowsContext,
): StatefulOperator {
  return grouping({ input: inputs.rows, output: outputs.rows, keys, window, aggregates, memory, state, emit, fail, yieldNow, signal });
}
