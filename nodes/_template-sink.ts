// A sink: `npx millrace new-node sink NAME` copies this file, its runtime code, and its harness for the contract suite. See _template.ts
// for what all nodes have in common.
import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';

const code = loaded(() => import('./_templates/runtime/my-sink.ts'));

export default defineNode({
  type: 'my-sink', // equal to the file's name; pipelines refer to it, so it never changes
  kind: 'sink',
  title: 'My sink',
  summary: 'Writes one line of text for each row.', // what the palette shows, at most 100 characters
  category: 'Files',
  icon: 'puzzle',
  version: 1, // rises by one when saved params need a migration
  docs: `
Writes each row as a line of JSON.

A run whose input ends replaces the file at its end; one that continues shows its rows with each checkpoint. One that fails
leaves the last commit. Say how each type is written.
`,
  inputs: [{ name: 'rows' }],
  params: { path: f.file({ label: 'File', mode: 'save', extensions: ['txt'] }) },
  card: ({ path }) => path, // the line on the canvas
  writes: ({ path }) => [path], // shown before a pipeline from elsewhere is trusted; locked while it runs
  infer: () => ({ outputs: {} }),

  // The runtime code, with every library, is imported by `code` alone: the palette loads nothing of it.
  code,
  run: (context) => code().openMySink(context),

  // Run as tests, shown in the docs: the usual case, and an odd one.
  examples: [
    { title: 'Two rows', params: { path: 'rows.txt' }, inputs: { rows: [{ a: 1 }, { a: null }] }, writes: { 'rows.txt': '{"a":1}\n{"a":null}\n' } },
    { title: 'No file named', params: {}, inputs: { rows: [{ a: 1 }] }, failures: ['File is missing'] },
  ],
});
