import type { RowFailure } from '@millrace/kit/node';

/** Of a row that has no time where one is needed. `column` is the one that should hold it. */
export function noTime(column: string, row: RowFailure['row']): RowFailure {
  return {
    code: 'row/no-time',
    message: `The row has no time: "${column}" is null`,
    hint: 'Give the column a value first, leave such rows out with "Filter rows", or skip rows that fail.',
    field: column,
    row: row,
  };
}
