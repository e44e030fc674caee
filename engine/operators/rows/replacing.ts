import { caster } from '@millrace/kit/formats/casting';
import { patternSource } from '@millrace/kit/formats/patterns';
import type { Operator } from '@millrace/kit/node';
import type { ReplaceByTable, ReplaceMarks, ReplaceOp } from '@millrace/kit/row-ops';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Column, Row, Value } from '../../../model/values/types.ts';
import { castValue, formatValue } from '../../../model/values/values.ts';
import type { RowsContext } from '../ports.ts';
import { keyOfType } from './key-columns.ts';
import { columnSource, compile, rowSource, stringLiteral } from './rows.ts';

export function replacing(op: ReplaceOp, { inputs, expression }: RowsContext): Operator {
  const { columns } = inputs.rows;
  const chosen = new Set(op.columns);
  const replacers = Object.fromEntries(columns.flatMap((column, i) => (chosen.has(column.name) ? [[`r${i}`, replacer(op, column, expression)]] : [])));
  const fields = columns.map(({ name }, i) => ({
    name,
    source: Object.hasOwn(replacers, `r${i}`) ? `r${i}(${columnSource(name)}, row)` : columnSource(name),
  }));
  return { map: compile<(row: Row) => Row>(`(row) => (${rowSource(fields)})`, replacers) };
}

/** Gives the new value of a column. */
type Replacer = (value: Value, row: Row) => Value;

function replacer({ by, ignoreCase }: ReplaceOp, column: Column, expression: RowsContext['expression']): Replacer {
  switch (by.kind) {
    case 'table':
      return tableReplacer(by, ignoreCase, column);
    case 'marks':
      return markReplacer(by, ignoreCase, column);
    case 'text': {
      const { find, replacement } = by;
      const found = ignoreCase ? new RegExp(find.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'giu') : find;
      return (value) => (value === null ? null : (value as string).replaceAll(found, () => replacement));
    }
    case 'pattern': {
      const source = patternSource(by.pattern.pattern, ignoreCase ? 'giu' : 'gu');
      const replace = expression(`${columnSource(column.name)}.replace(${source}, ${stringLiteral(by.replacement)})`, by.pattern.field);
      return (value, row) => (value === null ? null : (replace(row) as string));
    }
  }
}

function tableReplacer({ values, others, type: newType }: ReplaceByTable, ignoreCase: boolean, column: Column): Replacer {
  const type = newType ?? column.type;
  const fold =
    ignoreCase && column.type === 'string' ? (value: Value) => (value as string).toLowerCase() : (keyOfType(column.type) ?? ((value: Value) => value));
  const table = new Map<Value, Value>();
  const put = (from: Value, to: Value) => table.has(from) || table.set(from, to);
  for (const { from, to } of values) {
    const [old, fresh] = [castValue(from, column.type, 'string'), castValue(to, type, 'string')];
    if (!old.ok || !fresh.ok) continue;
    put(old.value === null ? null : fold(old.value), fresh.value);
    if (old.value === null && column.type === 'string') put('', fresh.value);
  }
  const cast = caster(column, type, 'fail', 'replace/cast', 'type');
  return (value) => {
    const found = table.get(value === null ? null : fold(value));
    if (found !== undefined) return found;
    if (value === null || others === 'null') return null;
    if (others === 'keep') return cast(value);
    const message = `${formatValue(value, column.type)} in column "${column.name}" is not in the table`;
    throw new MillraceError({ code: 'replace/unknown', message, hint: 'Add it to the table, or let values that are not there stay.', field: 'values' });
  };
}

function markReplacer({ marks }: ReplaceMarks, ignoreCase: boolean, { type }: Column): Replacer {
  const fold = (text: string) => (ignoreCase ? text.trim().toLowerCase() : text.trim());
  const missing = new Set(marks.map(fold));
  return (value) => (value === null || missing.has(fold(formatValue(value, type))) ? null : value);
}
