import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';

const code = loaded(() => import('./runtime/errors-output.ts'));

export default defineNode({
  type: 'errors-table',
  kind: 'sink',
  title: 'Errors table',
  summary: 'Keeps the rows that failed, so that they can be replayed after their node has been fixed.',
  category: 'Databases',
  icon: 'database-export',
  version: 1,
  hidden: true,
  keepsErrors: true,
  docs: `
Adds a row to the table \`errors\` for each row that a node could not handle: when, where and why it failed, and the row itself as JSON. It commits with the other sinks of the run.
`,
  inputs: [{ name: 'rows', many: true }],
  params: {
    path: f.file({ label: 'Database file', mode: 'save', extensions: ['db'], placeholder: 'pipeline.errors.db' }),
    pipeline: f.text({ label: 'Pipeline', placeholder: 'Hot readings' }),
    supersedes: f.boolean({
      label: 'Supersede rows kept by earlier runs',
      help: 'A run that starts from scratch processes the rows of earlier runs again.',
      default: false,
    }),
  },
  card: ({ path }) => (path ? shortPath(path) : 'Choose a database file'),
  writes: ({ path }) => [path],
  locks: () => [],
  infer: () => ({ outputs: {} }),
  code,
  run: (context) => code().openErrorsTable(context),
  committedCheckpoint: (context) => code().committedTo(context),
  examples: [
    {
      title: 'A row that failed, and raw text that could not be read',
      params: { path: 'trial.errors.db', pipeline: 'Trial' },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'error', type: 'string', nullable: false },
            { name: 'code', type: 'string', nullable: false },
            { name: 'node', type: 'string', nullable: false },
            { name: 'field', type: 'string', nullable: true },
            { name: 'source', type: 'string', nullable: true },
            { name: 'line', type: 'integer', nullable: true },
            { name: 'row', type: 'json', nullable: true },
          ],
        },
      },
      inputs: {
        rows: [
          { error: 'No number', code: 'code/threw', node: 'prices', field: 'code', source: 'prices.csv', line: 2, row: { id: 1, price: '12,5' } },
          { error: 'Too few fields', code: 'csv/fields', node: 'file', field: null, source: 'prices.csv', line: 3, row: { raw: '2' } },
        ],
      },
    },
    {
      title: 'No row failed',
      params: { path: 'trial.errors.db', pipeline: 'Trial' },
      inputSchemas: { rows: { columns: [{ name: 'error', type: 'string', nullable: false }] } },
      inputs: { rows: [] },
    },
  ],
});
