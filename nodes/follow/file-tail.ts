import { formatDocs } from '@millrace/kit/formats/log-formats';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import { outputColumns } from '../formats/column-fields.ts';
import { isTextFormat, knownColumns, type TextFormat, textProblems } from '../formats/log-fields.ts';
import { declared, fixedColumns, tailFields } from './tail-fields.ts';

const code = loaded(() => import('./runtime/followed-files.ts'));

export default defineNode({
  type: 'file-tail',
  kind: 'source',
  title: 'Follow files',
  summary: 'Reads what is appended to files, continuously: logs, for example.',
  category: 'Files',
  icon: 'file-text',
  version: 1,
  keywords: ['tail', 'log', 'append', 'watch', 'stream', 'rotate'],
  docs: `
Reads files to their end, then waits for what is appended to them. \`logs/*.jsonl\` follows all files that match, including those created later. To read files once, use *Text file*, *JSON file* or *CSV file*.

The files are UTF-8. Columns are inferred from a sample of the rows that exist now. Under **Column types** set other types and, for JSON, add columns that only later rows have.

### What counts as a row
- A line counts once it is complete. The last line of a file that was deleted, or replaced by a new file of the same name, counts without a line end when nothing has been appended for two seconds.
- **Lines of text** become columns by a named format, by pairs (\`level=info ms=12\`), or by a pattern, as described at *Text file*. Lines that do not match are failures with their place.
${formatDocs}

- **Entries of several lines**, such as stack traces: an entry begins at each line that matches *An entry begins with*. The last entry is complete when the next one begins, or when nothing has been appended for two seconds. What is appended to it later is an entry of its own.

### When files change
| a file is | what happens |
|---|---|
| renamed (rotation) | it is read to its end before the new file of its name. Files are identified by their inode, so rows are not read again under another name, by a link, or when the file returns. |
| truncated or rewritten | it is read from its beginning again. Bytes that had been seen but not read are counted as lost, and the log says so. If a copy was made before and is followed, reading continues in the copy. |
| compressed | a gzip file is read as a whole once it is complete, without what was already read of the file that it is a copy of. |
| deleted | it is read to its end. The node waits for a new file of that name. |
| not readable | broken links, pipes and files without permission are named in the log once. The others are followed. |

NUL bytes are skipped: a program leaves them when it keeps writing at its old position in a truncated file. The log says how many, and where.

### Resuming
A run that resumes from a checkpoint continues exactly where it was, even if the files were renamed within their folder, compressed, or restored from a copy in the meantime. The log reports what cannot be found again.

A copy of a file that still exists is a file of its own. A compressed copy with less than a kilobyte of content is recognised by the names that its original had. If the original was never seen by a run and still exists under an unrelated name (a hard link), the copy is read as a file of its own.
`,
  outputs: [{ name: 'rows' }],
  bounded: false,
  params: tailFields,
  card: ({ path, from }) => (path ? `${shortPath(path)}${from === 'end' ? '\nfrom its end on' : ''}` : 'Choose a file'),
  infer: ({ params, discovered }) => {
    const { format } = params;
    const found = fixedColumns(format) ? knownColumns({ ...params, format: format as TextFormat }) : (discovered ?? declared(params));
    const inference = outputColumns(found, params.types, params.fileColumn || null, format === 'jsonl' || format === 'logfmt');
    if (!isTextFormat(format)) return inference;
    return { ...inference, problems: [...(inference.problems ?? []), ...textProblems({ ...params, format })] };
  },
  reads: ({ path }) => [path],
  code,
  discover: (context) => code().discoverTail(context),
  run: (context) => code().openTail(context),
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
