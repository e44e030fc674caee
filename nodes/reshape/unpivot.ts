import { commonType, duplicateNames, typeOptions } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { mayBecomeNull, unfitField } from '@millrace/kit/formats/casting';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column, ColumnType, Schema } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';

const params = {
  which: f.choice({
    label: 'Columns to rows',
    default: 'others',
    options: [
      { value: 'others', label: 'All except those kept', help: 'Columns that are added to the input later become rows too.' },
      { value: 'chosen', label: 'Those chosen', help: 'All other columns are kept.' },
    ],
  }),
  keep: f.columns({
    label: 'Keep',
    help: 'Columns that identify a row. They are repeated in each row.',
    default: [],
    when: { param: 'which', is: ['others'] },
  }),
  columns: f.columns({ label: 'Columns', default: [], min: 1, when: { param: 'which', is: ['chosen'] } }),
  name: f.text({ label: 'Column for the names', default: 'name', placeholder: 'month' }),
  nameType: f.choice({ label: 'Type of the names', default: 'string', help: 'For columns such as 2024 and 2025.', options: typeOptions, advanced: true }),
  value: f.text({ label: 'Column for the values', default: 'value', placeholder: 'sales' }),
  type: f.choice({
    label: 'Type of the values',
    default: 'auto',
    options: [{ value: 'auto', label: 'As they are', help: 'All of one type; integers and numbers together are numbers.' }, ...typeOptions],
  }),
  nulls: f.choice({
    label: 'Missing values',
    default: 'keep',
    options: [
      { value: 'keep', label: 'Are rows too' },
      { value: 'drop', label: 'Are left out' },
    ],
  }),
  unfit: { ...unfitField, advanced: true },
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'unpivot',
  kind: 'transform',
  title: 'Unpivot',
  summary: 'Turns columns into rows: one row for each column, with its name and its value.',
  category: 'Reshape',
  icon: 'table-down',
  version: 1,
  keywords: ['melt', 'columns to rows', 'wide to long', 'gather', 'unpivot other columns', 'stack', 'months to rows', 'transpose', 'normalize'],
  docs: `
Makes several rows of each row: one for each column that is turned, with the column's name and its value. A table with a column for each month becomes one with a row for each month. *pandas* and *Polars* call this melt and unpivot, *Power Query* unpivot columns, *KNIME* unpivoting.

Choose the columns to **keep**, and all others are turned, including those that the input gets later; or choose those to turn, and all others are kept. Rows come out in the order of the columns.

### Types
All values are in one column, so they need one type. *As they are* uses the type that the columns share; integers and numbers together are numbers. If they share none, such as text and numbers, choose the type: a value that does not fit it fails its row, or becomes null. Names are text, unless *Type of the names* says that they are years or days.

### Missing values
A missing value gives a row with null. *Are left out* gives none, as Power Query does.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ which, keep, columns, name, value }) => {
    if (which === 'chosen') return columns.length === 0 ? 'Choose columns' : `${columns.join(', ')} to ${name}, ${value}`;
    return keep.length === 0 ? `All columns to ${name}, ${value}` : `All but ${keep.join(', ')} to ${name}, ${value}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    if (!rows) return { outputs: { rows: null } };
    const { kept, turned } = partsOf(params, rows);
    const { type, problems } = valueType(params.type, turned);
    problems.push(...namesProblems(params, turned));
    problems.push(...duplicateNames([...kept.map(({ name }) => name), params.name, params.value], (i) => (i <= kept.length ? 'name' : 'value')));
    const keeps = params.nulls === 'keep';
    const mayBeNull = nullness(keeps ? turned : [], keeps && turned.some((column) => mayBecomeNull(column.type, type, params.unfit)));
    return {
      outputs: { rows: { columns: [...kept, { name: params.name, type: params.nameType, nullable: false }, { name: params.value, type, ...mayBeNull }] } },
      problems,
    };
  },
  lower: ({ params, inputs }) => {
    const { turned } = partsOf(params, inputs.rows);
    return {
      op: 'unpivot',
      columns: turned.map(({ name }) => name),
      name: { column: params.name, type: params.nameType },
      value: { column: params.value, type: valueType(params.type, turned).type },
      nulls: params.nulls,
      unfit: params.unfit,
    };
  },
  examples: [
    {
      title: 'Years to rows',
      params: { keep: ['country'], name: 'year', nameType: 'integer' },
      inputs: {
        rows: [
          { country: 'Afg', 2005: 46.6, 2006: 46.9 },
          { country: 'Alb', 2005: 76.1, 2006: null },
        ],
      },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'country', type: 'string', nullable: false },
            { name: '2005', type: 'number', nullable: false },
            { name: '2006', type: 'number', nullable: true },
          ],
        },
      },
      outputs: {
        rows: [
          { country: 'Afg', year: 2005, value: 46.6 },
          { country: 'Afg', year: 2006, value: 46.9 },
          { country: 'Alb', year: 2005, value: 76.1 },
          { country: 'Alb', year: 2006, value: null },
        ],
      },
    },
    {
      title: 'Chosen columns, without what is missing',
      params: { which: 'chosen', columns: ['phone', 'mail'], name: 'kind', value: 'contact', nulls: 'drop' },
      inputs: {
        rows: [
          { id: 1, phone: '+49 30', mail: 'a@example.org' },
          { id: 2, phone: null, mail: 'b@example.org' },
        ],
      },
      outputs: {
        rows: [
          { id: 1, kind: 'phone', contact: '+49 30' },
          { id: 1, kind: 'mail', contact: 'a@example.org' },
          { id: 2, kind: 'mail', contact: 'b@example.org' },
        ],
      },
    },
    {
      title: 'Different types as text',
      params: { keep: ['id'], type: 'string' },
      inputs: { rows: [{ id: 1, size: 12.5, open: true }] },
      outputs: {
        rows: [
          { id: 1, name: 'size', value: '12.5' },
          { id: 1, name: 'open', value: 'true' },
        ],
      },
    },
    {
      title: 'Different types need one that is chosen',
      params: { keep: ['id'] },
      inputs: { rows: [{ id: 1, size: 12.5, note: 'x' }] },
      failures: ['"size" is number and "note" is string'],
    },
  ],
});

/** What is kept and what is turned, in the order of the input. The params' validation reports missing names. */
function partsOf({ which, keep, columns }: Params, rows: Schema): { readonly kept: readonly Column[]; readonly turned: readonly Column[] } {
  const isTurned = ({ name }: Column) => (which === 'chosen' ? columns.includes(name) : !keep.includes(name));
  return { kept: rows.columns.filter((column) => !isTurned(column)), turned: rows.columns.filter(isTurned) };
}

/** The type of all values. If there is none it is text, with a problem that names two columns which do not match. */
function valueType(chosen: 'auto' | ColumnType, turned: readonly Column[]): { readonly type: ColumnType; readonly problems: NodeProblem[] } {
  const [first, ...others] = turned;
  if (!first) {
    const hint = 'Keep fewer columns, or choose those to turn.';
    return { type: 'string', problems: [{ code: 'unpivot/nothing', severity: 'error', message: 'No column is left to become rows', hint, field: 'keep' }] };
  }
  if (chosen !== 'auto') return { type: chosen, problems: [] };
  let type = first.type;
  for (const column of others) {
    const common = commonType(type, column.type);
    if (common === null) {
      const message = `The values have no type in common: "${first.name}" is ${first.type} and "${column.name}" is ${column.type}`;
      const hint = 'Choose a type for the values, such as text, or keep one of these columns.';
      return { type: 'string', problems: [{ code: 'unpivot/types', severity: 'error', message, hint, field: 'type' }] };
    }
    type = common;
  }
  return { type, problems: [] };
}

function namesProblems({ nameType }: Params, turned: readonly Column[]): NodeProblem[] {
  for (const { name } of turned) {
    const cast = castValue(name, nameType, 'string');
    if (cast.ok && cast.value !== null) continue;
    const message = cast.ok ? 'A column without a name is turned' : `The name of a column does not fit: ${cast.message}`;
    return [{ code: 'unpivot/name', severity: 'error', message, hint: 'Keep that column, or choose another type for the names.', field: 'nameType' }];
  }
  return [];
}
