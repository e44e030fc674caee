import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import { exampleErrors } from './example-errors.ts';

const code = loaded(() => import('./runtime/errors-source.ts'));

export default defineNode({
  type: 'errors-replay',
  kind: 'source',
  title: 'Replay of errors',
  summary: 'Reads rows that were kept in an errors table, each once.',
  category: 'Databases',
  icon: 'history',
  version: 1,
  hidden: true,
  docs: `
Reads the rows of one node that wait in the errors table, up to the last one that was there at the start, as the node receives them at the input at which they failed. A row is marked as replayed when its results are committed. A row that no longer fits the node's columns stays in the table and is reported.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  replaysErrors: true,
  params: {
    path: f.file({ label: 'Errors table', mode: 'open', extensions: ['db'], placeholder: 'pipeline.errors.db' }),
    node: f.text({ label: 'Node', placeholder: 'hot_readings' }),
    port: f.text({ label: 'Input', help: 'At which they failed. Empty: any.', optional: true }),
    only: f.text({ label: 'Rows', help: 'Their ids, separated by commas. Empty: all of the node.', optional: true }),
  },
  card: ({ path, node }) => (path && node ? `${node} of ${shortPath(path)}` : 'Choose an errors table'),
  infer: ({ discovered }) => ({ outputs: { rows: discovered } }),
  reads: ({ path }) => [path],
  code,
  discover: (context) => code().discoverErrors(context),
  acknowledge: (context, position, checkpoint) => code().acknowledgeErrors(context, position, checkpoint),
  rewind: (context, checkpoint) => code().rewindErrors(context, checkpoint),
  run: (context) => code().openErrors(context),
  examples: [
    {
      title: 'The rows of one node that wait',
      params: { path: 'trial.errors.db', node: 'prices' },
      files: { 'trial.errors.db': exampleErrors },
      outputs: {
        rows: [
          { id: 1, price: '12,5' },
          { id: 4, price: '-' },
        ],
      },
    },
    {
      title: 'Some of them',
      params: { path: 'trial.errors.db', node: 'prices', only: '4' },
      files: { 'trial.errors.db': exampleErrors },
      outputs: { rows: [{ id: 4, price: '-' }] },
    },
    {
      title: 'A file that is not there',
      params: { path: 'gone.errors.db', node: 'prices' },
      outputs: { rows: [] },
      failures: ['no row was kept there'],
    },
  ],
});
