import { numericTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { sourceFormatFields } from '@millrace/kit/formats/column-formats';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import type { ColumnType } from '../../model/values/types.ts';
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
import { dialectFields } from '../formats/csv-fields.ts';
import { looksSeparated } from '../formats/recognise.ts';

const code = loaded(() => import('../formats/csv/csv-source.ts'));

export default defineNode({
  type: 'csv-file',
  kind: 'source',
  title: 'CSV file',
  summary: 'Reads rows from CSV files, plain or gzip, and infers the types from the data.',
  category: 'Files',
  icon: 'file-type-csv',
  version: 1,
  keywords: ['tsv', 'delimited', 'text', 'gzip', 'import'],
  docs: `
Reads one CSV file, or several: \`data/*.csv\` reads all files that match (\`*\`, \`?\`, and \`**\` for any folders), in the order of their names. The columns of several files are matched by name: a file without a column has nulls there. Gzip is recognised by its content.

### Format of the file
The format is detected from the beginning of the file, and can be set: the delimiter (also from Excel's line \`sep=;\`), lines before the table, comment lines with \`#\`, quotes after a backslash, a delimiter at the end of every line, CR alone as line end.

### Types
Types are inferred from the first 1,000 rows and some from the middle and the end: boolean, integer, number, decimal (whole numbers beyond 2^53, and more digits than a number keeps), date (2026-01-31), timestamp (ISO 8601), otherwise string. No digits are lost: ids such as \`00123\`, codes such as \`12E45\`, and version numbers (1.9 beside 1.10) stay strings. A later row that does not fit fails.

Set a type by hand where you want another one: as an integer, 007 is 7.

Numbers with a decimal comma, thousands, a currency, percent or brackets, days such as 31.01.2026, times counted from 1970, and words for yes and no are strings until you set their format: for one column under **Column types**, for all numbers of the file under **Numbers and missing values**. Where the sample shows such a format, the form offers it by one click.

Columns that no node of the run uses and that go to CSV files are copied as they are written, and need not fit a type.

### Missing values
An unquoted field is null if it is one of the **Marks for missing** or, where there are none, empty. In all columns but strings, a blank field is null too. \`""\` is an empty string. Blank lines are skipped, except in files with one column, where they are nulls.

### Errors
A row that cannot be read is a failure with file, line and raw text: too many or too few fields, a value that does not fit its column's type, a quote that is never closed or is followed by text, NUL bytes, bytes that are not valid in the encoding, a row longer than the limit. If the node's error policy allows it, reading continues after it.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  params: {
    path: f.file({ label: 'File', mode: 'open', glob: true, extensions: ['csv', 'tsv', 'txt', 'gz'], placeholder: 'data/*.csv' }),
    exclude: excludeField,
    delimiter: f.choice({
      label: 'Delimiter',
      group: formatGroup,
      detected: true,
      default: 'auto',
      options: [
        { value: 'auto', label: 'Detect' },
        { value: 'comma', label: 'Comma ,' },
        { value: 'semicolon', label: 'Semicolon ;' },
        { value: 'tab', label: 'Tab' },
        { value: 'pipe', label: 'Pipe |' },
        { value: 'other', label: 'Other' },
      ],
    }),
    otherDelimiter: f.text({
      label: 'Other delimiter',
      group: formatGroup,
      default: '^',
      help: 'One ASCII character; \\t stands for a tab.',
      when: { param: 'delimiter', is: ['other'] },
    }),
    header: f.boolean({ label: 'Header row', group: formatGroup, detected: true, default: true }),
    skip: dialectFields.skip,
    encoding: encodingField,
    quote: f.text({ label: 'Quote', group: formatGroup, detected: true, default: '"', optional: true, help: 'Empty: quotes are ordinary characters.' }),
    comment: dialectFields.comment,
    escape: dialectFields.escape,
    trailing: dialectFields.trailing,
    lineEnds: dialectFields.lineEnds,
    types: columnTypesField,
    sampleRows: sampleRowsField,
    fileColumn: f.text({ label: 'Column for the file name', group: columnsGroup, optional: true, advanced: true }),
    ...sourceFormatFields,
    width: dialectFields.width,
    maxRowSize: f.number({ label: 'Longest row', group: limitsGroup, default: 16, min: 1, max: 256, unit: 'MB' }),
  },
  card: ({ path }) => (path ? shortPath(path) : 'Choose a file'),
  infer: ({ params, discovered }) => outputColumns(discovered, params.types, params.fileColumn || null),
  reads: ({ path }) => [path],
  scans: true,
  opens: { extensions: ['csv', 'tsv', 'txt'], recognises: looksSeparated, params: (path) => ({ path }) },
  readsText: ({ types, numbers, fileColumn }, { name, type }) =>
    name !== fileColumn && !types.some(({ column }) => column === name) && !(numbers === 'marked' && numeric.includes(type)),
  code,
  discover: (context) => code().discoverCsvFiles(context),
  split: (context, wanted) => code().splitCsvFiles(context, wanted),
  joinSplits: (first, second) => code().joinTold(first, second),
  run: (context) => code().openCsvFiles(context),
  examples: [
    {
      title: 'Types are inferred from the data',
      params: { path: 'readings.csv' },
      files: { 'readings.csv': 'time,sensor,temperature,ok\n2026-01-31T12:00:00Z,007,21.5,true\n2026-01-31T12:00:01Z,008,,false\n' },
      outputs: {
        rows: [
          { time: 1769860800000, sensor: '007', temperature: 21.5, ok: true },
          { time: 1769860801000, sensor: '008', temperature: null, ok: false },
        ],
      },
    },
    {
      title: 'Several files, with the name of each',
      params: { path: 'data/*.csv', fileColumn: 'file' },
      files: { 'data/b.csv': 'id;name\n2;"Grace\nHopper"\n', 'data/a.csv': 'id;name\n1;Ada\n' },
      outputs: {
        rows: [
          { id: 1, name: 'Ada', file: 'data/a.csv' },
          { id: 2, name: 'Grace\nHopper', file: 'data/b.csv' },
        ],
      },
    },
    {
      title: 'A row with too few fields, and one with text after a quote',
      params: { path: 'ragged.csv' },
      files: { 'ragged.csv': 'a,b\n1,x\n2\n3,"y"z\n4,w\n' },
      outputs: {
        rows: [
          { a: 1, b: 'x' },
          { a: 4, b: 'w' },
        ],
      },
      failures: ['2 of the first 4 rows', 'has 1 field, but the header has 2', 'text after the closing quote'],
    },
    {
      title: "A bank's export: each column in its format",
      params: {
        path: 'bank.csv',
        types: [
          { column: 'booked', type: 'date', times: 'pattern', pattern: 'dd.MM.yyyy' },
          { column: 'amount', type: 'number', numbers: 'marked', units: '€' },
          { column: 'share', type: 'number', numbers: 'marked', percent: 'fraction', missing: 'k. A.' },
          { column: 'paid', type: 'boolean', yes: 'ja', no: 'nein' },
        ],
      },
      files: { 'bank.csv': 'booked;amount;share;paid\n31.01.2026;1.299,99 €;12,5 %;ja\n01.02.2026;-0,50 €;k. A.;nein\n02.02.2026;12.50;;\n' },
      outputs: {
        rows: [
          { booked: '2026-01-31', amount: 1299.99, share: 0.125, paid: true },
          { booked: '2026-02-01', amount: -0.5, share: null, paid: false },
        ],
      },
      failures: ['"12.50" is not a number such as -1.234,5 €'],
    },
    {
      title: 'Numbers of a whole file, and marks for missing values',
      params: { path: 'towns.csv', numbers: 'marked', nullText: '-, k. A.' },
      files: { 'towns.csv': 'town;people;growth;code\nBonn;336.465;0,3;007\nUlm;-;k. A.;12\n' },
      outputs: {
        rows: [
          { town: 'Bonn', people: 336465, growth: 0.3, code: '007' },
          { town: 'Ulm', people: null, growth: null, code: '12' },
        ],
      },
    },
    { title: 'A header without rows', params: { path: 'empty.csv' }, files: { 'empty.csv': 'a,b\n' }, outputs: { rows: [] } },
    { title: 'A file that is not there', params: { path: 'nowhere.csv' }, outputs: { rows: [] }, failures: ['The file nowhere.csv does not exist.'] },
  ],
});

const numeric: readonly ColumnType[] = numericTypes;
