import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import { folderCard, folderDocs, folderFields, folderProblems, pathOfAll } from '../formats/folder-fields.ts';

const code = loaded(() => import('../formats/json/jsonl-output-file.ts'));

export default defineNode({
  type: 'jsonl-output',
  kind: 'sink',
  title: 'JSON Lines file',
  summary: 'Writes rows to a JSON Lines file: one JSON object a line.',
  category: 'Files',
  icon: 'braces',
  version: 1,
  keywords: ['export', 'save', 'ndjson', 'json', 'gzip'],
  docs: `
Writes each row as one line with a JSON object (UTF-8). Every object has all columns in the order of the schema, including those that are **null**. Decimals are numbers with all their digits, timestamps are ISO 8601 strings in UTC, bytes are base64 strings.

### When rows become visible
**If the input ends**, at the end of the run. Rows are written to a temporary file beside the file. When the run has succeeded, it replaces the file or, with **Append**, is added to its end. A run that fails, is stopped or is killed leaves the file as it was.

**If the run continues until it is stopped**, with each checkpoint. The first checkpoint replaces an existing file; until then the file stays as it was. A run that is killed and resumed leaves each row in the file exactly once. Another program may append lines to the file, but must not shorten it. A run that resumes and finds lines of another program after its own is refused, and removes nothing.

With **Rows become visible: at once**, rows are written to the file as they arrive, so readers do not wait. After a crash, however, the file is cut back to the last checkpoint and some rows are written once more. An existing file is replaced with the first row.
${folderDocs}`,
  inputs: [{ name: 'rows' }],
  params: {
    path: f.file({ label: 'File', mode: 'save', extensions: ['jsonl', 'ndjson', 'json', 'gz'], placeholder: 'result.jsonl' }),
    mode: f.choice({
      label: 'If the file exists',
      options: [
        { value: 'replace', label: 'Replace it' },
        { value: 'append', label: 'Append to it' },
      ],
      default: 'replace',
    }),
    ...folderFields,
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
  infer: ({ params, inputs }) => ({ outputs: {}, problems: folderProblems(params, inputs.rows ?? null) }),
  code,
  takesParts: ({ folders }) => folders.length === 0,
  openPart: (context) => code().openJsonLinesPart(context),
  run: (context) => code().openJsonLines(context),
  examples: [
    {
      title: 'One object a line',
      params: { path: 'readings.jsonl' },
      inputs: {
        rows: [
          { id: 1, place: 'Tromsø', temperature: -3.25, note: null },
          { id: 2, place: 'the "north"\n', temperature: null, note: '' },
        ],
      },
      writes: {
        'readings.jsonl': '{"id":1,"place":"Tromsø","temperature":-3.25,"note":null}\n{"id":2,"place":"the \\"north\\"\\n","temperature":null,"note":""}\n',
      },
    },
    {
      title: 'Times, JSON and bytes',
      params: { path: 'events.jsonl' },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'at', type: 'timestamp', nullable: false },
            { name: 'tags', type: 'json', nullable: true },
            { name: 'raw', type: 'bytes', nullable: true },
          ],
        },
      },
      inputs: { rows: [{ at: 1706702400000, tags: { a: [1, null] }, raw: Uint8Array.of(1, 2, 3) }] },
      writes: { 'events.jsonl': '{"at":"2024-01-31T12:00:00.000Z","tags":{"a":[1,null]},"raw":"AQID"}\n' },
    },
    {
      title: 'Append to a file whose last line has no end',
      params: { path: 'log.jsonl', mode: 'append' },
      files: { 'log.jsonl': '{"id":1}' },
      inputs: { rows: [{ id: 2 }] },
      writes: { 'log.jsonl': '{"id":1}\n{"id":2}\n' },
    },
    {
      title: 'No rows: an empty file',
      params: { path: 'empty.jsonl' },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      inputs: { rows: [] },
      writes: { 'empty.jsonl': '' },
    },
  ],
});
