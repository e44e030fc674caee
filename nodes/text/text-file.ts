import { f } from '@millrace/kit/fields';
import { formatDocs } from '@millrace/kit/formats/log-formats';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import { columnTypesField, encodingField, excludeField, outputColumns, sampleRowsField } from '../formats/column-fields.ts';
import { extraKeysField, maxRowSizeField } from '../formats/line-fields.ts';
import { entryField, knownColumns, linePatternField, logZoneField, textFormats, textProblems } from '../formats/log-fields.ts';
import { looksLikeText } from '../formats/recognise.ts';

const code = loaded(() => import('../formats/text/text-source.ts'));

export default defineNode({
  type: 'text-file',
  kind: 'source',
  title: 'Text file',
  summary: 'Reads lines of text and logs: access logs, syslog, key=value, or by a pattern; plain or gzip.',
  category: 'Files',
  icon: 'file-type-txt',
  version: 1,
  keywords: ['log', 'access log', 'nginx', 'apache', 'clf', 'combined', 'syslog', 'logfmt', 'key=value', 'regex', 'grok', 'lines', 'txt', 'gzip'],
  docs: `
Reads text files line by line and splits the lines into columns: by a named format, by pairs, or by a pattern of your own. To read the same formats while lines are appended, use *Follow files*.

Reads one file, or several: \`logs/access.log*\` reads all files that match (\`*\`, \`?\`, and \`**\` for any folders), in the order of their names, except those under **Leave out**. Gzip is recognised by its content.

### Formats
${formatDocs}

**Pairs** such as \`level=info msg="not found" ms=12\` (logfmt): the keys are columns, with types inferred from a sample. A key that is missing, or has no value, is null.

**By a pattern**: each named group of a regular expression is a column, such as \`^(?<level>[A-Z]+) (?<message>.*)$\`. A group that takes no part in a match is null. Types are inferred from a sample.

**Entries of several lines**, such as stack traces: an entry begins at each line that matches **An entry begins with**.

### Errors
A line that does not match is a failure with file, line and raw text, never a row of nulls: a line in another format, a value that does not fit its column's type, bytes that are not text. Blank lines are skipped, except in plain text. NUL bytes that a crash has left are skipped, and the log says where.

A pattern that backtracks without end, such as \`(a+)+$\`, ends the run with a message that names it.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  params: {
    path: f.file({ label: 'File', mode: 'open', glob: true, extensions: ['log', 'txt', 'gz'], placeholder: 'logs/access.log*' }),
    format: f.choice({ label: 'Each line is', default: 'text', options: textFormats }),
    pattern: linePatternField,
    logZone: logZoneField,
    entry: entryField,
    extra: { ...extraKeysField, when: { param: 'format', is: ['logfmt'] } },
    types: columnTypesField,
    sampleRows: { ...sampleRowsField, when: { param: 'format', is: ['logfmt', 'pattern'] } },
    encoding: encodingField,
    exclude: excludeField,
    fileColumn: f.text({ label: 'Column for the file name', optional: true, advanced: true }),
    maxRowSize: maxRowSizeField,
  },
  card: ({ path }) => (path ? shortPath(path) : 'Choose a file'),
  infer: ({ params, discovered }) => {
    const isTold = params.format === 'logfmt' || params.format === 'pattern';
    const found = isTold ? (discovered ?? knownColumns(params)) : knownColumns(params);
    const { outputs, problems = [] } = outputColumns(found, params.types, params.fileColumn || null, params.format === 'logfmt');
    return { outputs, problems: [...problems, ...textProblems(params)] };
  },
  reads: ({ path }) => [path],
  opens: { extensions: ['log'], recognises: looksLikeText, params: (path, file) => ({ path, format: code().logFormatOf(file) }) },
  code,
  discover: (context) => code().discoverTextFiles(context),
  split: (context, wanted) => code().splitTextFiles(context, wanted),
  run: (context) => code().openTextFiles(context),
  examples: [
    {
      title: 'An access log',
      params: { path: 'access.log', format: 'combined' },
      files: {
        'access.log':
          '203.0.113.7 - ada [31/Jan/2026:13:00:00 +0100] "GET /a?b=1 HTTP/1.1" 200 512 "https://example.org/" "curl/8.5"\n' +
          '203.0.113.8 - - [31/Jan/2026:13:00:01 +0100] "-" 408 - "-" "-"\n' +
          'something else\n',
      },
      outputs: {
        rows: [
          {
            host: '203.0.113.7',
            ident: null,
            user: 'ada',
            time: 1769860800000,
            method: 'GET',
            path: '/a?b=1',
            protocol: 'HTTP/1.1',
            status: 200,
            bytes: 512,
            referer: 'https://example.org/',
            agent: 'curl/8.5',
            rest: null,
          },
          {
            host: '203.0.113.8',
            ident: null,
            user: null,
            time: 1769860801000,
            method: null,
            path: null,
            protocol: null,
            status: 408,
            bytes: null,
            referer: null,
            agent: null,
            rest: null,
          },
        ],
      },
      failures: ['1 of the first 3 lines', 'not in the combined log format'],
    },
    {
      title: 'Pairs',
      params: { path: 'app.log', format: 'logfmt' },
      files: { 'app.log': 'at=2026-01-31T12:00:00Z level=info msg="it \\"runs\\"" ms=12\nat=2026-01-31T12:00:01Z level=warn msg=slow\n' },
      outputs: {
        rows: [
          { at: 1769860800000, level: 'info', msg: 'it "runs"', ms: 12 },
          { at: 1769860801000, level: 'warn', msg: 'slow', ms: null },
        ],
      },
    },
    {
      title: 'A pattern, over entries of several lines',
      params: { path: 'app.log', format: 'pattern', pattern: '^(?<day>\\S+) (?<level>[A-Z]+) (?<message>[^]*)$', entry: '^\\d{4}-' },
      files: { 'app.log': '2026-01-31 ERROR boom\n    at a.b(c.java:5)\n2026-01-31 INFO ok\n' },
      outputs: {
        rows: [
          { day: '2026-01-31', level: 'ERROR', message: 'boom\n    at a.b(c.java:5)' },
          { day: '2026-01-31', level: 'INFO', message: 'ok' },
        ],
      },
    },
    {
      title: 'Lines as they are',
      params: { path: 'notes.txt' },
      files: { 'notes.txt': 'one\n\ntwo' },
      outputs: { rows: [{ line: 'one' }, { line: '' }, { line: 'two' }] },
    },
    { title: 'A file that is not there', params: { path: 'nowhere.log' }, outputs: { rows: [] }, failures: ['The file nowhere.log does not exist.'] },
  ],
});
