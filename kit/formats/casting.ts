/** What happens to values that a column's new type cannot hold: the same words and rules wherever a column's type changes. */

import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Column, ColumnType, Value } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';
import { f } from '../fields.ts';

export const unfitField = f.choice({
  label: 'What does not fit',
  default: 'fail',
  help: 'A value that has no meaning in the new type, such as "abc" as a number.',
  options: [
    { value: 'fail', label: 'Fails the row' },
    { value: 'null', label: 'Becomes null' },
  ],
});
export type Unfit = 'fail' | 'null';

/** Whether a cast may add nulls to a column: blank text is null in any other type. */
export function mayBecomeNull(from: ColumnType, to: ColumnType, unfit: Unfit): boolean {
  return from !== to && (unfit === 'null' || from === 'string');
}

/** Casts the values of one column. A value that does not fit throws, with the param `field`, or is null. */
export function caster(from: Pick<Column, 'name' | 'type'>, to: ColumnType, unfit: Unfit, code: ProblemCode, field: string): (value: Value) => Value {
  if (from.type === to) return (value) => value;
  return (value) => {
    const result = castValue(value, to, from.type);
    if (result.ok) return result.value;
    if (unfit === 'null') return null;
    const hint = 'Fix the value upstream, choose another type, or let values that do not fit become null.';
    throw new MillraceError({ code, message: `${result.message} (column "${from.name}")`, hint, field });
  };
}
