import { findColumn } from '@millrace/kit/columns';
import { looksAt } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import { missing } from '../../model/faults/missing.ts';
import type { PlannedNode } from '../protocol/physical-plan.ts';

/** The name under which the values of an input column leave by an output, unchanged in all rows; null if that is not known. */
export function carriedColumn({ op, inputs, outputs }: PlannedNode, input: string, column: string, output: string): string | null {
  const before = inputs[input] && findColumn(inputs[input], column);
  if (!op || !before) return null;
  const name = nameAfter(op, input, column, inputs);
  const after = name === null ? undefined : outputs[output] && findColumn(outputs[output], name);
  return after?.type === before.type ? name : null;
}

function nameAfter(op: Op, input: string, column: string, inputs: PlannedNode['inputs']): string | null {
  switch (op.op) {
    case 'filter':
    case 'flatten':
    case 'rateLimit':
    case 'everyNth':
    case 'sample':
    case 'distinct':
    case 'top':
      return column;
    case 'project':
      return op.columns.find(({ from, cast }) => from === column && cast === null)?.name ?? null;
    case 'compute':
      return op.columns.some(({ name }) => name === column) ? null : column;
    case 'assignTime':
      return op.column === column ? null : column;
    case 'fill':
      return op.columns.some((filled) => filled.column === column) ? null : column;
    case 'lag':
    case 'anomaly':
    case 'runningAggregate':
      return column;
    case 'combine':
    case 'pivot':
      return op.keys.includes(column) ? column : null;
    case 'lookup':
      return input === 'rows' && !op.columns.some(({ name }) => name === column) ? column : null;
    case 'coGroup': {
      // Rows of either side may be emitted alone, so it has to be the key of both.
      const pair = op.keys.find((each) => each[input as 'left' | 'right'] === column);
      return (
        op.columns.find(({ left, right }) => pair && left === pair.left && (right === pair.right || op.kind === 'inner' || op.kind === 'left'))?.name ?? null
      );
    }
    case 'parse':
    case 'split':
    case 'extract':
    case 'replace':
    case 'explode':
    case 'unpivot': {
      const looked = looksAt(op, inputs[input] ?? missing(`the input "${input}"`));
      return looked === null || looked.includes(column) ? null : column;
    }
    default:
      return null;
  }
}
