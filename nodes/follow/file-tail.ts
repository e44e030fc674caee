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
Reads files to their end and then waits for more. \`logs/*.jsonl\` follows all files that match, also those that are created later.

- **Rotation**: a renamed file is read to its end before the new file of its name. It is identified by its inode: rows that
  were read are not read again under another name, by a link, or when it comes back.
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

A run that resumes from a checkpoint continues exactly where it was, even if the files were meanwhile renamed within their
folder, compressed, or restored from a copy. What cannot be found again is reported in the log. A copy of a file that stays is a
file of its own. A compressed copy with less than a kilobyte of content is known by the names that its original had: one that was
made of a file which no run has seen, and which stays under an unrelated name (a hard link), is read as a file of its own.

Columns are inferred from a sample of the rows that are there now. Under **Column types** set other types and, for JSON, add
columns that only later rows have. The files are UTF-8.
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
