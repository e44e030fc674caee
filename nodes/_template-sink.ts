// A sink: `npx millrace new-node sink NAME` copies this file, and its harness for the contract suite. See _template.ts for
// what all nodes have in common.
import { openFileOutput } from './formats/file-output.ts';
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

A run whose input ends replaces the file at its end; one that goes on shows its rows with each checkpoint. One that fails
leaves what was committed last. Say how each type is written.
`,
  inputs: [{ name: 'rows' }],
  params: { path: f.file({ label: 'File', mode: 'save', extensions: ['txt'] }) },
  card: ({ path }) => path, // the line on the canvas
  writes: ({ path }) => [path], // shown before a pipeline from elsewhere is trusted; locked while it runs
  infer: () => ({ outputs: {} }),

  // Nothing may be visible before `commit`. A stream commits many times, and goes on after a crash: what `prepare` gives comes back
  // as `context.resume`, and by it the sink completes that commit and throws away what came later. See SinkContext in kit/node.ts;
  // openFileOutput does all of that for a file.
  run: (context) => {
    const file = openFileOutput(context, { path: context.params.path, mode: 'replace', compress: false, visible: 'checkpoint' });
    context.guard?.(file.undo()); // for when a run is ended by force
    return {
      write: (rows) => file.write(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))),
      prepare: (checkpoint) => file.prepare(checkpoint),
      commit: () => file.commit(),
      abort: () => file.abort(),
      close: () => file.close(),
      output: () => ({ kind: 'file', path: file.path }),
    };
  },

  // Run as tests, shown in the docs: the usual case, and an odd one.
  examples: [
    { title: 'Two rows', params: { path: 'rows.txt' }, inputs: { rows: [{ a: 1 }, { a: null }] }, writes: { 'rows.txt': '{"a":1}\n{"a":null}\n' } },
    { title: 'No file named', params: {}, inputs: { rows: [{ a: 1 }] }, failures: ['File is missing'] },
  ],
});
