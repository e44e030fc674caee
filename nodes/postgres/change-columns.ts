/** The columns of changes: those of the table, and what a change has besides. */
import { f, type ParamsOf } from '@millrace/kit/fields';
import type { NodeProblem } from '@millrace/kit/node';
import type { Column, Schema } from '../../model/values/types.ts';

const group = 'Columns of a change';
const part = (label: string, name: string, help: string) => f.text({ label, group, optional: true, default: name, help });

export const changeColumnFields = {
  operationColumn: part('Column for the operation', '_op', 'snapshot, insert, update, delete or truncate. Empty: it is not told.'),
  beforeColumn: part(
    'Column for the row before',
    '_before',
    'Of updates and deletes, as JSON: what the replica identity of the table tells of it. Empty: it is not told.',
  ),
  commitColumn: part('Column for the time', '_time', 'When the transaction was committed: choose it under "Event time" for windows. Empty: it is not told.'),
  lsnColumn: part(
    'Column for the position',
    '_lsn',
    'Of the change in the log of the server, as a number: of two changes of a row, the later one has the greater. Empty: it is not told.',
  ),
  unchangedColumn: f.text({
    label: 'Column for unchanged values',
    group,
    optional: true,
    placeholder: '_unchanged',
    help: 'The names of columns whose large values an update has left as they were, and which the server did not send: they are null then. Empty: such an update fails.',
  }),
};
export type ChangeColumnParams = ParamsOf<typeof changeColumnFields>;
export type ChangePart = keyof ChangeColumnParams;

export function partsOf(params: ChangeColumnParams): (Column & { readonly part: ChangePart })[] {
  const of = (part: ChangePart, type: Column['type'], nullable: boolean) => {
    const name = params[part];
    return name ? [{ part, name, type, nullable }] : [];
  };
  return [
    ...of('operationColumn', 'string', false),
    ...of('beforeColumn', 'json', true),
    ...of('commitColumn', 'timestamp', false),
    ...of('lsnColumn', 'integer', false),
    ...of('unchangedColumn', 'json', true),
  ];
}

/** Columns of the table with those behind them, or the first name that is there twice. Deletes know the key alone, so that all others may be null. */
export function changeColumns(table: Schema, params: ChangeColumnParams): { readonly schema: Schema } | { readonly problem: NodeProblem } {
  const parts = partsOf(params);
  const names = new Set(table.columns.map(({ name }) => name));
  for (const { name, part } of parts) {
    if (names.has(name)) {
      const message = `There is a column "${name}" already.`;
      return { problem: { code: 'columns/duplicate', severity: 'error', message, hint: 'Give this one another name.', field: part } };
    }
    names.add(name);
  }
  return { schema: { columns: [...table.columns, ...parts.map(({ name, type, nullable }) => ({ name, type, nullable }))] } };
}
