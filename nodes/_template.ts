// A node is one file with one default export. `npx millrace new-node transform NAME` copies this one; no other file needs an edit.
import { columnSource } from '@millrace/kit/column-source';
import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';

export default defineNode({
  type: 'my-node', // equal to the file's name; pipelines refer to it, so it never changes
  kind: 'transform',
  title: 'My node',
  summary: 'Adds the length of a text column.', // what the palette shows, at most 100 characters
  category: 'Columns',
  icon: 'puzzle',
  version: 1, // rises by one when saved params need a migration
  docs: `
Adds a column with the number of characters of a text.

Say what the node does, when to use it, and its rules for null and for errors: the length of null is null.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],

  // Declared once: the form, the validation, the docs and the TypeScript types below follow from this.
  params: {
    column: f.column({ label: 'Text', types: ['string'] }),
    name: f.text({ label: 'New column', default: 'length' }),
  },
  card: ({ column, name }) => `${name} = length of ${column}`, // the line on the canvas

  // The columns of the outputs. Called at each edit, with inputs that may be unknown (null). Never throws.
  infer: ({ params: { name }, inputs }) => {
    const rows = inputs.rows;
    if (!rows) return { outputs: { rows: null } };
    return { outputs: { rows: { columns: [...rows.columns.filter((column) => column.name !== name), { name, type: 'integer', nullable: true }] } } };
  },

  // What it does, as an operation of a closed set (kit/ops.ts), from which the engine derives what it has to know. If no operation fits,
  // use `native`, with a `run` beside it: one instance, on this machine only.
  lower: ({ params: { column, name } }) => ({
    op: 'compute',
    columns: [{ name, expression: { language: 'typescript', source: `${columnSource(column)}?.length ?? null`, field: 'column' } }],
  }),

  // Run as tests, shown in the docs: the usual case, and an odd one.
  examples: [
    {
      title: 'The length of a name',
      params: { column: 'name' },
      inputs: { rows: [{ name: 'Ada' }, { name: null }] },
      outputs: { rows: [{ name: 'Ada', length: 3 }, { name: null, length: null }] }, // biome-ignore format: one line each
    },
    { title: 'A column that is not there', params: { column: 'nmae' }, inputs: { rows: [{ name: 'Ada' }] }, failures: ['did you mean "name"?'] },
  ],
});
