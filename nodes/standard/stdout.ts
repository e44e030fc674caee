import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';

const code = loaded(() => import('./runtime/stdout-sink.ts'));

export default defineNode({
  type: 'stdout',
  kind: 'sink',
  title: 'Standard output',
  summary: 'Prints rows, for another program to read.',
  category: 'Files',
  icon: 'terminal',
  version: 1,
  keywords: ['pipe', 'shell', 'print', 'command line', 'unix'],
  docs: `
Prints each row to standard output as it arrives, as a JSON object or a CSV record per line:

\`\`\`
millrace run alerts.millrace.json | jq .message
\`\`\`

Printed rows cannot be undone: rows are printed before the run has succeeded, and after a crash those since the last checkpoint are printed again. If that matters, write a file or a table.
`,
  inputs: [{ name: 'rows' }],
  params: {
    format: f.choice({
      label: 'Each line is',
      default: 'jsonl',
      options: [
        { value: 'jsonl', label: 'A JSON object' },
        { value: 'csv', label: 'A CSV record' },
      ],
    }),
    header: f.boolean({ label: 'Write a header', default: true, when: { param: 'format', is: ['csv'] } }),
  },
  card: ({ format }) => ({ jsonl: 'JSON lines', csv: 'CSV' })[format],
  writesText: ({ format }) => format === 'csv',
  infer: () => ({ outputs: {} }),
  code,
  run: (context) => code().openOutput(context),
  examples: [
    { title: 'Nothing to print', params: {}, inputs: { rows: [] }, inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } } },
    {
      title: 'CSV without a header',
      params: { format: 'csv', header: false },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
    },
  ],
});
