import { caster } from '@millrace/kit/formats/casting';
import type { Operator } from '@millrace/kit/node';
import { columnsOfParts, type SplitIntoColumns, type SplitOp } from '@millrace/kit/row-ops';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Row, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource, compile, rowSource } from './rows.ts';
import { type Parts, splitter } from './text-parts.ts';

export function splitting(op: SplitOp, { outputs, expression }: RowsContext): Operator {
  const { column, into, trim } = op;
  const split = splitter(op, expression);
  const made = new Map(columnsOfParts(op).map((name, i) => [name, i]));
  const fields = outputs.rows.columns.map(({ name }) => ({ name, source: made.has(name) ? `made[${made.get(name)}]` : columnSource(name) }));
  const toRow = compile<(row: Row, made: readonly Value[]) => Row>(`(row, made) => (${rowSource(fields)})`);
  if (into.kind === 'rows') {
    return {
      expand: (row) => {
        const text = row[column] as string | null;
        const parts = text === null ? [] : split(row);
        if (parts.length === 0) return [toRow(row, [null, null])];
        return parts.map(({ start, end }, i) => toRow(row, [trim ? (text ?? '').slice(start, end).trim() : (text ?? '').slice(start, end), i + 1]));
      },
    };
  }
  const { keep } = into;
  const read = partsReader(op, into);
  const none = into.columns.map(() => null);
  return {
    map: (row) => {
      const text = row[column] as string | null;
      const values = text === null ? none : read(text, split(row));
      return toRow(row, keep ? [text, ...values] : values);
    },
  };
}

/** The values of the new columns. */
function partsReader({ column, trim }: SplitOp, { columns, surplus, missing, unfit }: SplitIntoColumns): (text: string, parts: Parts) => Value[] {
  const casts = columns.map(({ type, field }) => caster({ name: column, type: 'string' }, type, unfit, 'split/cast', field));
  const count = casts.length;
  const refuse = (text: string, parts: number, field: string): never => {
    const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
    const message = `${shown} has ${parts} ${parts === 1 ? 'part' : 'parts'}, but there are ${count} columns`;
    throw new MillraceError({ code: 'split/parts', message, hint: 'Change the columns, or what happens to such rows.', field });
  };
  return (text, parts) => {
    if (parts.length > count && surplus === 'fail') refuse(text, parts.length, 'surplus');
    if (parts.length < count && missing === 'fail') refuse(text, parts.length, 'missing');
    return casts.map((cast, i) => {
      const part = parts[i];
      if (!part) return null;
      const takesRest = i === count - 1 && surplus === 'rest' && parts.length > count;
      const value = text.slice(part.start, takesRest ? text.length : part.end);
      return cast(trim ? value.trim() : value);
    });
  };
}
