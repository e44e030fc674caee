import { connectionOf } from '@millrace/kit/connection';
import { loaded } from '@millrace/kit/loaded';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { outputColumnProblem } from '@millrace/kit/params';
import type { Schema } from '../../model/values/types.ts';
import postgres from './postgres-connection.ts';
import { type QueryParams, queryParams } from './query-params.ts';

const code = loaded(() => import('./runtime/query-source.ts'));

export default defineNode({
  type: 'postgres-query',
  kind: 'source',
  title: 'PostgreSQL query',
  summary: 'Reads a table of a PostgreSQL database, or the result of a query, once or repeatedly.',
  category: 'Databases',
  icon: 'database-share',
  version: 1,
  keywords: ['database', 'postgres', 'table', 'sql', 'select', 'import', 'poll', 'incremental'],
  docs: `
Reads a whole table or view, or the rows of one SELECT statement, in a transaction that cannot write. Rows come in portions of about a
megabyte, so the result may be of any size. A table is \`name\` (in the schema \`public\`) or \`schema.name\`.

**Cursor.** With a column that grows, rows come in its order, and each reading begins above the last value of the one before. That value is
in the checkpoints of the run. Where the server is away, the run waits and goes on with the next row. Rows whose value is the same as the
last one, and that are committed after it was read, are not seen: choose a column whose values are different, such as an id. The same is
true of rows that get a smaller value and are committed later; change data capture has no such gap.

Without a cursor each reading is of all rows. If it may resume after it was stopped, give the query an \`ORDER BY\`.

### Types
As the server describes them: \`smallint\`, \`integer\` and \`bigint\` are integers (decimals, if the first 1,000 rows have a number beyond
2^53), \`numeric\` is decimal, \`real\` and \`double precision\` are numbers, \`timestamptz\` is a timestamp, and so is \`timestamp\`, which is
taken as UTC; \`date\` is a date, \`json\` and \`jsonb\` are JSON, \`bytea\` is bytes, and an array is a JSON list. Anything else is text as the
server writes it: enums, \`uuid\`, \`inet\`, \`time\`, \`interval\` (ISO 8601), ranges, types of extensions.

Times have microseconds in PostgreSQL, and are cut to milliseconds unless you choose otherwise under **Finer than 1 ms**. The cursor still
counts microseconds.

### Errors
A row fails that has a value for which there is none here: \`NaN\`, \`infinity\`, a time before Christ, a whole number beyond 2^53. Cast it in
a query.
`,
  outputs: [{ name: 'rows' }],
  bounded: ({ repeat }) => repeat === null,
  params: queryParams,
  card: ({ connection, read, table, sql }) => {
    if (!connection) return 'Choose a connection';
    if (read === 'table') return table ? `${connection} · ${table}` : 'Name a table';
    return sql ? `${connection} · query` : 'Write a query';
  },
  infer: ({ params, discovered }) => ({ outputs: { rows: discovered }, problems: problemsOf(params, discovered) }),
  code,
  discover: (context) => code().discoverRows(context, () => connectionOf(postgres, context)),
  run: (context) => code().openRows(context, connectionOf(postgres, context)),
  examples: [
    { title: 'A connection has to be chosen', params: { table: 'orders' }, outputs: { rows: [] }, failures: ['Connection'] },
    { title: 'A query has to be written', params: { connection: 'shop', read: 'query' }, outputs: { rows: [] }, failures: ['SQL'] },
  ],
});

function problemsOf({ cursorColumn }: QueryParams, schema: Schema | null): NodeProblem[] {
  const wrong = schema && cursorColumn !== null ? outputColumnProblem(schema, queryParams.cursorColumn, cursorColumn, 'cursorColumn') : null;
  return wrong ? [wrong] : [];
}
