import { duplicateNames, typeOptions } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { unfitField } from '@millrace/kit/formats/casting';
import { columnsOfPaths, jsonColumns, jsonFieldItem, jsonFieldProblems, jsonPathDocs } from '@millrace/kit/formats/json-fields';
import { defineNode } from '@millrace/kit/node';
import type { Column } from '../../model/values/types.ts';

const params = {
  column: f.column({ label: 'List', help: 'A JSON column that holds lists.', types: ['json'] }),
  into: f.choice({
    label: 'Each item becomes',
    default: 'value',
    options: [
      { value: 'value', label: 'A value', help: 'In place of the list.' },
      { value: 'columns', label: 'Columns', help: 'Fields of items that are objects.' },
    ],
  }),
  name: f.text({ label: 'Name', optional: true, whenEmpty: 'as it is', when: { param: 'into', is: ['value'] } }),
  type: f.choice({ label: 'Type', default: 'json', options: typeOptions, when: { param: 'into', is: ['value'] } }),
  fields: f.list({ label: 'Fields', itemLabel: 'Field', min: 1, item: jsonFieldItem, default: [], when: { param: 'into', is: ['columns'] } }),
  empty: f.choice({
    label: 'An empty list, or none',
    default: 'row',
    options: [
      { value: 'row', label: 'Is one row with null' },
      { value: 'none', label: 'Is no row' },
    ],
  }),
  position: f.text({ label: 'Column for the position', optional: true, whenEmpty: 'none', help: 'Counts the items of a list from 1.' }),
  unfit: { ...unfitField, advanced: true },
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'explode',
  kind: 'transform',
  title: 'Explode list',
  summary: 'Makes a row from each item of a list in a JSON column.',
  category: 'Reshape',
  icon: 'list-details',
  version: 1,
  keywords: ['unnest', 'flatten', 'expand', 'ungroup', 'list to rows', 'array', 'json', 'lateral', 'expand to new rows', 'order lines'],
  docs: `
Makes one row for each item of a list; the other columns are repeated. *pandas* and *Polars* call this explode, SQL unnest, *Power Query* expand to new rows, *KNIME* ungroup.

An item takes the list's place as a **value** of the type that you choose. If the items are objects, choose **columns**: each field gets a column with a type, in the list's place. ${jsonPathDocs}

### Empty lists
A row whose list is empty or missing gives one row with null, so that no row is lost; or no row, by choice. A null in a list is an item. A value that is not a list counts as a list with one item, because many programs write it that way.

### Errors
An item that does not fit its type fails the whole row, or becomes null. A text that contains JSON is not a list yet: first give its column the type JSON with *Select columns*.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ column, into, fields, name, position }) => {
    if (column === '') return 'Choose a list';
    const items = into === 'columns' ? jsonColumns(fields).map((field) => field.name || '?') : name ? [name] : [];
    const names = [...items, ...(position ? [position] : [])];
    return names.length > 0 ? `each of ${column} to ${names.join(', ')}` : `each of ${column}`;
  },
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const problems = params.into === 'columns' ? jsonFieldProblems(params.fields, 'fields') : [];
    if (!rows) return { outputs: { rows: null }, problems };
    const made = madeColumns(params);
    const columns = rows.columns.flatMap((column) => (column.name === params.column ? made : [column]));
    const at = rows.columns.findIndex(({ name }) => name === params.column);
    const field = (i: number) => {
      const own = i - at;
      if (at < 0 || own < 0 || own >= made.length) return 'column';
      return own === made.length - 1 && params.position !== null ? 'position' : params.into === 'columns' ? `fields.${own}.name` : 'name';
    };
    problems.push(
      ...duplicateNames(
        columns.map(({ name }) => name),
        field,
      ),
    );
    return { outputs: { rows: { columns } }, problems };
  },
  lower: ({ params: { column, into, name, type, fields, empty, position, unfit } }) => ({
    op: 'explode',
    column,
    items:
      into === 'columns'
        ? { kind: 'columns', columns: columnsOfPaths(fields, 'fields') }
        : { kind: 'value', column: { name: name ?? column, type, field: 'type' } },
    position,
    empty,
    unfit,
  }),
  examples: [
    {
      title: 'A row for each tag',
      params: { column: 'tags', name: 'tag', type: 'string' },
      inputs: {
        rows: [
          { id: 1, tags: ['new', 'red'] },
          { id: 2, tags: [] },
        ],
      },
      outputs: {
        rows: [
          { id: 1, tag: 'new' },
          { id: 1, tag: 'red' },
          { id: 2, tag: null },
        ],
      },
    },
    {
      title: 'Lines of orders, numbered',
      params: {
        column: 'lines',
        into: 'columns',
        fields: [
          { path: 'item', name: null, type: 'string' },
          { path: 'price.amount', name: 'price', type: 'number' },
        ],
        position: 'line',
        empty: 'none',
      },
      inputs: {
        rows: [
          { order: 7, lines: [{ item: 'bolt', price: { amount: 0.5 } }, { item: 'nut' }] },
          { order: 8, lines: null },
        ],
      },
      outputs: {
        rows: [
          { order: 7, item: 'bolt', price: 0.5, line: 1 },
          { order: 7, item: 'nut', price: null, line: 2 },
        ],
      },
    },
    {
      title: 'An item of another type fails its row',
      params: { column: 'sizes', type: 'integer' },
      inputs: { rows: [{ sizes: [1, 2] }, { sizes: [3, 'four'] }] },
      outputs: { rows: [{ sizes: 1 }, { sizes: 2 }] },
      failures: ['"four" is not a whole number (column "sizes")'],
    },
  ],
});

/** The columns in place of the list. */
function madeColumns({ column, into, name, type, fields, position, empty }: Params): Column[] {
  const items: Column[] = into === 'columns' ? jsonColumns(fields) : [{ name: name ?? column, type, nullable: true }];
  return position === null ? items : [...items, { name: position, type: 'integer', nullable: empty === 'row' }];
}
