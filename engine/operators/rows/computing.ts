import { columnOf, findColumn } from '@millrace/kit/columns';
import type { Operator } from '@millrace/kit/node';
import type { ComputeOp } from '@millrace/kit/ops';
import { itemAt } from '../../../model/faults/missing.ts';
import type { RowsContext } from '../ports.ts';
import { compile, conformSource, mender, rowSource, stringLiteral } from './rows.ts';
import { withDecimals } from './shown-decimals.ts';

export function computing({ columns }: ComputeOp, { inputs, outputs, expression }: RowsContext): Operator {
  const output = outputs.rows;
  const computed = columns.map(({ name }) => columnOf(output, name));
  // Each sees the columns above it as they are by then.
  const known = new Map(inputs.rows.columns.map((column) => [column.name, column]));
  const functions = Object.fromEntries(
    columns.map(({ name, expression: { source, field } }, i) => {
      const run = withDecimals(expression(source, field), { columns: [...known.values()] }, source);
      known.set(name, itemAt(computed, i));
      return [`f${i}`, run];
    }),
  );
  const mend = mender(computed, 'compute/type', (i) => itemAt(columns, i).expression.field);
  const given = (name: string) => (findColumn(inputs.rows, name) ? `row[${stringLiteral(name)}]` : 'null');
  const steps = computed.map((column, i) => `v = f${i}(out); out[${stringLiteral(column.name)}] = ${conformSource(column, i)};`);
  const fields = output.columns.map(({ name }) => ({ name, source: given(name) }));
  return { map: compile(`(row) => { let v; const out = ${rowSource(fields)}; ${steps.join(' ')} return out; }`, { ...functions, mend }) };
}
