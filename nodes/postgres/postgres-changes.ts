import { connectionOf } from '@millrace/kit/connection';
import { loaded } from '@millrace/kit/loaded';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { outputColumns } from '../formats/column-fields.ts';
import { changeColumns } from './change-columns.ts';
import { type ChangeParams, changeParams, isSlotName, namesOf } from './change-params.ts';
import postgres from './postgres-connection.ts';

const code = loaded(() => import('./runtime/changes-source.ts'));

export default defineNode({
  type: 'postgres-changes',
  kind: 'source',
  title: 'PostgreSQL changes',
  summary: 'Reads the rows of a PostgreSQL table, and then every insert, update and delete as it is committed.',
  category: 'Databases',
  icon: 'history',
  version: 1,
  keywords: ['database', 'postgres', 'cdc', 'change data capture', 'logical replication', 'stream', 'wal', 'sync'],
  docs: `
Change data capture: reads the log of the server (logical replication), so every committed change comes, in the order of commits, and
nothing asks the table again and again. A run first reads **the rows of the table** as they are at one moment, and then each change from
that moment on: no row is lost or comes twice in between. It is read like any stream: stopped and started again, killed, or cut off from its
server, the run goes on behind the last change that a checkpoint holds.

**A row** has the columns of the table, and beside them

| | |
|---|---|
| \`_op\` | \`snapshot\` for a row that was there before, \`insert\`, \`update\`, \`delete\`, or \`truncate\` (all rows are gone; the columns are null) |
| \`_before\` | of updates and deletes, what the server tells of the row before, as JSON |
| \`_time\` | when the transaction was committed, to the millisecond; of a snapshot, when it was taken. Choose it under **Event time** for windows |
| \`_lsn\` | the position of the change in the log: of two changes of one row, the later one has the greater |

A \`delete\` has the values that the row had, as far as they are told: the key, or with \`REPLICA IDENTITY FULL\` all of them. To keep a copy
of the table elsewhere, filter by \`_op\`, and write with the mode "Update by key" and **Only if newer** set to \`_lsn\`.

### What the server has to have
\`wal_level = logical\`, a user with \`REPLICATION\` (and for the rows, \`SELECT\`), a **publication** of the table and a **replication slot**. The run
makes both when it starts from scratch, or reads those that an administrator has made:
\`CREATE PUBLICATION millrace_orders FOR TABLE orders;\` needs the owner of the table. A publication refuses updates and deletes of a table that has
no primary key and no replica identity, so none is made for such a table. A slot whose name begins with \`millrace\` is made anew when a pipeline
starts from scratch; one of another name is left alone, unless the form says that it exists.

### What a forgotten slot costs
From the moment that a slot is made, the server keeps its whole log until the slot has read it: **a pipeline that has stopped for good fills
the server's disk, and then the database stops.** A checkpoint moves the slot. Remove a slot that is needed no more: drain the run with **When
the run is drained** set to remove it, or run \`SELECT pg_drop_replication_slot('millrace_orders');\`. \`max_slot_wal_keep_size\` limits the damage: the server
then gives the slot up, and the pipeline has to start from scratch. Old rows cannot be vacuumed, either, while a slot is behind.

### Values
Types follow those of the table: whole numbers are integers, \`numeric\` is an exact decimal, arrays are JSON lists, enums, \`uuid\` and all
others are text. A \`bigint\` is decimal if the first 1,000 rows hold one beyond 2^53; a time is cut to milliseconds unless **Finer than 1 ms** says
otherwise. Set **Column types** to read a column in another way. A value that does not fit is a failed row, with its place.

**Large values that an update does not change** (about 2,000 bytes and more) are not sent. They are never taken for null: the update fails,
unless \`ALTER TABLE … REPLICA IDENTITY FULL\` makes the server send them, or a column is named that lists what is unchanged.

**Columns that change** while the run goes on: everything before is read, and the run stops and names them. Started again, it goes on with the
new columns; older changes have null in columns that did not exist.

A preview shows rows of the table. It makes, reads and moves no slot.
`,
  outputs: [{ name: 'rows' }],
  bounded: false,
  eventTime: { column: '_time' },
  params: changeParams,
  card: ({ connection, table, begin }) =>
    !connection ? 'Choose a connection' : !table ? 'Choose a table' : `${connection} · ${table}${begin === 'changes' ? '\nchanges from now on' : ''}`,
  infer: ({ params, discovered }) => {
    const problems = problemsOf(params);
    const typed = outputColumns(discovered, params.types);
    const table = typed.outputs['rows'];
    const all = [...problems, ...(typed.problems ?? [])];
    if (!table) return { outputs: { rows: null }, problems: all };
    const whole = changeColumns(table, params);
    return 'problem' in whole ? { outputs: { rows: null }, problems: [...all, whole.problem] } : { outputs: { rows: whole.schema }, problems: all };
  },
  code,
  discover: (context) => code().discoverChanges(context, () => connectionOf(postgres, context)),
  run: (context) => code().openChanges(context, connectionOf(postgres, context)),
  examples: [
    { title: 'A connection has to be chosen', params: { table: 'orders' }, outputs: { rows: [] }, failures: ['Connection'] },
    {
      title: 'A name that no slot can have',
      params: { connection: 'shop', table: 'orders', slot: 'Orders!' },
      outputs: { rows: [] },
      failures: ['No connection to PostgreSQL', '"Orders!" is no name of a slot'],
    },
  ],
});

function problemsOf(params: ChangeParams): NodeProblem[] {
  const { slot } = namesOf(params);
  if (isSlotName(slot)) return [];
  return [
    {
      code: 'postgres/slot-name',
      severity: 'error',
      message: `"${slot}" is no name of a slot.`,
      hint: 'It has a-z, 0-9 and _, at most 63 of them.',
      field: 'slot',
    },
  ];
}
