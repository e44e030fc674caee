import type { Operator } from '@millrace/kit/node';
import type { FilterOp } from '@millrace/kit/ops';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { RowsContext } from '../ports.ts';
import { withDecimals } from './shown-decimals.ts';

export function filtering({ test, isRule }: FilterOp, { inputs, expression }: RowsContext): Operator {
  const run = expression(test.source, test.field);
  // Rules compare decimals themselves, as they are in rows.
  if (isRule) return { test: (row) => run(row) === true };
  const shown = withDecimals(run, inputs.rows, test.source);
  return {
    test: (row) => {
      const value = shown(row);
      return value === true || (value !== false && isTruthy(value, test.field));
    },
  };
}

function isTruthy(value: unknown, field: string): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return Boolean(value);
  const what = typeof value === 'function' ? 'a function' : 'an object';
  throw new MillraceError({
    code: 'filter/not-boolean',
    message: `The condition gave ${what}, not true or false`,
    hint: 'Compare it with something; a method needs its brackets.',
    field,
  });
}
