import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import {
  columnsGroup,
  columnTypesField,
  encodingField,
  excludeField,
  formatGroup,
  limitsGroup,
  outputColumns,
  sampleRowsField,
} from '../formats/column-fields.ts';
import { looksLikeJson } from '../formats/recognise.ts';

const code = loaded(() => import('../formats/json/json-source.ts'));

export default defineNode({
  type: 'jsonl-file',
  kind: 'source',
  title: 'JSON file',
  summary: 'Reads rows from JSON Lines, arrays and other JSON documents, plain or gzip.',
  category: 'Files',
  icon: 'braces',
  version: 1,
  keywords: ['json lines', 'jsonl', 'ndjson', 'jsonlines', 'array', 'api', 'log', 'gzip', 'import'],
  docs: `
Reads JSON objects; their keys are columns. The objects may be on a line each (JSON Lines), in one array, or one after another. **Path to the records** names a list within objects: \`data.items\` reads \`{"data": {"items": [...]}}\`, and lists along the path are read item by item. A file may be of any size, because it is read in pieces.

Reads one file, or several: \`logs/*.jsonl\` reads all files that match (\`*\`, \`?\`, and \`**\` for any folders), in the order of their names. Gzip is recognised by its content.

### Columns
The columns are all keys of a sample of the rows (the first 1,000, and some from the middle and the end), in the order in which they appear. Types are string, integer, number, decimal, boolean, date and timestamp (ISO 8601 strings), and json for objects, arrays and mixtures. Under **Column types** set other types, and add columns that only later rows have. Numbers are never rounded: a column of numbers that would be rounded is decimal.

Strings and numbers with a format of their own, such as "1.299,99", "31.01.2026", "ja" or seconds since 1970, are read by the format set under **Column types**. A JSON number stays a number in any of them.

### Missing values
A key that is null or missing is null, and so are the marks for missing of a column. Blank lines are skipped.

### Errors
A row that cannot be read is a failure with file, line and raw text: a line or record that is not JSON or not an object, a value that does not fit its column's type, a key that is not a column (unless these are ignored, which the log counts).

If an object has a key twice, either the last value counts and the log says how many rows had one, or the row is a failure, by choice.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  params: {
    path: f.file({ label: 'File', mode: 'open', glob: true, extensions: ['json', 'jsonl', 'ndjson', 'geojson', 'gz'], placeholder: 'data/*.json' }),
    exclude: excludeField,
    layout: f.choice({
      label: 'Layout',
      group: formatGroup,
      detected: true,
      default: 'auto',
      options: [
        { value: 'auto', label: 'Detect' },
        { value: 'lines', label: 'An object on each line' },
        { value: 'document', label: 'An array, or several documents', help: 'They may span several lines and follow one another.' },
      ],
    }),
    records: f.text({
      label: 'Path to the records',
      group: formatGroup,
      detected: true,
      optional: true,
      placeholder: 'data.items',
      help: 'Path of the list of records within the documents. Empty: the file is the list.',
      when: { param: 'layout', is: ['auto', 'document'] },
    }),
    encoding: encodingField,
    types: columnTypesField,
    sampleRows: sampleRowsField,
    fileColumn: f.text({ label: 'Column for the file name', group: columnsGroup, optional: true, advanced: true }),
    extra: f.choice({
      label: 'Keys that are not columns',
      group: limitsGroup,
      default: 'error',
      options: [
        { value: 'error', label: 'The row fails' },
        { value: 'ignore', label: 'Leave out, and count in the log' },
      ],
    }),
    doubleKeys: f.choice({
      label: 'A key twice in an object',
      group: limitsGroup,
      default: 'last',
      options: [
        { value: 'last', label: 'Use the last value', help: 'The log says how many rows had such a key.' },
        { value: 'error', label: 'The row fails' },
      ],
    }),
    maxRowSize: f.number({ label: 'Longest row', group: limitsGroup, default: 16, min: 1, max: 256, unit: 'MB' }),
  },
  card: ({ path }) => (path ? shortPath(path) : 'Choose a file'),
  infer: ({ params, discovered }) => outputColumns(discovered, params.types, params.fileColumn || null, true),
  reads: ({ path }) => [path],
  scans: true,
  opens: { extensions: ['json', 'jsonl', 'ndjson', 'geojson'], recognises: looksLikeJson, params: (path) => ({ path }) },
  code,
  discover: (context) => code().discoverJsonFiles(context),
  split: (context, wanted) => code().splitJsonFiles(context, wanted),
  run: (context) => code().openJsonFiles(context),
  examples: [
    {
      title: 'Columns from the keys of all rows',
      params: { path: 'events.jsonl' },
      files: {
        'events.jsonl': '{"at":"2026-01-31T12:00:00Z","user":{"name":"Ada"},"count":2}\n\n{"at":"2026-01-31T12:00:01Z","count":3,"ok":true}\n',
      },
      outputs: {
        rows: [
          { at: 1769860800000, user: { name: 'Ada' }, count: 2, ok: null },
          { at: 1769860801000, user: null, count: 3, ok: true },
        ],
      },
    },
    {
      title: 'A whole number beyond 2^53 stays as it is',
      params: { path: 'ids.jsonl' },
      files: { 'ids.jsonl': '{"id":12345678901234567890}\n{"id":1}\n' },
      outputs: { rows: [{ id: '12345678901234567890' }, { id: '1' }] },
    },
    {
      title: 'A broken line',
      params: { path: 'broken.jsonl' },
      files: { 'broken.jsonl': '{"a":1}\n{"a":\n[1]\n{"a":4}\n' },
      outputs: { rows: [{ a: 1 }, { a: 4 }] },
      failures: ['2 of the first 4 lines', 'The line is not JSON: Unexpected end of JSON input', 'not an object'],
    },
    {
      title: 'A list within an object',
      params: { path: 'page.json', records: 'data.items' },
      files: { 'page.json': '{\n  "total": 2,\n  "data": {"items": [\n    {"id": 1},\n    {"id": 2}\n  ]}\n}\n' },
      outputs: { rows: [{ id: 1 }, { id: 2 }] },
    },
    { title: 'One array', params: { path: 'ids.json' }, files: { 'ids.json': '[{"id": 1}, {"id": 2}]' }, outputs: { rows: [{ id: 1 }, { id: 2 }] } },
    { title: 'An empty file', params: { path: 'empty.jsonl' }, files: { 'empty.jsonl': '' }, outputs: { rows: [] }, failures: ['holds no rows'] },
  ],
});
