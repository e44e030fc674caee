import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { columnTypesField, outputColumns } from '../formats/column-fields.ts';
import { cursorNames } from './cursor-columns.ts';

const code = loaded(() => import('./runtime/query-source.ts'));

export default defineNode({
  type: 'mysql-query',
  kind: 'source',
  title: 'MySQL query',
  summary: 'Reads a table or a query of MySQL or MariaDB, once or again and again for what is new.',
  category: 'Databases',
  icon: 'database-search',
  version: 1,
  keywords: ['database', 'mysql', 'mariadb', 'table', 'sql', 'select', 'import'],
  docs: `
Reads a whole table or view, or the rows of one SELECT statement. Rows come as they are needed, so the result may be of any size. The
session cannot change anything. A table is \`name\` (in the database of the connection) or \`database.name\`.

**New rows by.** Columns that grow and together tell rows apart: an \`AUTO_INCREMENT\` key, or a time of change followed by the key
(\`changed_at, id\`). Rows are then read in their order, the position is in the checkpoints of the run, and a run that resumes, or whose
connection breaks, goes on with the row after the last one. With *until it is stopped*, rows that are greater than all before are looked
for again and again. An index over these columns makes that fast. A row that is committed with a smaller value than one that was read
before it is missed, as are updates and deletions that do not change the columns: capture changes from the log of the server for those.

**Without them** a run that resumes reads the result once more and leaves out as many rows as it had: give the query an \`ORDER BY\`.
A connection that breaks in the middle ends the run.

### Types
\`TINYINT(1)\` and \`BIT(1)\` are boolean, other whole numbers integer (decimal, if one of the first 1,000 rows has one beyond 2^53),
\`DECIMAL\` decimal, \`FLOAT\` and \`DOUBLE\` number, \`DATE\` date, \`DATETIME\` and \`TIMESTAMP\` timestamp, \`JSON\` and geometries JSON,
\`BLOB\` and \`BINARY\` bytes, all others text. A \`DATETIME\` has no zone: it is read as UTC. Set other types under **Column types**.

### Errors
A row that cannot be read is a failure that names the row: a whole number beyond 2^53, which is never rounded, a time finer than
milliseconds, the day \`0000-00-00\`. Servers write a \`FLOAT\` with six digits: a table is read with all of them, and a query has to ask
for them with \`+ 0e0\` (\`SELECT ratio + 0e0 AS ratio\`), of which it is reminded.
`,
  outputs: [{ name: 'rows' }],
  bounded: ({ until }) => until === 'end',
  params: {
    connection: f.connection({ label: 'Connection', type: 'mysql' }),
    read: f.choice({
      label: 'Read',
      default: 'table',
      options: [
        { value: 'table', label: 'A table or view' },
        { value: 'query', label: 'A query' },
      ],
    }),
    table: f.text({ label: 'Table', placeholder: 'readings', entries: 'tables', when: { param: 'read', is: ['table'] } }),
    sql: f.sql({ label: 'SQL', placeholder: 'SELECT * FROM readings ORDER BY time', when: { param: 'read', is: ['query'] } }),
    cursor: f.text({
      label: 'New rows by',
      optional: true,
      entries: 'columns',
      placeholder: 'id',
      help: 'Columns that grow and together tell rows apart, separated by commas: rows are read in their order, and a run goes on after the last one.',
    }),
    until: f.choice({
      label: 'Read until',
      default: 'end',
      options: [
        { value: 'end', label: 'The end' },
        { value: 'stopped', label: 'It is stopped', help: 'Looks for new rows again and again.' },
      ],
    }),
    every: f.duration({ label: 'Look for new rows every', default: 5000, min: 100, when: { param: 'until', is: ['stopped'] } }),
    types: columnTypesField,
  },
  card: ({ connection, read, table, sql }) => {
    if (!connection) return 'Choose a connection';
    if (read === 'table') return table ? `${connection} · ${table}` : 'Name a table';
    return sql ? `${connection} · query` : 'Write a query';
  },
  infer({ params, discovered }) {
    const inference = outputColumns(discovered, params.types);
    const cursor = cursorNames(params.cursor);
    if (params.until === 'stopped' && cursor.length === 0) {
      const message = 'Looking for new rows needs columns by which to tell them.';
      const problem = { code: 'mysql/cursor', severity: 'error', message, hint: 'Name them, or read until the end.', field: 'cursor' } as const;
      return { ...inference, problems: [...(inference.problems ?? []), problem] };
    }
    const schema = inference.outputs.rows;
    const missing = cursor.find((name) => schema && !schema.columns.some((column) => column.name === name));
    if (missing === undefined) return inference;
    const problem = {
      code: 'mysql/cursor',
      severity: 'error',
      message: `There is no column "${missing}".`,
      hint: 'Name columns of the rows.',
      field: 'cursor',
    } as const;
    return { ...inference, problems: [...(inference.problems ?? []), problem] };
  },
  code,
  discover: (context) => code().discoverRows(context),
  run: (context) => code().openRows(context),
  examples: [
    { title: 'A connection has to be chosen', params: { table: 'readings' }, outputs: { rows: [] }, failures: ['Connection'] },
    {
      title: 'New rows are told by a column',
      params: { connection: 'shop', table: 'readings', until: 'stopped' },
      outputs: { rows: [] },
      failures: ['needs columns by which to tell them'],
    },
  ],
});
