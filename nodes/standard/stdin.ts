import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import {
  csvDelimiterField,
  csvFormatFields,
  declaredColumnsField,
  declaredOutput,
  extraKeysField,
  lineFormatField,
  maxRowSizeField,
} from '../formats/line-fields.ts';
import { entryField, isTextFormat, linePatternField, logZoneField, textFormats, textProblems } from '../formats/log-fields.ts';

const code = loaded(() => import('./runtime/stdin-source.ts'));

export default defineNode({
  type: 'stdin',
  kind: 'source',
  title: 'Standard input',
  summary: 'Reads what another program sends into millrace run.',
  category: 'Files',
  icon: 'terminal',
  version: 1,
  keywords: ['pipe', 'shell', 'command line', 'unix'],
  docs: `
Reads rows from standard input as they arrive:

\`\`\`
journalctl -f -o json | millrace run alerts.millrace.json
\`\`\`

Declare the columns, since standard input cannot be sampled; only text and log formats have columns of their own. CSV has its fields in the order of the columns. With **First row holds the names**, the first line must have exactly these names.

Standard input cannot be read twice. A run that is stopped normally and started again continues with new rows. After a crash, rows that arrived since the last checkpoint are lost. If that matters, write a file and follow it.

The editor has no standard input: a preview shows no rows, and a run that is started there ends at once.
`,
  outputs: [{ name: 'rows' }],
  bounded: ({ ends }) => ends,
  readsOnce: true,
  params: {
    format: lineFormatField,
    pattern: linePatternField,
    logZone: logZoneField,
    entry: entryField,
    columns: declaredColumnsField,
    header: f.boolean({ label: 'First row holds the names', default: false, when: { param: 'format', is: ['csv'] } }),
    delimiter: csvDelimiterField,
    ...csvFormatFields,
    extra: extraKeysField,
    ends: f.boolean({
      label: 'It ends',
      help: 'Off for a program that never does: rows are then written with every checkpoint instead of at the end.',
      default: true,
    }),
    maxRowSize: maxRowSizeField,
  },
  card: ({ format }) => ({ jsonl: 'JSON lines', csv: 'CSV' })[format as 'csv'] ?? textFormats.find(({ value }) => value === format)?.label ?? format,
  infer: ({ params }) => {
    const { format } = params;
    const inference = declaredOutput(params.columns, params);
    return isTextFormat(format) ? { ...inference, problems: [...(inference.problems ?? []), ...textProblems({ ...params, format })] } : inference;
  },
  code,
  run: (context) => code().openInput(context),
  examples: [
    { title: 'Lines of text', params: { format: 'text', ends: false }, outputs: { rows: [] } },
    { title: 'JSON lines', params: { ends: false, columns: [{ column: 'id', type: 'integer' }] }, outputs: { rows: [] } },
  ],
});
