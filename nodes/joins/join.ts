import { freeName } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { KeyPair } from '@millrace/kit/ops';
import { nullness } from '../../model/schema/nulls.ts';
import type { Column, Schema } from '../../model/values/types.ts';
import { joinCard, keyPairProblems, suffixProblems } from './join-columns.ts';

const params = {
  kind: f.choice({
    label: 'Rows without a match',
    default: 'inner',
    options: [
      { value: 'inner', label: 'Leave out (inner join)' },
      { value: 'left', label: 'Keep, with nulls (left join)' },
    ],
  }),
  keys: f.list({
    label: 'Match where',
    itemLabel: 'Pair of columns',
    min: 1,
    item: {
      column: f.column({ label: 'Column of the rows', input: 'rows' }),
      lookup: f.column({ label: 'Column of the lookup', input: 'lookup' }),
    },
    default: [],
  }),
  table: f.choice({
    label: 'The lookup',
    default: 'fixed',
    options: [
      { value: 'fixed', label: 'Stays as it is', help: 'The lookup is read to its end first.' },
      { value: 'changing', label: 'Changes over time', help: 'Its rows are versions of their keys: each is valid until a newer one arrives.' },
    ],
  }),
  deletedColumn: f.column({
    label: 'Deleted',
    input: 'lookup',
    optional: true,
    types: ['boolean'],
    help: 'Where it is true, the key is gone from that time on: its rows have no match until its next version.',
    when: { param: 'table', is: ['changing'] },
  }),
  initial: f.boolean({
    label: 'Rows before the first version match it',
    default: false,
    help: 'For a table whose history is gone, such as a compacted topic: of what is there when the run starts, the oldest version of each key counts from the beginning.',
    when: { param: 'table', is: ['changing'] },
  }),
  lateness: f.duration({
    label: 'Wait for late rows',
    help: 'How far behind the watermark rows still count. Older versions are kept for them.',
    min: 0,
    default: 0,
    when: { param: 'table', is: ['changing'] },
  }),
  suffix: f.text({ label: 'Suffix for duplicate names', default: '_lookup', advanced: true }),
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'join',
  kind: 'transform',
  title: 'Join',
  summary: 'Adds columns from a second input to the rows whose keys match.',
  category: 'Combine',
  icon: 'arrows-join',
  version: 1,
  keywords: ['lookup', 'enrich', 'merge', 'inner', 'left', 'match', 'vlookup'],
  docs: `
Adds columns from a second input, the **lookup**, to the rows whose keys match. Use it to enrich rows from a table. To join two streams by key and time, use *Join streams*.

Unless the lookup changes over time (see below), it is read to its end first and kept. Then the rows stream through in their order. So connect the smaller input as the lookup. A lookup that does not fit in memory is kept on disk, where each row takes longer to look up. If one source feeds both inputs, its rows wait, in memory or on disk, until the lookup is complete.

A row matches where all pairs of columns are equal. A row with several matches is emitted once for each, in the order of the lookup. A row without a match is dropped (**inner**), or kept with nulls in the lookup's columns (**left**).

**Null matches nothing**, not even null. Values are not converted before they are compared: \`1\` and \`"1"\` differ. Columns of different types are reported as a problem before the run starts.

### A lookup that changes
If the lookup **changes over time**, neither input has to end. The rows of the lookup are versions: each is valid for its key from its event time until the next version of that key. A row is joined with the version that was valid at the row's own event time. So an order gets the price of its day even if it arrives late, and a second run gives the same result.

- A row waits until the watermark has passed its time, because an earlier version may still arrive until then. The watermark is the smaller one of both inputs. So set *Idle after* at the source of a lookup that seldom changes; otherwise rows wait for its next version.
- Of several versions with the same key and time, the last one is valid. A version that arrives late is valid from then on; rows already emitted do not change.
- A version does not expire. A row whose column **Deleted** is true removes its key: from its time on, rows of the key have no match, until the key has a new version. That is what a message without a value says in a compacted Kafka topic, and a deleted row in a stream of changes of a database. The deletion itself is remembered for a day of event time, so that an older version that comes late does not bring the key back.
- The node keeps the waiting rows, the newest version of each key, and older versions for as long as rows that need them may arrive. What exceeds a limit is moved from memory to disk. A row that arrives later than *Wait for late rows* allows goes to \`late\`.
- A row from before the first version of its key has no match. Where a table is kept without its history, set **Rows before the first version match it**: the versions that come before any watermark, as at the start of the run, then count for earlier rows too.
- If the lookup has no event time, all rows wait until it has ended, and the last row of each key is valid for all times. The rows need an event time. A row or a version whose time is null fails.

To **refresh a table** from a file or a database, set *Read again every* at its source. As its event time, use the arrival, or a column with the time of the row's last change. Each reading then gives newer versions. With a cursor, a reading gives only what has changed.

### Columns
The output has the columns of the rows, then those of the lookup without its key columns, which would only repeat the row's, and without **Deleted**. If a name is already taken, the lookup's column gets the suffix.
`,
  inputs: [{ name: 'rows' }, { name: 'lookup', label: 'Lookup' }],
  outputs: [{ name: 'rows' }, { name: 'late', late: true, absentWhen: { param: 'table', is: ['fixed'] } }],
  params,
  card: (params) => joinCard(params.kind, pairsOf(params)),
  infer: ({ params, inputs }) => {
    const rows = inputs.rows;
    const lookup = inputs.lookup;
    const unusable = suffixProblems(params.suffix);
    if (!rows || !lookup || unusable.length > 0) return { outputs: { rows: null, late: rows }, problems: unusable };
    const columns = [...rows.columns, ...addedColumns(params, rows, lookup).map(({ to }) => to)];
    const problems = [...keyPairProblems('join', 'column', pairsOf(params), rows, lookup), ...timeProblems(params, rows, lookup)];
    return { outputs: { rows: { columns }, late: rows }, problems };
  },
  lower: ({ params, inputs }) => ({
    op: 'lookup',
    kind: params.kind,
    keys: pairsOf(params),
    columns: suffixProblems(params.suffix).length > 0 ? [] : addedColumns(params, inputs.rows, inputs.lookup).map(({ from, to }) => ({ name: to.name, from })),
    versions: params.table === 'changing' ? { lateness: params.lateness, deleted: params.deletedColumn, initial: params.initial } : null,
  }),
  examples: [
    {
      title: 'Add the city of each sensor',
      params: { keys: [{ column: 'sensor', lookup: 'id' }] },
      inputs: {
        lookup: [
          { id: 1, city: 'Ulm', level: 478 },
          { id: 2, city: 'Kiel', level: 5 },
        ],
        rows: [
          { sensor: 2, level: 0.5 },
          { sensor: 3, level: 0.7 },
          { sensor: 1, level: 0.1 },
        ],
      },
      outputs: {
        rows: [
          { sensor: 2, level: 0.5, city: 'Kiel', level_lookup: 5 },
          { sensor: 1, level: 0.1, city: 'Ulm', level_lookup: 478 },
        ],
      },
    },
    {
      title: 'A left join keeps rows without a match, and null matches nothing',
      params: { kind: 'left', keys: [{ column: 'key', lookup: 'key' }] },
      inputs: {
        lookup: [
          { key: 'a', value: 1 },
          { key: 'a', value: 2 },
          { key: null, value: 3 },
        ],
        rows: [{ key: 'a' }, { key: null }],
      },
      outputs: {
        rows: [
          { key: 'a', value: 1 },
          { key: 'a', value: 2 },
          { key: null, value: null },
        ],
      },
    },
    {
      title: 'An empty lookup',
      params: { kind: 'left', keys: [{ column: 'id', lookup: 'id' }] },
      inputs: { lookup: [], rows: [{ id: 1 }] },
      inputSchemas: {
        lookup: {
          columns: [
            { name: 'id', type: 'integer', nullable: false },
            { name: 'name', type: 'string', nullable: false },
          ],
        },
      },
      outputs: { rows: [{ id: 1, name: null }] },
    },
    {
      title: 'The price of its day: a lookup that changes',
      params: { keys: [{ column: 'product', lookup: 'product' }], table: 'changing' },
      inputs: {
        lookup: [
          { product: 'tea', since: 0, price: 3 },
          { product: 'tea', since: 86_400_000, price: 4 },
        ],
        rows: [
          { order: 1, time: 86_399_999, product: 'tea' },
          { order: 2, time: 86_400_000, product: 'tea' },
          { order: 3, time: 86_400_001, product: 'ink' },
        ],
      },
      inputSchemas: {
        lookup: {
          columns: [
            { name: 'product', type: 'string', nullable: false },
            { name: 'since', type: 'timestamp', nullable: false },
            { name: 'price', type: 'integer', nullable: false },
          ],
          eventTime: { column: 'since' },
        },
        rows: {
          columns: [
            { name: 'order', type: 'integer', nullable: false },
            { name: 'time', type: 'timestamp', nullable: false },
            { name: 'product', type: 'string', nullable: false },
          ],
          eventTime: { column: 'time' },
        },
      },
      outputs: {
        rows: [
          { order: 1, time: 86_399_999, product: 'tea', since: 0, price: 3 },
          { order: 2, time: 86_400_000, product: 'tea', since: 86_400_000, price: 4 },
        ],
        late: [],
      },
    },
  ],
});

function pairsOf({ keys }: Params): KeyPair[] {
  return keys.map(({ column, lookup }) => ({ left: column, right: lookup }));
}

function timeProblems({ table }: Params, rows: Schema, lookup: Schema): NodeProblem[] {
  if (table !== 'changing') return [];
  const field = 'table';
  if (!rows.eventTime) {
    const hint = 'Choose the event time at their source, or a lookup that stays as it is.';
    return [{ code: 'join/no-time', severity: 'error', message: 'The rows have no event time, so the valid version is not known', hint, field }];
  }
  if (lookup.eventTime) return [];
  const message = 'The lookup has no event time, so its rows count from the beginning, and all rows wait until it has ended';
  const hint = 'Choose the event time at its source: a column, or the arrival.';
  return [{ code: 'join/timeless-lookup', severity: 'warning', message, hint, field }];
}

/** The lookup's columns in the output, with their new names: not those that say of a version which key it has, and that it is none. */
function addedColumns({ kind, keys, suffix, table, deletedColumn }: Params, rows: Schema, lookup: Schema): { readonly from: string; readonly to: Column }[] {
  const taken = new Set(rows.columns.map(({ name }) => name));
  const matched = new Set(keys.map((key) => key.lookup));
  return lookup.columns
    .filter(({ name }) => !matched.has(name) && !(table === 'changing' && name === deletedColumn))
    .map((column) => {
      const name = freeName(column.name, suffix || '_', taken);
      taken.add(name);
      return { from: column.name, to: { ...column, name, ...nullness([column], kind === 'left') } };
    });
}
