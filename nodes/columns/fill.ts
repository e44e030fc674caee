import { findColumn } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { keysField, ttlDocs, ttlField } from '@millrace/kit/keys';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { Column, Schema } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';

const params = {
  columns: f.list({
    label: 'Columns',
    itemLabel: 'Column',
    item: {
      column: f.column({ label: 'Column' }),
      with: f.choice({
        label: 'Fill with',
        default: 'value',
        options: [
          { value: 'value', label: 'A value' },
          { value: 'previous', label: 'Value before', help: 'The last value that was not missing.' },
        ],
      }),
      value: f.text({ label: 'Value', default: '', placeholder: '0', when: { param: 'with', is: ['value'] } }),
    },
    default: [],
  }),
  keys: { ...keysField, label: 'Previous value within', help: 'Each combination of their values has its own previous value. None: all rows together.' },
  blanks: f.boolean({ label: 'Blank text is missing too', default: false }),
  ttl: ttlField,
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'fill',
  kind: 'transform',
  title: 'Fill missing values',
  summary: 'Fills missing values with a constant, or with the value of the previous row.',
  category: 'Columns',
  icon: 'bucket-droplet',
  version: 1,
  keywords: ['fillna', 'ffill', 'forward fill', 'fill down', 'fill_null', 'missing value', 'null', 'coalesce', 'default value', 'impute', 'last value'],
  docs: `
Fills nulls in the listed columns; all other values stay as they are. With *Blank text is missing too*, text of nothing but white space counts as null.

- **A value** is read in the column's own type: \`0\` for numbers, \`2024-01-31\` for timestamps. An empty value is the empty text.
- **Value before** is the last value that was not missing, in the order in which rows arrive, among rows with the same values in *Previous value within*. Until there is one, null stays null. Use it for sheets that have a name only in the first line of its block.

A column may be listed twice: first the value before, then a value for what is still missing. A column that is filled with a value is never null downstream.

${ttlDocs}
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ columns, keys }) => {
    if (columns.length === 0) return 'Add a column';
    const what = columns.map((item) => `${item.column || '?'} ${isPrevious(item) ? '= before' : `= ${item.value || '""'}`}`).join(', ');
    return columns.some(isPrevious) && keys.length > 0 ? `${what} by ${keys.join(', ')}` : what;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    return { outputs: { rows: rows && filledSchema(params, rows) }, problems: fillProblems(params, rows) };
  },
  lower: ({ params: { columns, blanks, keys, ttl } }) => ({
    op: 'fill',
    columns: columns.map((item) => ({ column: item.column, constant: isPrevious(item) ? null : item.value })),
    blanks,
    // Without values of other rows, each row is independent.
    ...(columns.some(isPrevious) ? { keys, ttl } : { keys: [], ttl: null }),
  }),
  examples: [
    {
      title: 'A constant',
      params: {
        columns: [
          { column: 'amount', with: 'value', value: '0' },
          { column: 'note', with: 'value', value: 'none' },
        ],
        blanks: true,
      },
      inputs: {
        rows: [
          { amount: 3, note: 'x' },
          { amount: null, note: ' ' },
          { amount: 2, note: null },
        ],
      },
      outputs: {
        rows: [
          { amount: 3, note: 'x' },
          { amount: 0, note: 'none' },
          { amount: 2, note: 'none' },
        ],
      },
    },
    {
      title: 'The value before, for each sensor',
      params: { columns: [{ column: 'level', with: 'previous', value: '' }], keys: ['sensor'] },
      inputs: {
        rows: [
          { sensor: 'a', level: null },
          { sensor: 'a', level: 4 },
          { sensor: 'b', level: 9 },
          { sensor: 'a', level: null },
          { sensor: 'a', level: null },
          { sensor: 'b', level: null },
        ],
      },
      outputs: {
        rows: [
          { sensor: 'a', level: null },
          { sensor: 'a', level: 4 },
          { sensor: 'b', level: 9 },
          { sensor: 'a', level: 4 },
          { sensor: 'a', level: 4 },
          { sensor: 'b', level: 9 },
        ],
      },
    },
    {
      title: 'The value before, and a value where there is none',
      params: {
        columns: [
          { column: 'region', with: 'previous', value: '' },
          { column: 'region', with: 'value', value: 'unknown' },
        ],
      },
      inputs: { rows: [{ region: null }, { region: 'north' }, { region: null }] },
      outputs: { rows: [{ region: 'unknown' }, { region: 'north' }, { region: 'north' }] },
    },
    {
      title: 'A value of another type is reported before anything runs',
      params: { columns: [{ column: 'amount', with: 'value', value: 'none' }] },
      inputs: { rows: [{ amount: 1 }] },
      failures: ['"none" is not a whole number'],
    },
  ],
});

type Item = Params['columns'][number];

function isPrevious(item: Item): boolean {
  return item.with === 'previous';
}

function filledSchema({ columns }: Params, rows: Schema): Schema {
  const isFilled = ({ name, type }: Column) => columns.some((item) => item.column === name && !isPrevious(item) && hasConstant(item, type));
  return { columns: rows.columns.map((column) => (isFilled(column) ? { ...column, nullable: false } : column)) };
}

function hasConstant({ value }: Item, type: Column['type']): boolean {
  const cast = castValue(value, type, 'string');
  return cast.ok && cast.value !== null;
}

function fillProblems({ columns, keys }: Params, rows: Schema | null): NodeProblem[] {
  if (columns.length === 0) return [{ code: 'fill/nothing', severity: 'error', message: 'There is nothing to fill', hint: 'Add a column.', field: 'columns' }];
  return columns.flatMap((item, i): NodeProblem[] => {
    const column = findColumn(rows, item.column);
    if (!column) return [];
    if (isPrevious(item)) {
      if (!keys.includes(column.name)) return [];
      const hint = 'Take it out of "Previous value within".';
      return [
        {
          code: 'fill/key',
          severity: 'error',
          message: `"${column.name}" identifies rows, so it cannot be filled from others`,
          hint,
          field: `columns.${i}.column`,
        },
      ];
    }
    const cast = castValue(item.value, column.type, 'string');
    if (cast.ok && cast.value !== null) return [];
    const message = cast.ok ? `There is no value to fill "${column.name}" with` : `${cast.message}, as column "${column.name}" needs`;
    return [{ code: 'fill/value', severity: 'error', message, hint: `Write a value of the type ${column.type}.`, field: `columns.${i}.value` }];
  });
}
