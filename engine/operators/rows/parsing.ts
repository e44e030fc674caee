import { columnOf } from '@millrace/kit/columns';
import { textReader } from '@millrace/kit/formats/text-reader';
import type { Operator } from '@millrace/kit/node';
import type { ParseOp } from '@millrace/kit/row-ops';
import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Column, Row, Value } from '../../../model/values/types.ts';
import { formatValue } from '../../../model/values/values.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource, compile, rowSource } from './rows.ts';

export function parsing(op: ParseOp, { inputs, outputs }: RowsContext): Operator {
  const { columns } = op;
  const parsers = columns.map((each) => parserOf(op, each, columnOf(inputs.rows, each.from)));
  const targets = new Map(columns.map(({ name }, i) => [name, i]));
  const fields = outputs.rows.columns.map(({ name }) => {
    const i = targets.get(name);
    return { name, source: i === undefined ? columnSource(name) : `p${i}(${columnSource(itemAt(columns, i).from)})` };
  });
  return { map: compile<(row: Row) => Row>(`(row) => (${rowSource(fields)})`, Object.fromEntries(parsers.map((parse, i) => [`p${i}`, parse]))) };
}

function parserOf({ missing, unfit }: ParseOp, { format, field }: ParseOp['columns'][number], column: Column): (value: Value) => Value {
  const parse = textReader(format);
  const marks = new Set(missing);
  return (value) => {
    if (value === null) return null;
    const text = formatValue(value, column.type);
    const trimmed = text.trim();
    if (trimmed === '' || marks.has(trimmed)) return null;
    const result = parse(text);
    if (result.ok) return result.value;
    if (unfit === 'null') return null;
    const hint = 'Change the format, or let values that do not fit become null.';
    throw new MillraceError({ code: 'parse/unfit', message: `${result.message} (column "${column.name}")`, hint, field });
  };
}
