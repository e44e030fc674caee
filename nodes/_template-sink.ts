// A sink: `npx millrace new-node sink NAME` copies this file. See _template.ts for what all nodes have in common.
import { f } from './kit/fields.ts';
import { defineNode } from './kit/node.ts';

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

Say what is written, how each type is written, and what is left behind by a run that fails.
`,
  inputs: [{ name: 'rows' }],
  params: { path: f.file({ label: 'File', mode: 'save', extensions: ['txt'] }) },
  card: ({ path }) => path, // the line on the canvas
  writes: ({ path }) => [path], // shown before a pipeline from elsewhere is trusted
  infer: () => ({ outputs: {} }),

  // What is heavy is imported when a run needs it. Nothing may be visible before `commit`.
  run: async (context) => {
    const { rename, rm, writeFile } = await import('node:fs/promises');
    const path = context.path(context.params.path);
    const part = `${path}.part`;
    const lines: string[] = [];
    return {
      write: (rows) => void lines.push(...rows.map((row) => JSON.stringify(row))),
      async commit() {
        await writeFile(part, lines.map((line) => `${line}\n`).join(''));
        await rename(part, path);
      },
      abort: () => rm(part, { force: true }),
      close() {},
      output: () => ({ kind: 'file', path }),
    };
  },

  // Run as tests, shown in the docs: the usual case, and an odd one.
  examples: [
    { title: 'Two rows', params: { path: 'rows.txt' }, inputs: { rows: [{ a: 1 }, { a: null }] }, writes: { 'rows.txt': '{"a":1}\n{"a":null}\n' } },
    { title: 'No file named', params: {}, inputs: { rows: [{ a: 1 }] }, failures: ['File is missing'] },
  ],
});
