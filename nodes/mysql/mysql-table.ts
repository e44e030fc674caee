import { keyTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { storedTypes } from './stored-types.ts';

const code = loaded(() => import('./runtime/table-output.ts'));

export default defineNode({
  type: 'mysql-table',
  kind: 'sink',
  title: 'MySQL table',
  summary: 'Writes rows into a table of a MySQL or MariaDB database.',
  category: 'Databases',
  icon: 'table-down',
  version: 1,
  keywords: ['database', 'mysql', 'mariadb', 'save', 'insert', 'upsert', 'store', 'sql'],
  docs: `
Writes each row into a table, which is created if it does not exist. A table is \`name\` (in the database of the connection) or
\`database.name\`. It has to be of an engine with transactions, as InnoDB is.

| If the table exists | |
|---|---|
| **Replace** | new rows take the place of the old ones at the end of the run; the table keeps its columns, indexes, triggers and privileges |
| **Append** | rows are added; the table must be able to hold the columns |
| **Upsert** | a row with the same key is updated, any other added; the table needs a primary key or unique index over the key |
| **Create** | refused, so that nothing is overwritten by mistake |

*Replace* needs a table that can hold the columns, as *Append* does: drop the table to change its columns. Its old rows are locked for
other writers, not for readers, from the first row to the end of the run.

*Only if newer* names a column with a version or a time: an upserted row takes the place of the one with its key only where that
column is greater. A null is older than any value.

**Exactly once.** A run whose input ends is one transaction: a run that fails, is stopped or is killed leaves the rows as they were.
A run that continues until it is stopped makes one transaction per checkpoint, and the table \`_millrace_commits\` beside the written one, written in the same
transaction, tells which checkpoint the database holds. A run that is killed, or whose server is, goes on with each row exactly once.
The user of the connection needs the right to create that table, or an administrator creates it:
\`CREATE TABLE _millrace_commits (lineage VARCHAR(191) COLLATE utf8mb4_bin PRIMARY KEY, checkpoint BIGINT NOT NULL, at DATETIME(6) NOT NULL) ENGINE=InnoDB\`.

The server cannot make a table within a transaction: a new one is there, without rows, from the start of the run. A run that fails drops
it; where a run was killed it stays, and the next run takes it over.

Stored types of a new table: text \`longtext\` (as part of a key \`varchar(255)\`), integer \`bigint\`, number \`double\`, decimal
\`decimal(65,30)\`, boolean \`boolean\`, timestamp \`datetime(6)\` in UTC, date \`date\`, JSON \`json\`, bytes \`longblob\`. Text differs by its
bytes there (\`A\` is not \`a\`). **Column types** declares other ones. In a table that exists, text also goes into \`enum\`, \`set\`, \`time\`
and \`uuid\`. What a column would round, cut or take for something else (more decimals than \`decimal(10,2)\` has, a text that an \`enum\`
does not list, spaces at the end of \`char\`) fails for its row, as does a row that a constraint refuses.
`,
  inputs: [{ name: 'rows' }],
  params: {
    connection: f.connection({ label: 'Connection', type: 'mysql' }),
    table: f.text({ label: 'Table', placeholder: 'readings', entries: 'tables' }),
    mode: f.choice({
      label: 'If the table exists',
      options: [
        { value: 'replace', label: 'Replace its rows' },
        { value: 'append', label: 'Append to it' },
        { value: 'upsert', label: 'Update by key, add new rows' },
        { value: 'create', label: 'Stop with an error' },
      ],
      default: 'append',
    }),
    keys: f.columns({ label: 'Key', help: 'The columns that identify a row.', min: 1, when: { param: 'mode', is: ['upsert'] } }),
    newer: f.column({
      label: 'Only if newer',
      help: 'A row replaces another one only if its value in this column is greater. Empty: the last row always replaces it.',
      optional: true,
      types: keyTypes.filter((type) => type !== 'string' && type !== 'boolean'),
      when: { param: 'mode', is: ['upsert'] },
    }),
    types: f.keyValue({
      label: 'Column types',
      help: 'Declares columns of a new table as another type than their own.',
      keyLabel: 'Column',
      valueLabel: 'Declared as',
      options: storedTypes,
      default: {},
      advanced: true,
    }),
  },
  card: ({ connection, table }) => (!connection ? 'Choose a connection' : !table ? 'Name a table' : `${connection} · ${table}`),
  adding: (params) => (params.mode === 'upsert' ? params : { ...params, mode: 'append' }),
  infer: ({ params }) => ({ outputs: {}, problems: problemsOf(params) }),
  code,
  run: (context) => code().openTable(context),
  committedCheckpoint: (context) => code().committedTo(context),
  examples: [
    {
      title: 'A connection has to be chosen',
      params: { table: 'readings' },
      inputs: { rows: [{ sensor: 'a', value: 1.5 }] },
      failures: ['Connection'],
    },
    {
      title: 'What is newer cannot be the key',
      params: { connection: 'shop', table: 'readings', mode: 'upsert', keys: ['value'], newer: 'value' },
      inputs: { rows: [{ sensor: 'a', value: 1.5 }] },
      failures: ['is part of the key'],
    },
  ],
});

interface Checked {
  readonly types: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
  readonly newer: string | null;
  readonly mode: string;
}

function problemsOf({ types, keys, newer, mode }: Checked): NodeProblem[] {
  const problems: NodeProblem[] = [];
  for (const [column, type] of Object.entries(types)) {
    if ((storedTypes as readonly string[]).includes(type)) continue;
    const message = `"${type}" is not a type that column "${column}" can be declared as.`;
    problems.push({ code: 'mysql/unknown-type', severity: 'error', field: 'types', message, hint: `Choose one of ${storedTypes.join(', ')}.` });
  }
  if (mode === 'upsert' && newer !== null && keys.includes(newer)) {
    const message = `"${newer}" is part of the key, so it is the same in both rows.`;
    problems.push({ code: 'mysql/newer-key', severity: 'error', field: 'newer', message, hint: 'Choose the column that holds the version or the time.' });
  }
  return problems;
}
