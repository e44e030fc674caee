import type { StatefulOperator } from '@millrace/kit/node';
import type { TakeOp } from '@millrace/kit/ops';
import type { RowsContext } from '../ports.ts';

export function taking({ count, offset }: TakeOp, { emit }: RowsContext): StatefulOperator {
  let seen = 0;
  return {
    process(rows) {
      const some = rows.slice(Math.max(0, offset - seen), Math.max(0, offset + count - seen));
      seen += rows.length;
      if (some.length > 0) emit('rows', some);
    },
    done: () => seen >= offset + count,
    snapshot: () => seen,
    restore: (state) => {
      seen = state as number;
    },
  };
}
