import type { StatefulOperator } from '@millrace/kit/node';
import type { DistinctOp } from '@millrace/kit/ops';
import type { RowsContext } from '../ports.ts';
import { keepingFirst, keepingLast } from './dedupe-all.ts';
import { dedupingWithin } from './dedupe-within.ts';

export function deduping({ keys, keep, within }: DistinctOp, context: RowsContext): StatefulOperator {
  if (within !== null) return dedupingWithin(keep, { keys, within }, context);
  return keep === 'first' ? keepingFirst(keys, context) : keepingLast(keys, context);
}
