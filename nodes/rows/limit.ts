import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';

export default defineNode({
  type: 'limit',
  kind: 'transform',
  title: 'Limit',
  summary: 'Passes a number of rows and stops.',
  category: 'Rows',
  icon: 'cut',
  version: 1,
  keywords: ['head', 'top', 'first', 'take', 'skip', 'offset', 'sample'],
  docs: `
Passes the first *Count* rows, after skipping the first *Offset* ones. After that, a source that feeds nothing else is not read any further.

Which rows are first depends on their order. If it matters, put a *Sort* before this node.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params: {
    count: f.number({ label: 'Count', default: 100, min: 0, integer: true }),
    offset: f.number({ label: 'Offset', default: 0, min: 0, integer: true, help: 'Rows to skip before the first one.' }),
  },
  card: ({ count, offset }) => (offset > 0 ? `${count} rows after ${offset}` : `${count} rows`),
  infer: ({ inputs }) => ({ outputs: { rows: inputs.rows } }),
  lower: ({ params: { count, offset } }) => ({ op: 'take', count, offset }),
  examples: [
    {
      title: 'Two rows after the first',
      params: { count: 2, offset: 1 },
      inputs: { rows: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] },
      outputs: { rows: [{ id: 2 }, { id: 3 }] },
    },
    {
      title: 'Fewer rows than the limit',
      params: { count: 10 },
      inputs: { rows: [{ id: 1 }] },
      outputs: { rows: [{ id: 1 }] },
    },
    {
      title: 'An empty input',
      params: { count: 10 },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      outputs: { rows: [] },
    },
  ],
});
