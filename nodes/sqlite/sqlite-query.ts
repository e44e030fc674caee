import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import { columnTypesField, outputColumns } from '../formats/column-fields.ts';
import { isDatabase } from '../formats/recognise.ts';
import { exampleDatabase } from './example-database.ts';

const code = loaded(() => import('./runtime/sqlite-source.ts'));

export default defineNode({
  type: 'sqlite-query',
  kind: 'source',
  title: 'SQLite query',
  summary: 'Reads a table of a SQLite database, or the result of a query.',
  category: 'Databases',
  icon: 'database-import',
  version: 1,
  keywords: ['database', 'table', 'sql', 'select', 'import'],
  docs: `
Reads a whole table or view, or the rows of one SELECT statement. The database is opened for reading only and read in batches, so the result may be of any size.

A sink of the same pipeline may write to the same database: all rows are then read before the first one is written. If the run may resume after it was stopped, give the query an \`ORDER BY\`.

### Types
Types follow the declared types of columns: \`INTEGER\`, \`REAL\`, \`TEXT\`, \`BLOB\`, \`BOOLEAN\`, \`TIMESTAMP\`, \`DATE\`, \`JSON\`, \`DECIMAL_TEXT\` and their relatives. A column of numbers is decimal if the first 1,000 rows of its table have a whole number beyond 2^53, or digits as text. Expressions have no declared type: it is inferred from the first 1,000 rows. Set other types under **Column types**.

### Errors
A row that cannot be read is a failure that names the row: a value that does not fit its column's type, or a whole number beyond 2^53, which is never rounded. Read as Decimal, it keeps all its digits. A number in a column declared \`TIMESTAMP\` is milliseconds since 1970. If it looks like another unit, it fails, and one click reads it in that unit.
`,
  outputs: [{ name: 'rows' }],
  bounded: true,
  params: {
    path: f.file({ label: 'Database file', mode: 'open', extensions: ['db', 'sqlite', 'sqlite3'], placeholder: 'data.db' }),
    read: f.choice({
      label: 'Read',
      default: 'table',
      options: [
        { value: 'table', label: 'A table or view' },
        { value: 'query', label: 'A query' },
      ],
    }),
    table: f.text({ label: 'Table', placeholder: 'readings', when: { param: 'read', is: ['table'] } }),
    sql: f.sql({ label: 'SQL', placeholder: 'SELECT * FROM readings ORDER BY time', when: { param: 'read', is: ['query'] } }),
    types: columnTypesField,
  },
  card: ({ path, read, table, sql }) => {
    if (!path) return 'Choose a database file';
    if (read === 'table') return table ? `${shortPath(path)} · ${table}` : 'Name a table';
    return sql ? `${shortPath(path)} · query` : 'Write a query';
  },
  infer: ({ params, discovered }) => outputColumns(discovered, params.types),
  reads: ({ path }) => [path],
  opens: { extensions: ['db', 'sqlite', 'sqlite3'], recognises: isDatabase, params: (path, file) => ({ path, table: code().firstTable(file) }) },
  code,
  discover: (context) => code().discoverRows(context),
  run: (context) => code().openQueryRows(context),
  examples: [
    {
      title: 'A table, with a whole number that a double would round',
      params: { path: 'parts.db', table: 'parts' },
      files: { 'parts.db': exampleDatabase },
      outputs: {
        rows: [
          { id: '1', name: 'bolt', price: 0.25, ok: true, added: 1769860800000, tags: ['m4'] },
          { id: '2', name: 'nut', price: null, ok: false, added: null, tags: null },
          { id: '9007199254740993', name: 'washer', price: 0.1, ok: true, added: null, tags: null },
        ],
      },
    },
    {
      title: 'A query',
      params: { path: 'parts.db', read: 'query', sql: 'SELECT CAST(id AS TEXT) AS id, name, price * 4 AS four FROM parts WHERE price > 0 ORDER BY id' },
      files: { 'parts.db': exampleDatabase },
      outputs: {
        rows: [
          { id: '1', name: 'bolt', four: 1 },
          { id: '9007199254740993', name: 'washer', four: 0.4 },
        ],
      },
    },
    {
      title: 'A table that is not there',
      params: { path: 'parts.db', table: 'pieces' },
      files: { 'parts.db': exampleDatabase },
      outputs: { rows: [] },
      failures: ['has no table "pieces"'],
    },
    {
      title: 'A file that is not a database',
      params: { path: 'parts.csv', table: 'parts' },
      files: { 'parts.csv': 'id,name\n' },
      outputs: { rows: [] },
      failures: ['not a SQLite database'],
    },
  ],
});
