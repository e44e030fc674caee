import { f } from '@millrace/kit/fields';
import { defineNode } from '@millrace/kit/node';
import type { Row } from '../../model/values/types.ts';

export default defineNode({
  type: 'inspect',
  kind: 'sink',
  title: 'Inspect',
  summary: 'Keeps the latest rows in memory, so that they can be viewed while the pipeline runs.',
  category: 'Inspect',
  icon: 'eye',
  version: 1,
  keywords: ['view', 'debug', 'look', 'table', 'show'],
  docs: `
Writes nothing. It keeps the latest rows that arrived, and the editor shows them while the pipeline runs and afterwards. Connect it to any output to see its rows; a pipeline may have several.
`,
  inputs: [{ name: 'rows' }],
  params: {
    rows: f.number({ label: 'Rows to keep', min: 1, max: 10_000, integer: true, default: 1000 }),
  },
  card: ({ rows }) => `latest ${rows} rows`,
  infer: () => ({ outputs: {} }),
  run({ params, inputs }) {
    let kept: Row[] = [];
    return {
      write(rows) {
        kept.push(...rows.slice(-params.rows));
        // Cut only at twice the number, so that a row is moved once on average.
        if (kept.length > 2 * params.rows) kept = kept.slice(-params.rows);
      },
      // No `prepare`: nothing outlives the process, and a run that resumes starts empty.
      commit() {},
      // There is nothing to undo: users want to see what arrived before a failure.
      abort() {},
      close() {},
      output: () => ({ kind: 'memory', rows: kept.slice(-params.rows), schema: inputs.rows }),
    };
  },
  examples: [
    { title: 'Keeps the latest two', params: { rows: 2 }, inputs: { rows: [{ id: 1 }, { id: 2 }, { id: 3 }] } },
    {
      title: 'No rows',
      params: {},
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      inputs: { rows: [] },
    },
  ],
});
