import { findColumn, keyTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import { foldName } from '@millrace/kit/formats/sqlite-name';
import { sqliteTypes } from '@millrace/kit/formats/sqlite-types';
import { loaded } from '@millrace/kit/loaded';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { shortPath } from '@millrace/kit/short-path';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { thousands } from '../../model/text/thousands.ts';
import type { Schema } from '../../model/values/types.ts';

const code = loaded(() => import('./runtime/table-output.ts'));

export default defineNode({
  type: 'sqlite-table',
  kind: 'sink',
  title: 'SQLite table',
  summary: 'Writes rows into a table of a SQLite database file.',
  category: 'Databases',
  icon: 'database-export',
  version: 1,
  keywords: ['database', 'save', 'insert', 'upsert', 'store', 'sql'],
  docs: `
Writes each row into a table. File and table are created if they do not exist.

| If the table exists | |
|---|---|
| **Replace** | a new table takes its place at the end of the run, with the indexes and triggers of the old one |
| **Append** | rows are added; the table must be able to store the columns |
| **Upsert** | a row with an existing key is updated, any other is added; the table needs a primary key or unique index over the key |
| **Create** | refused, so that nothing is overwritten by mistake |

*Only if newer* names a column with a version or a time: an upserted row replaces the one with its key only if that column is greater. So an older version that arrives late, or once more, does not replace a newer one; an equal one changes nothing. A null is older than any value. The run reports how many rows changed nothing.

### When rows become visible
**If the input ends**, at the end of the run, in **one transaction** per database file for all its sinks together. A run that fails, is stopped or is killed leaves the database as it was, and no reader sees a part of the result. Meanwhile the file is locked for other writers.

**If the run continues until it is stopped**, with each checkpoint, in **one transaction** per checkpoint for all sinks of the file. **Replace** puts the new table in place with the first one. A run that is killed and resumed leaves each row in the table exactly once; the table \`_millrace_commits\` records which checkpoint the file contains, for as long as a run may resume from it. Other programs can write between two transactions. While one has the file locked, the run waits and says so.

### Types
| column | stored as |
|---|---|
| text | \`TEXT\` |
| integer | \`INTEGER\` |
| number | \`REAL\` |
| decimal | \`DECIMAL_TEXT\`, its digits as text; as a key without zeros at the end. In a column of numbers of an existing table a number, if no digit is lost. |
| boolean | \`BOOLEAN\`, 0 or 1 |
| timestamp | \`TIMESTAMP\`, ISO 8601 text in UTC |
| date | \`DATE\`, as it is: 2026-01-31. In a column declared \`TIMESTAMP\` its midnight. |
| JSON | \`JSON\`, compact text |
| bytes | \`BLOB\` |

**Column types** stores a column as another type: a timestamp as \`INTEGER\` keeps milliseconds since 1970.

### Errors
A value that cannot be stored as its column's type, or a row that violates a constraint of the table, is an error of that row alone.
`,
  inputs: [{ name: 'rows' }],
  params: {
    path: f.file({ label: 'Database file', mode: 'save', extensions: ['db', 'sqlite', 'sqlite3'], placeholder: 'result.db' }),
    table: f.text({ label: 'Table', placeholder: 'readings' }),
    mode: f.choice({
      label: 'If the table exists',
      options: [
        { value: 'replace', label: 'Replace it' },
        { value: 'append', label: 'Append to it' },
        { value: 'upsert', label: 'Update by key, add new rows' },
        { value: 'create', label: 'Stop with an error' },
      ],
      default: 'replace',
    }),
    keys: f.columns({ label: 'Key', help: 'The columns that identify a row.', min: 1, when: { param: 'mode', is: ['upsert'] } }),
    newer: f.column({
      label: 'Only if newer',
      help: 'A row replaces another one only if its value in this column is greater. Empty: the last row always replaces it.',
      optional: true,
      types: keyTypes.filter((type) => type !== 'string' && type !== 'boolean' && type !== 'decimal'),
      when: { param: 'mode', is: ['upsert'] },
    }),
    types: f.keyValue({
      label: 'Column types',
      help: 'Stores columns as another type than their own.',
      keyLabel: 'Column',
      valueLabel: 'Stored as',
      options: sqliteTypes,
      default: {},
      advanced: true,
    }),
  },
  card: ({ path, table }) => (!path ? 'Choose a database file' : !table ? 'Name a table' : `${shortPath(path)} · ${table}`),
  adding: (params) => (params.mode === 'upsert' ? params : { ...params, mode: 'append' }),
  writes: ({ path }) => [path],
  // Each transaction of another run is whole: only a run that creates the table anew needs it exclusively.
  locks: ({ path, table, mode }) => [{ path, part: foldName(table), isShared: mode === 'append' || mode === 'upsert' }],
  infer: ({ params, inputs }) => ({ outputs: {}, problems: problemsOf(params, inputs.rows) }),
  code,
  takesParts: ({ mode }) => mode === 'replace' || mode === 'create',
  openPart: (context) => code().openTablePart(context),
  run: (context) => code().openTable(context),
  committedCheckpoint: (context) => code().committedTo(context),
  examples: [
    {
      title: 'Typed columns',
      params: { path: 'out.db', table: 'readings' },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'at', type: 'timestamp', nullable: false },
            { name: 'sensor', type: 'string', nullable: false },
            { name: 'value', type: 'number', nullable: true },
            { name: 'ok', type: 'boolean', nullable: true },
            { name: 'tags', type: 'json', nullable: true },
          ],
        },
      },
      inputs: {
        rows: [
          { at: 1706702400000, sensor: '007', value: 12.5, ok: true, tags: ['a'] },
          { at: 1706702401500, sensor: 'b', value: null, ok: false, tags: null },
        ],
      },
      writes: {
        'out.db': {
          readings: [
            { at: '2024-01-31T12:00:00.000Z', sensor: '007', value: 12.5, ok: 1, tags: '["a"]' },
            { at: '2024-01-31T12:00:01.500Z', sensor: 'b', value: null, ok: 0, tags: null },
          ],
        },
      },
    },
    {
      title: 'Update by key',
      params: { path: 'out.db', table: 'stock', mode: 'upsert', keys: ['item'] },
      inputs: {
        rows: [
          { item: 'bolt', count: 3 },
          { item: 'nut', count: 5 },
          { item: 'bolt', count: 4 },
        ],
      },
      writes: {
        'out.db': {
          stock: [
            { item: 'bolt', count: 4 },
            { item: 'nut', count: 5 },
          ],
        },
      },
    },
    {
      title: 'Update by key, only if newer',
      params: { path: 'out.db', table: 'orders', mode: 'upsert', keys: ['id'], newer: 'version' },
      inputs: {
        rows: [
          { id: 1, version: 2, state: 'paid' },
          { id: 1, version: 1, state: 'new' },
          { id: 2, version: null, state: 'draft' },
          { id: 2, version: 1, state: 'new' },
          { id: 2, version: null, state: 'lost' },
        ],
      },
      writes: {
        'out.db': {
          orders: [
            { id: 1, version: 2, state: 'paid' },
            { id: 2, version: 1, state: 'new' },
          ],
        },
      },
    },
    {
      title: 'A key that is null fails for its row',
      params: { path: 'out.db', table: 'stock', mode: 'upsert', keys: ['item'] },
      inputs: {
        rows: [
          { item: 'bolt', count: 3 },
          { item: null, count: 5 },
        ],
      },
      writes: { 'out.db': { stock: [{ item: 'bolt', count: 3 }] } },
      failures: ['The key column "item" is null'],
    },
    {
      title: 'Store as another type',
      params: { path: 'out.db', table: 'readings', types: { at: 'INTEGER', sensor: 'INTEGER' } },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'at', type: 'timestamp', nullable: false },
            { name: 'sensor', type: 'string', nullable: false },
          ],
        },
      },
      inputs: {
        rows: [
          { at: 1706702400000, sensor: '007' },
          { at: 1706702401000, sensor: 'x' },
        ],
      },
      writes: { 'out.db': { readings: [{ at: 1706702400000, sensor: 7 }] } },
      failures: ['Column "sensor" is to be stored as integer'],
    },
  ],
});

/** SQLite's own limit, as it is built by default. */
const maxColumns = 2000;

interface CheckedParams {
  readonly table: string;
  readonly mode: string;
  readonly keys: readonly string[];
  readonly newer: string | null;
  readonly types: Readonly<Record<string, string>>;
}

function problemsOf(params: CheckedParams, schema: Schema | null): NodeProblem[] {
  const problems: NodeProblem[] = [];
  const add = (code: ProblemCode, field: string, message: string, hint: string) => problems.push({ code, severity: 'error', field, message, hint });
  if (/^sqlite_/i.test(params.table)) add('sqlite/reserved-name', 'table', 'Names that start with "sqlite_" belong to SQLite itself.', 'Choose another name.');
  const nameless = [params.table, ...(schema?.columns.map(({ name }) => name) ?? [])].find((name) => name.includes('\0'));
  if (nameless !== undefined) {
    add(
      'sqlite/nul-in-name',
      'table',
      `The name ${JSON.stringify(nameless)} holds a NUL character, which SQLite takes as the end of a statement.`,
      'Choose another name, or rename the column before, with "Select columns".',
    );
  }
  const { mode, keys, newer, types } = params;
  if (mode === 'upsert' && newer !== null && keys.includes(newer)) {
    add('sqlite/newer-key', 'newer', `"${newer}" is part of the key, so it is the same in both rows.`, 'Choose the column that holds the version or the time.');
  }
  if (mode === 'upsert' && newer !== null && Object.hasOwn(types, newer) && ['TEXT', 'BOOLEAN', 'JSON', 'BLOB'].includes(types[newer] ?? '')) {
    add('sqlite/newer-type', 'types', `"${newer}" is stored as ${types[newer]}, which does not compare as it does.`, 'Store it as its own type.');
  }
  for (const [column, type] of Object.entries(types)) {
    if (!(sqliteTypes as readonly string[]).includes(type)) {
      add('sqlite/unknown-type', 'types', `"${type}" is not a type that column "${column}" can be stored as.`, `Choose one of ${sqliteTypes.join(', ')}.`);
    } else if (schema && !findColumn(schema, column)) {
      add(
        'sqlite/unknown-column',
        'types',
        `There is no column "${column}" to be stored as ${type}.`,
        'Remove it from the column types, or choose a column of the rows.',
      );
    }
  }
  const seen = new Map<string, string>();
  for (const { name } of schema?.columns ?? []) {
    const other = seen.get(foldName(name));
    if (other) {
      add(
        'sqlite/same-column',
        'path',
        `The columns "${other}" and "${name}" are the same for SQLite, which ignores case.`,
        'Rename one of them before, with "Select columns".',
      );
    }
    seen.set(foldName(name), name);
  }
  const width = schema?.columns.length ?? 0;
  if (width > maxColumns) {
    const message = `A table of SQLite has at most ${thousands(maxColumns)} columns, but the rows have ${thousands(width)}.`;
    add('sqlite/too-wide', 'table', message, 'Leave columns out before, with "Select columns", or write a file.');
  }
  return problems;
}
