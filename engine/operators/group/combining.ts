import type { OperatorContext, StatefulOperator } from '../../../kit/node.ts';
import type { CombineOp } from '../../../kit/ops.ts';
import { grouping } from './grouping.ts';

export function combining({ keys, aggregates, window }: CombineOp, { inputs, outputs, memory, state, emit, fail }: OperatorContext): StatefulOperator {
  return grouping({ input: inputs['rows']!, output: outputs['rows']!, keys, window, aggregates, memory, state, emit, fail });
}
