import { numberTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { textFormatFields } from '@millrace/kit/formats/text-formats';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import { numberFormatProblem } from '../../model/values/number-format.ts';
import { folderCard, folderDocs, folderFields, folderProblems, pathOfAll } from '../formats/folder-fields.ts';

const group = 'Numbers';
const { decimal } = textFormatFields;
// Its help for reading does not apply to writing.
const { help: _, ...thousands } = textFormatFields.thousands;
const marked = { param: 'numbers', is: ['marked'] } as const;

const code = loaded(() => import('../formats/csv/csv-output-file.ts'));

export default defineNode({
  type: 'csv-output',
  kind: 'sink',
  title: 'CSV file',
  summary: 'Writes rows to a CSV file.',
  category: 'Files',
  icon: 'file-type-csv',
  version: 1,
  keywords: ['export', 'save', 'excel', 'tsv', 'gzip'],
  docs: `
Writes each row as one line of a CSV file (RFC 4180, UTF-8, lines end with LF).

- **Null** is an empty field. An empty text is \`""\`, so that the two can be distinguished.
- Timestamps are ISO 8601 in UTC, booleans \`true\` and \`false\`, JSON is compact, bytes are base64.
- Fields are quoted only if necessary.
- Cells of a CSV file that no node uses are written as they were: \`12.50\`, \`TRUE\`, and a mark for missing such as \`NA\`; but not where numbers are written **With marks**.

**Numbers, With marks** writes a decimal comma and separates thousands (\`-1.234,5\`), in all columns of numbers or in those that you choose, for programs that expect it. *CSV file* reads it back with the same settings. A number that contains the delimiter is quoted.

### When rows become visible
**If the input ends**, at the end of the run. Rows are written to a temporary file beside the file. When the run has succeeded, it replaces the file or, with **Append**, is added to its end. A run that fails, is stopped or is killed leaves the file as it was.

**If the run continues until it is stopped**, with each checkpoint. The first checkpoint replaces an existing file; until then the file stays as it was. A run that is killed and resumed leaves each row in the file exactly once. Another program may append lines to the file, but must not shorten it. A run that resumes and finds lines of another program after its own is refused, and removes nothing.

With **Rows become visible: at once**, rows are written to the file as they arrive, so readers do not wait. After a crash, however, the file is cut back to the last checkpoint and some rows are written once more. An existing file is replaced with the first row.

**Append** needs a file whose header has the same columns in the same order.
${folderDocs}`,
  inputs: [{ name: 'rows' }],
  params: {
    path: f.file({ label: 'File', mode: 'save', extensions: ['csv', 'tsv', 'txt', 'gz'], placeholder: 'result.csv' }),
    mode: f.choice({
      label: 'If the file exists',
      options: [
        { value: 'replace', label: 'Replace it' },
        { value: 'append', label: 'Append to it' },
      ],
      default: 'replace',
    }),
    ...folderFields,
    delimiter: f.choice({
      label: 'Delimiter',
      options: [
        { value: 'comma', label: 'Comma' },
        { value: 'semicolon', label: 'Semicolon' },
        { value: 'tab', label: 'Tab' },
        { value: 'pipe', label: 'Pipe' },
      ],
      default: 'comma',
    }),
    numbers: f.choice({
      label: 'Numbers',
      group,
      default: 'usual',
      options: [
        { value: 'usual', label: 'As usual', help: '-1234.5' },
        { value: 'marked', label: 'With marks', help: 'A decimal comma, or thousands: -1.234,5.' },
      ],
    }),
    decimal: { ...decimal, group, when: marked },
    thousands: { ...thousands, group, when: marked },
    numberColumns: f.columns({ label: 'In columns', group, help: 'None: all columns of numbers.', types: numberTypes, default: [], when: marked }),
    header: f.boolean({ label: 'Write a header', help: 'The first line holds the names of the columns.', default: true, advanced: true }),
    compress: f.boolean({ label: 'Compress with gzip', default: false, advanced: true }),
    visible: f.choice({
      label: 'Rows become visible',
      help: 'Only for runs that commit with each checkpoint.',
      options: [
        { value: 'checkpoint', label: 'With each checkpoint' },
        { value: 'at-once', label: 'At once', help: 'A reader may see rows of which some come a second time after a crash.' },
      ],
      default: 'checkpoint',
      advanced: true,
    }),
  },
  card: (params) => (params.path ? shortPath(params.path) + folderCard(params) : 'Choose a file'),
  adding: (params) => ({ ...params, mode: 'append' }),
  writes: (params) => [pathOfAll(params.path, params)],
  writesText: ({ numbers, folders }, name) => numbers === 'usual' && folders.every(({ column }) => column !== name),
  infer: ({ params, inputs }) => {
    const problems = folderProblems(params, inputs.rows ?? null);
    const message = params.numbers === 'marked' ? numberFormatProblem(params) : null;
    const hint = 'Choose another thousands separator.';
    if (message !== null) problems.push({ code: 'csv/number-marks', severity: 'error', message, hint, field: 'thousands' });
    return { outputs: {}, problems };
  },
  code,
  takesParts: ({ folders }) => folders.length === 0,
  openPart: (context) => code().openCsvPart(context),
  run: (context) => code().openCsvOutput(context),
  examples: [
    {
      title: 'Quotes only what needs it',
      params: { path: 'readings.csv' },
      inputs: {
        rows: [
          { id: 1, place: 'Oslo, Norway', temperature: 12.5, note: null },
          { id: 2, place: 'the "north"', temperature: null, note: '' },
        ],
      },
      writes: { 'readings.csv': 'id,place,temperature,note\n1,"Oslo, Norway",12.5,\n2,"the ""north""",,""\n' },
    },
    {
      title: 'Times, JSON and bytes',
      params: { path: 'events.tsv', delimiter: 'tab' },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'at', type: 'timestamp', nullable: false },
            { name: 'ok', type: 'boolean', nullable: true },
            { name: 'tags', type: 'json', nullable: true },
            { name: 'raw', type: 'bytes', nullable: true },
          ],
        },
      },
      inputs: { rows: [{ at: 1706702400000, ok: true, tags: ['a', 'b'], raw: Uint8Array.of(1, 2, 3) }] },
      writes: { 'events.tsv': 'at\tok\ttags\traw\n2024-01-31T12:00:00.000Z\ttrue\t"[""a"",""b""]"\tAQID\n' },
    },
    {
      title: 'A decimal comma and thousands',
      params: { path: 'sums.csv', delimiter: 'semicolon', numbers: 'marked' },
      inputs: {
        rows: [
          { id: 'a', sum: 1234567.5 },
          { id: 'b', sum: -12 },
        ],
      },
      writes: { 'sums.csv': 'id;sum\na;1.234.567,5\nb;-12\n' },
    },
    {
      title: 'Append to a file',
      params: { path: 'log.csv', mode: 'append' },
      files: { 'log.csv': 'id\n1\n' },
      inputs: { rows: [{ id: 2 }] },
      writes: { 'log.csv': 'id\n1\n2\n' },
    },
    {
      title: 'No rows: a header alone',
      params: { path: 'empty.csv' },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      inputs: { rows: [] },
      writes: { 'empty.csv': 'id\n' },
    },
  ],
});
