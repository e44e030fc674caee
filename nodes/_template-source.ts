// A source: `npx millrace new-node source NAME` copies this file, and its harness for the contract suite. See _template.ts for
// what all nodes have in common.
import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';

export default defineNode({
  type: 'my-source', // equal to the file's name; pipelines refer to it, so it never changes
  kind: 'source',
  title: 'My source',
  summary: 'Counts from one to a number.', // what the palette shows, at most 100 characters
  category: 'Generate',
  icon: 'puzzle',
  version: 1, // rises by one when saved params need a migration
  docs: `
Gives the whole numbers from one on.

Say where the rows come from, what their types are, and what happens to a record that cannot be read.
`,
  outputs: [{ name: 'rows' }],
  bounded: true, // it ends by itself
  params: { last: f.number({ label: 'Last number', default: 3, min: 0, integer: true }) },
  card: ({ last }) => `1 to ${last}`, // the line on the canvas

  // A source whose columns depend on the outside world looks there in `discover`; here they follow from the params.
  infer: () => ({ outputs: { rows: { columns: [{ name: 'number', type: 'integer', nullable: false }] } } }),

  run: ({ params: { last }, batchSize, start }) => {
    let next = typeof start === 'number' ? start : 1;
    return {
      read() {
        if (next > last) return null; // the end; batches are never empty
        const rows = Array.from({ length: Math.min(batchSize, last - next + 1) }, (_, i) => ({ number: next + i }));
        next += rows.length;
        return { rows };
      },
      position: () => next, // where reading would continue: serialisable
      progress: () => ({ done: next - 1, total: last, unit: 'rows' as const }),
      close() {}, // release files and connections here
    };
  },

  // Run as tests, shown in the docs: the usual case, and an odd one.
  examples: [
    { title: 'Three numbers', params: {}, outputs: { rows: [{ number: 1 }, { number: 2 }, { number: 3 }] } },
    { title: 'None at all', params: { last: 0 }, outputs: { rows: [] } },
  ],
});
