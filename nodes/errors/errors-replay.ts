import { shortPath } from '../../io/files/short-path.ts';
import { f } from '../../kit/fields.ts';
import { defineNode } from '../../kit/node.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { inferFromJson } from '../../model/schema/infer.ts';
import { thousands } from '../../model/text/thousands.ts';
import { acknowledgeReplay, ErrorsReader, type KeptRows, rewindReplays } from './errors-reader.ts';
import { sampleErrors } from './errors-sample.ts';
import { exampleErrors } from './example-errors.ts';

export default defineNode({
  type: 'errors-replay',
  kind: 'source',
  title: 'Replay of errors',
  summary: 'Gives out rows that were kept in an errors table, each once.',
  category: 'Databases',
  icon: 'history',
  version: 1,
  hidden: true,
  docs: `
Reads the rows of one node that wait in the errors table, up to the last one that was there at the start, as the node takes
them at the input at which they failed. A row is marked as replayed when what became of it is committed. A row that does not fit the node's columns any more
stays where it is, and is told.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  replaysErrors: true,
  params: {
    path: f.file({ label: 'Errors table', mode: 'open', extensions: ['db'], placeholder: 'pipeline.errors.db' }),
    node: f.text({ label: 'Node', placeholder: 'hot_readings' }),
    port: f.text({ label: 'Input', help: 'At which they failed. Empty: any.', optional: true }),
    only: f.text({ label: 'Rows', help: 'Their ids, with commas between. Empty: all of the node.', optional: true }),
  },
  card: ({ path, node }) => (path && node ? `${node} of ${shortPath(path)}` : 'Choose an errors table'),
  infer: ({ discovered }) => ({ outputs: { rows: discovered } }),
  reads: ({ path }) => [path],
  async discover({ params, path }) {
    if (!params.path || !params.node) return { schema: null };
    const file = path(params.path);
    try {
      return { schema: inferFromJson(await sampleErrors(file, params.node)), dependsOn: [file] };
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      return { schema: null, problems: [{ field: 'path', ...error.problem }], dependsOn: [file] };
    }
  },
  acknowledge({ params, path, signal, log }, position, checkpoint) {
    return acknowledgeReplay(keptRows(params, path), position, checkpoint, { signal, onLongWait: (message) => log('warning', message) });
  },
  async rewind({ params, path, signal, log }, checkpoint) {
    const onLongWait = (message: string) => log('warning', message);
    const rows = await rewindReplays(path(params.path), checkpoint, { signal, onLongWait });
    if (rows === 0) return;
    const what = rows === 1 ? '1 row that was replayed' : `${thousands(rows)} rows that were replayed`;
    log(
      'warning',
      `${what} after checkpoint ${checkpoint.id} ${rows === 1 ? 'waits' : 'wait'} in the errors table again: what became of ${rows === 1 ? 'it' : 'them'} is not in that checkpoint.`,
    );
  },
  run({ params, path, outputs, batchSize, signal, start, refuse, log, sample }) {
    const onLongWait = (message: string) => log('warning', message);
    return ErrorsReader.open({ ...keptRows(params, path), schema: outputs.rows, batchSize, signal, refuse, onLongWait, sample }, start);
  },
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

type Params = { readonly path: string; readonly node: string; readonly port: string | null; readonly only: string | null };

function keptRows({ path: file, node, port, only }: Params, path: (path: string) => string): KeptRows {
  return { path: path(file), node, port: port || null, only: (only ?? '').split(',').filter(Boolean).map(Number) };
}
