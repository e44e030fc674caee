import { keyTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';

const params = {
  by: f.list({
    label: 'Order by',
    itemLabel: 'Column',
    min: 1,
    item: {
      column: f.column({ label: 'Column', types: keyTypes }),
      direction: f.choice({
        label: 'Direction',
        default: 'asc',
        options: [
          { value: 'asc', label: 'Ascending' },
          { value: 'desc', label: 'Descending' },
        ],
      }),
    },
    default: [],
  }),
};

export default defineNode({
  type: 'sort',
  kind: 'transform',
  title: 'Sort',
  summary: 'Sorts the rows by one or several columns.',
  category: 'Rows',
  icon: 'sort-ascending',
  version: 1,
  keywords: ['order by', 'arrange', 'rank', 'ascending', 'descending'],
  docs: `
Sorts the rows by the first column, rows that are equal there by the second, and so on. Rows that are equal in all columns keep their order.

Numbers, decimals and times are ordered by size, false comes before true, and text is ordered by its UTF-16 code units: \`"Z"\` comes before \`"a"\`. **Null comes last**, in both directions.

All rows are held until the input ends. Rows that do not fit in memory are sorted in runs, which are kept on disk and merged at the end; the size of the state that the run shows includes them. For the ten greatest of very many rows, use *Top rows*, which holds only those.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ by }) => by.map(({ column, direction }) => `${column || '?'} ${direction === 'desc' ? '↓' : '↑'}`).join(', ') || 'Choose columns',
  infer: ({ inputs }) => ({ outputs: { rows: inputs.rows } }),
  lower: ({ params: { by } }) => ({ op: 'order', by }),
  examples: [
    {
      title: 'By region, the hottest first, nulls last',
      params: {
        by: [
          { column: 'region', direction: 'asc' },
          { column: 'temperature', direction: 'desc' },
        ],
      },
      inputs: {
        rows: [
          { region: 'south', temperature: 20 },
          { region: 'north', temperature: null },
          { region: 'north', temperature: 5 },
          { region: 'north', temperature: 12 },
        ],
      },
      outputs: {
        rows: [
          { region: 'north', temperature: 12 },
          { region: 'north', temperature: 5 },
          { region: 'north', temperature: null },
          { region: 'south', temperature: 20 },
        ],
      },
    },
    {
      title: 'An empty input',
      params: { by: [{ column: 'id', direction: 'asc' }] },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      outputs: { rows: [] },
    },
  ],
});
