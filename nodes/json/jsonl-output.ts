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
Writes each row as one line with a JSON object (UTF-8). Every object has all columns in the order of the schema, those
that are **null** too. Decimals are numbers with all their digits, timestamps ISO 8601 texts in UTC, bytes base64 texts.

**A run whose input ends** makes its rows visible at its end: they are written to a temporary file beside the file and replace
it, or with **Append** are added to its end, when the run has succeeded. A run that fails, is stopped or is killed
leaves the file as it was.

**A run that continues until it is stopped** makes its rows visible with each checkpoint. The first one replaces an existing file;
until then that is as it was. A run that is killed and resumed leaves each row in the file exactly once. **Rows become
visible: at once** writes rows to the file itself as they come: readers wait for nothing, but after a crash the file is cut
back to the last checkpoint and some rows come once more, and an existing file is replaced with the first row. Another
program may add lines to a file that is shown with each checkpoint; it must not shorten it. A run that resumes and finds lines
of another program after its own is refused, and removes nothing.
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
