import type { Operator } from '@millrace/kit/node';
import type { ProjectOp } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Value } from '../../../model/values/types.ts';
import { castValue } from '../../../model/values/values.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';

export function projecting({ columns }: ProjectOp): Operator {
  const fields = columns.map(({ name, from, cast }, i) => {
    const read = `row[${stringLiteral(from)}]`;
    return { name, source: cast ? `cast(${read}, ${i})` : read };
  });
  const cast = (value: Value, index: number): Value => {
    const { from, cast } = itemAt(columns, index);
    const { from: type, to, unfit, field } = cast ?? missing('a cast');
    const result = castValue(value, to, type);
    if (result.ok) return result.value;
    if (unfit === 'null') return null;
    throw new MillraceError({
      code: 'select/cast',
      message: `${result.message} (column "${from}")`,
      hint: 'Fix the value upstream, or let values that cannot be cast become null.',
      field,
    });
  };
  return { map: compile(`(row) => (${rowSource(fields)})`, { cast }) };
}
