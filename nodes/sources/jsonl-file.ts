import { decoderFor } from '../formats/byte-reader.ts';
import { columnTypesField, outputColumns } from '../formats/column-types.ts';
import { discoverFiles } from '../formats/file-discovery.ts';
import { FileRows } from '../formats/file-rows.ts';
import { findFiles, tellLeftOut } from '../formats/input-files.ts';
import { discoverJsonl } from '../formats/jsonl-head.ts';
import { JsonlParser } from '../formats/jsonl-parser.ts';
import { looksLikeJsonLines } from '../formats/recognise.ts';
import { shortPath } from '../formats/short-path.ts';
import { f } from '../kit/fields.ts';
import { defineNode } from '../kit/node.ts';

export default defineNode({
  type: 'jsonl-file',
  kind: 'source',
  title: 'JSON Lines file',
  summary: 'Reads one row from each line of JSON Lines files, plain or gzip.',
  category: 'Files',
  icon: 'braces',
  version: 1,
  keywords: ['json', 'ndjson', 'jsonlines', 'log', 'gzip', 'import'],
  docs: `
Each line is one JSON object, and its keys are columns. Reads one file, or several at once: \`logs/*.jsonl\` names all that
match (\`*\`, \`?\`, and \`**\` for any folders), in the order of their names. Gzip is recognised by its content.

**Columns** are all keys of the first 1,000 rows, in the order in which they appear: string, integer, number, boolean,
timestamp (ISO 8601 strings), and json for objects, arrays and mixtures. Under **Column types** set other types, and add
columns that only later rows have. Whole numbers beyond 2^53 are never rounded: their column is a string.

**Null**: a key that is null or missing. Blank lines are skipped.

**Rows that cannot be read** are failures with file, line and raw text: a line that is not JSON or not an object, a value
that does not fit its column's type, a key that is no column (unless these are left out, which the log counts).
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  params: {
    path: f.file({ label: 'File', mode: 'open', glob: true, extensions: ['jsonl', 'ndjson', 'json', 'gz'], placeholder: 'data/*.jsonl' }),
    extra: f.choice({
      label: 'Keys that are no columns',
      default: 'error',
      options: [
        { value: 'error', label: 'Row error' },
        { value: 'ignore', label: 'Leave them out, and count them in the log' },
      ],
    }),
    types: columnTypesField,
    encoding: f.text({
      label: 'Encoding',
      default: 'auto',
      advanced: true,
      help: 'auto is UTF-8, or UTF-16 where the file has a mark. Others: windows-1252, shift_jis ...',
    }),
    fileColumn: f.text({ label: 'Column for the file name', optional: true, advanced: true }),
    maxRowSize: f.number({ label: 'Longest row', default: 16, min: 1, max: 256, unit: 'MB', advanced: true }),
  },
  card: ({ path }) => (path ? shortPath(path) : 'Choose a file'),
  infer: ({ params, discovered }) => outputColumns(discovered, params.types, params.fileColumn || null, true),
  reads: ({ path }) => [path],
  opens: { extensions: ['jsonl', 'ndjson', 'json'], recognises: looksLikeJsonLines, params: (path) => ({ path }) },
  discover: (context) =>
    discoverFiles(context, (files, signal) => {
      const { encoding } = context.params;
      if (encoding !== 'auto') decoderFor(encoding);
      return discoverJsonl(files, encoding, signal);
    }),
  run(context) {
    const { params } = context;
    const format = { extra: params.extra, maxRecordBytes: params.maxRowSize * 1024 * 1024 };
    const parser = new JsonlParser(context.outputs['rows']!, format, params.fileColumn || null, context);
    return new FileRows(findFiles(params.path, context.path, tellLeftOut(context)), parser, { encoding: params.encoding }, context);
  },
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
    { title: 'An empty file', params: { path: 'empty.jsonl' }, files: { 'empty.jsonl': '' }, outputs: { rows: [] }, failures: ['holds no rows'] },
  ],
});
