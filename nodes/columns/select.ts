import { duplicateNames, findColumn, typeOptions } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column, Schema } from '../../model/values/types.ts';

const params = {
  columns: f.list({
    label: 'Columns',
    itemLabel: 'Column',
    help: 'In the order of the output.',
    item: {
      column: f.column({ label: 'Column' }),
      name: f.text({ label: 'New name', optional: true, whenEmpty: 'as it is' }),
      type: f.choice({ label: 'Type', default: 'keep', options: [{ value: 'keep', label: 'As it is' }, ...typeOptions] }),
    },
    default: [],
  }),
  others: f.choice({
    label: 'Other columns',
    default: 'drop',
    options: [
      { value: 'drop', label: 'Leave out' },
      { value: 'keep', label: 'Keep, after the listed ones' },
    ],
  }),
  uncastable: f.choice({
    label: 'What cannot be cast',
    default: 'fail',
    help: 'A value that has no meaning in the new type, such as "abc" as a number.',
    options: [
      { value: 'fail', label: 'Fails the row' },
      { value: 'null', label: 'Becomes null' },
    ],
  }),
};

export default defineNode({
  type: 'select',
  kind: 'transform',
  title: 'Select columns',
  summary: 'Selects, renames, reorders and casts columns.',
  category: 'Columns',
  icon: 'columns',
  version: 1,
  keywords: ['pick', 'rename', 'reorder', 'cast', 'drop', 'project', 'type'],
  docs: `
List the output columns in their new order. Each may get a new **name** and a new **type**; a column may be listed twice under different names. Columns that are not listed are dropped, or kept after the listed ones.

### Casting
Null stays null, and blank text becomes null for every type but text. Nothing is rounded or guessed: \`1.5\` is not an integer, \`"00123"\` becomes 123 only if you ask for an integer, and whole numbers beyond 2^53 are decimals or stay text. Timestamps are read as ISO 8601, in UTC if no zone is given.

A value that cannot be cast **fails its row**: the node's error policy then decides whether the run stops, or the row is skipped and counted, or goes to the error port. Choose **Becomes null** to keep such rows without the value.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ columns, others }) =>
    columns.length === 0
      ? others === 'keep'
        ? 'Keeps all columns'
        : 'Choose columns'
      : [...columns.map(({ column, name }) => (name ? `${column || '?'} as ${name}` : column || '?')), ...(others === 'keep' ? ['…'] : [])].join(', '),
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const names = params.columns.map(({ column, name }) => name ?? column);
    const problems = duplicateNames(names, (i) => `columns.${i}.name`);
    if (params.columns.length === 0 && params.others === 'drop') {
      return {
        outputs: { rows: null },
        problems: [
          { code: 'select/nothing', severity: 'error', message: 'No column is selected', hint: 'Add a column, or keep the others.', field: 'columns' },
        ],
      };
    }
    if (!rows) return { outputs: { rows: null }, problems };
    return { outputs: { rows: { columns: selected(params, rows).map(({ to }) => to) } }, problems };
  },
  lower: ({ params, inputs }) => ({
    op: 'project',
    columns: selected(params, inputs.rows).map(({ from, to, index }) => ({
      name: to.name,
      from: from.name,
      cast: index === null || from.type === to.type ? null : { from: from.type, to: to.type, unfit: params.uncastable, field: `columns.${index}.type` },
    })),
  }),
  examples: [
    {
      title: 'Rename, reorder and cast',
      params: {
        columns: [
          { column: 'temp', name: 'temperature', type: 'number' },
          { column: 'id', name: null, type: 'keep' },
        ],
      },
      inputs: {
        rows: [
          { id: 'a', temp: '21.5', note: 'x' },
          { id: 'b', temp: '', note: 'y' },
        ],
      },
      outputs: {
        rows: [
          { temperature: 21.5, id: 'a' },
          { temperature: null, id: 'b' },
        ],
      },
    },
    {
      title: 'A value that cannot be cast fails its row',
      params: { columns: [{ column: 'count', name: null, type: 'integer' }] },
      inputs: { rows: [{ count: '12' }, { count: 'a dozen' }] },
      outputs: { rows: [{ count: 12 }] },
      failures: ['is not a whole number'],
    },
    {
      title: 'Keep the other columns after the listed ones',
      params: { columns: [{ column: 'city', name: null, type: 'keep' }], others: 'keep' },
      inputs: { rows: [{ id: 1, city: 'Ulm', size: 120000 }] },
      outputs: { rows: [{ city: 'Ulm', id: 1, size: 120000 }] },
    },
  ],
});

interface Part {
  readonly from: Column;
  readonly to: Column;
  /** In the list of the params; null for the other columns. */
  readonly index: number | null;
}

/** The output columns and their origins. Listed columns that do not exist are skipped: the params' validation reports them. */
function selected(given: ParamsOf<typeof params>, rows: Schema): Part[] {
  const listed = given.columns.flatMap(({ column, name, type }, index): Part[] => {
    const from = findColumn(rows, column);
    if (!from) return [];
    const to = type === 'keep' ? from.type : type;
    // Blank text is null in any other type.
    const mayBecomeNull = to !== from.type && (given.uncastable === 'null' || from.type === 'string');
    return [{ from, to: { name: name ?? column, type: to, ...nullness([from], mayBecomeNull) }, index }];
  });
  if (given.others === 'drop') return listed;
  const sources = new Set(listed.map(({ from }) => from.name));
  const names = new Set(listed.map(({ to }) => to.name));
  const others = rows.columns.filter((column) => !sources.has(column.name) && !names.has(column.name));
  return [...listed, ...others.map((column) => ({ from: column, to: column, index: null }))];
}
