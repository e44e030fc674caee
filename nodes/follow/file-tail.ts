import { discoverFiles } from '../../io/files/file-discovery.ts';
import { UnrelatedFileRows } from '../../io/files/file-rows.ts';
import { excludeField, findFiles, type InputFile, listFiles } from '../../io/files/input-files.ts';
import { shortPath } from '../../io/files/short-path.ts';
import { f, type ParamsOf } from '../../kit/fields.ts';
import { formatDocs } from '../../kit/formats/log-formats.ts';
import { defineNode } from '../../kit/node.ts';
import { itemAt, lastOf } from '../../model/problems/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json, Schema } from '../../model/values/types.ts';
import { CellFormats } from '../formats/cells/cell-formats.ts';
import { columnTypesField, outputColumns, sampleRowsField } from '../formats/cells/column-types.ts';
import { discoverCsv, readCsvHead } from '../formats/csv/csv-head.ts';
import { csvOptions } from '../formats/csv/csv-options.ts';
import type { CsvHead, CsvHeadOptions } from '../formats/csv/csv-sample.ts';
import { discoverJsonl } from '../formats/json/jsonl-head.ts';
import { csvFormatFields, extraKeysField, type LineFormat, lineFormatField, lineParser, maxRowSizeField } from '../formats/lines/line-format.ts';
import { entryField, isTextFormat, knownColumns, linePatternField, logZoneField, type TextFormat, textProblems } from '../formats/text/log-fields.ts';
import { discoverText } from '../formats/text/text-head.ts';
import { FileTail } from './tail.ts';
import { lineStart } from './tailed-file.ts';

const params = {
  path: f.file({ label: 'File', mode: 'open', glob: true, extensions: ['log', 'jsonl', 'ndjson', 'csv', 'txt'], placeholder: 'logs/*.jsonl' }),
  format: lineFormatField,
  pattern: linePatternField,
  logZone: logZoneField,
  entry: entryField,
  from: f.choice({
    label: 'Begin at',
    default: 'beginning',
    help: 'For files that exist when a new run starts. Files that appear later are read from the beginning.',
    options: [
      { value: 'beginning', label: 'The beginning' },
      { value: 'end', label: 'The end', help: 'Only what is appended from now on.' },
    ],
  }),
  header: f.boolean({ label: 'First row holds the names', default: true, when: { param: 'format', is: ['csv'] } }),
  delimiter: f.choice({
    label: 'Delimiter',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Detect' },
      { value: 'comma', label: 'Comma ,' },
      { value: 'semicolon', label: 'Semicolon ;' },
      { value: 'tab', label: 'Tab' },
      { value: 'pipe', label: 'Pipe |' },
    ],
    when: { param: 'format', is: ['csv'] },
    advanced: true,
  }),
  ...csvFormatFields,
  extra: extraKeysField,
  types: columnTypesField,
  sampleRows: { ...sampleRowsField, when: { param: 'format', is: ['jsonl', 'csv', 'logfmt', 'pattern'] } },
  exclude: excludeField,
  fileColumn: f.text({ label: 'Column for the file name', optional: true, advanced: true }),
  maxRowSize: maxRowSizeField,
};
type Params = ParamsOf<typeof params>;
/** What a preview looks at, at the end of files that are larger. */
const sampleBytes = 1024 * 1024;

export default defineNode({
  type: 'file-tail',
  kind: 'source',
  title: 'Follow files',
  summary: 'Reads what is appended to files, as it comes, without end: logs, for instance.',
  category: 'Files',
  icon: 'file-text',
  version: 1,
  keywords: ['tail', 'log', 'append', 'watch', 'stream', 'rotate'],
  docs: `
Reads files to their end and then waits for more. \`logs/*.jsonl\` follows all that match, also those that are made later.

- **Rotation**: a file that is renamed is read to its end before the new one of its name is begun. It is known by its inode: what
  was read is not read again under another name, by a link, or when it comes back.
- **Cut off**: a file that becomes shorter, or is written anew, is read from its beginning again. Bytes that were seen and not
  read are counted as lost, and the log says so. A copy that was made before, and that is followed, is read on.
- **Compressed**: a gzip file is read as a whole once it is complete, but for what was read of the file that it is a copy of.
- **Holes**: NUL bytes, as a program leaves them that writes on at its old place in a file that was cut off, are passed over. The log
  says how many, and where.
- **Gone**: a file that is deleted is read to its end, and waited for.
- **Cannot be read**: links to nowhere, pipes and files without permission are named in the log once; the others are followed.
- A line counts once its end is there. The last line of a file that was deleted, or replaced by a new one of its name, counts
  without it when nothing has come for two seconds.

**Lines of text** become columns by a format that has a name, by pairs (\`level=info ms=12\`), or by a pattern: the node Text file
describes them. Lines that do not fit are failures with their place.
${formatDocs}

**Entries of several lines**, such as stack traces: text is cut where a line matches **An entry begins with**. The last entry
comes when the next one begins, or when nothing has come for two seconds; what is appended to it later is an entry of its own.

A run that goes on from a checkpoint reads on exactly where it was, also where the files were renamed meanwhile within their
folder, compressed, or restored from a copy. What cannot be found again is told in the log. A copy of a file that stays is a
file of its own. A compressed copy with less than a kilobyte of content is known by the names that its original had: one that was
made of a file which no run has seen, and which stays under an unrelated name (a hard link), is read as a file of its own.

Columns are told from a sample of the rows that are there now. Under **Column types** set other types and, for JSON, add
columns that only later rows have. The files are UTF-8.
`,
  outputs: [{ name: 'rows' }],
  bounded: false,
  params,
  card: ({ path, from }) => (path ? `${shortPath(path)}${from === 'end' ? '\nfrom its end on' : ''}` : 'Choose a file'),
  infer: ({ params, discovered }) => {
    const { format } = params;
    const found = fixedColumns(format) ? knownColumns({ ...params, format: format as TextFormat }) : (discovered ?? declared(params));
    const inference = outputColumns(found, params.types, params.fileColumn || null, format === 'jsonl' || format === 'logfmt');
    if (!isTextFormat(format)) return inference;
    return { ...inference, problems: [...(inference.problems ?? []), ...textProblems({ ...params, format })] };
  },
  reads: ({ path }) => [path],
  discover: async (context) => {
    const { params, brief } = context;
    const found = await discoverFiles(context, async (files, signal) => {
      const { format, sampleRows } = params;
      const formats = new CellFormats(params.types);
      if (isTextFormat(format)) return discoverText(files, { ...params, format, encoding: 'utf-8', formats }, signal);
      return format === 'csv'
        ? discoverCsv(files, csvOptions(csvParams(params)), signal, { brief })
        : discoverJsonl(files, { encoding: 'auto', sampleRows, formats, brief }, signal);
    });
    // Nothing there yet is no mistake where the columns are declared.
    const known = declared(params);
    return found.schema === null && known ? { ...found, schema: known, problems: [] } : found;
  },
  async run(context) {
    const { params } = context;
    const schema = context.outputs.rows;
    const line = await lineFormatOf(params, schema, context.path);
    const options = {
      path: params.path,
      exclude: params.exclude,
      from: params.from,
      batchSize: context.batchSize,
      start: context.start,
      signal: context.signal,
    };
    if (!context.sample) {
      const parser = (fail: typeof context.fail) => lineParser(line, schema, { fail, log: context.log, pattern: context.pattern });
      return new FileTail({ ...options, resolve: context.path, parser, fail: context.fail, log: context.log });
    }
    const files = findFiles(params.path, context.path, undefined, params.exclude);
    return new UnrelatedFileRows(files, lineParser(line, schema, context), { encoding: 'utf-8' }, { ...context, start: newest(files) });
  },
  examples: [
    {
      title: 'A log of JSON lines',
      params: { path: 'logs/app.jsonl' },
      files: { 'logs/app.jsonl': '{"at":"2026-01-31T12:00:00Z","level":"info"}\n{"at":"2026-01-31T12:00:01Z","level":"error"}\n' },
      outputs: {
        rows: [
          { at: 1769860800000, level: 'info' },
          { at: 1769860801000, level: 'error' },
        ],
      },
    },
    {
      title: 'Lines of text of several files',
      params: { path: 'logs/*.log', format: 'text', fileColumn: 'file' },
      files: { 'logs/a.log': 'started\nready\n', 'logs/b.log': 'started\n' },
      outputs: {
        rows: [
          { line: 'started', file: 'logs/a.log' },
          { line: 'ready', file: 'logs/a.log' },
          { line: 'started', file: 'logs/b.log' },
        ],
      },
    },
    {
      title: 'Entries of several lines',
      params: { path: 'app.log', format: 'text', entry: '^\\d{4}-' },
      files: { 'app.log': '2026-01-31 ERROR boom\n    at a.b(c.java:5)\n2026-01-31 INFO ok\n' },
      outputs: { rows: [{ line: '2026-01-31 ERROR boom\n    at a.b(c.java:5)' }, { line: '2026-01-31 INFO ok' }] },
    },
    {
      title: 'A broken record',
      params: { path: 'readings.csv', format: 'csv' },
      files: { 'readings.csv': 'id,value\n1,2.5\n2\n3,4\n' },
      outputs: {
        rows: [
          { id: 1, value: 2.5 },
          { id: 3, value: 4 },
        ],
      },
      failures: ['cannot be read', 'The row has 1 field'],
    },
  ],
});

/** Where the newest rows are: all of them where the files are small. */
function newest(files: readonly InputFile[]): Json {
  if (files.reduce((sum, { size }) => sum + size, 0) <= sampleBytes) return null;
  const last = lastOf(files);
  return { file: last.name, offset: lineStart(last.path, last.size - sampleBytes), line: 1 };
}

/** What the params say by themselves; null where they say nothing. */
function declared({ format, types, pattern }: Params): Schema | null {
  if (format === 'csv') return null;
  const known = isTextFormat(format) ? knownColumns({ format, pattern }) : null;
  return known ?? (types.length > 0 ? { columns: [] } : null);
}

/** Whether nothing of the columns is told from the lines. */
function fixedColumns(format: Params['format']): boolean {
  return isTextFormat(format) && format !== 'logfmt' && format !== 'pattern';
}

function csvParams(params: Params) {
  const plain = { skip: 0, comment: null, escape: 'none', trailing: 'no' } as const;
  return { ...params, ...plain, otherDelimiter: '', quote: '"', encoding: 'auto' };
}

async function lineFormatOf(params: Params, schema: Schema, resolve: (path: string) => string): Promise<LineFormat> {
  const { format, extra, maxRowSize } = params;
  const fileColumn = params.fileColumn || null;
  const formats = new CellFormats(params.types, format === 'csv' ? params : {});
  const none = { dialect: { delimiter: 44, quote: 34 }, nullText: '', header: null };
  const line = { format, extra, text: params, fileColumn, maxRowSize, formats };
  if (format !== 'csv') return { ...line, csv: none };
  const options = csvOptions(csvParams(params));
  const { file, head } = await firstHead(params, resolve, options);
  const width = schema.columns.length - (fileColumn === null ? 0 : 1);
  const found = head.names?.length ?? head.rows[0]?.length ?? 0;
  if (found !== width) {
    const message = `${file.name} has ${found} columns now, but the pipeline was checked with ${width}.`;
    throw new MillraceError({ code: 'csv/header', message, hint: 'The file has changed meanwhile: check the pipeline again.' });
  }
  return { ...line, csv: { dialect: head.dialect, nullText: options.nullText, header: head.names } };
}

/** Of the first file that has one: a file may be empty because it was made a moment ago. */
async function firstHead(
  { path, exclude }: Pick<Params, 'path' | 'exclude'>,
  resolve: (path: string) => string,
  options: CsvHeadOptions,
): Promise<{ readonly file: InputFile; readonly head: CsvHead }> {
  let failed: unknown = null;
  for (const file of listFiles(path, resolve, exclude).files) {
    try {
      return { file, head: await readCsvHead(file, options, options.header ? 0 : 1) };
    } catch (error) {
      failed ??= error;
    }
  }
  if (failed) throw failed;
  const file = itemAt(findFiles(path, resolve, undefined, exclude), 0);
  return { file, head: await readCsvHead(file, options, options.header ? 0 : 1) };
}
