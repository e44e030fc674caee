import { listBytes, rowsFromState, rowsToState } from '../../engine/operators/keyed/state.ts';
import { inOrder, packedOrder } from '../../engine/operators/order/row-order.ts';
import { emitInBatches, inTurns } from '../../engine/operators/rows/batches.ts';
import { type PackedRow, rowPacker } from '../../engine/operators/rows/packed-rows.ts';
import { SortedRuns } from '../../engine/operators/spill/sorted-runs.ts';
import { keyTypes } from '../../kit/columns.ts';
import { f, type ParamsOf } from '../../kit/fields.ts';
import { defineNode, type StatefulOperator, type TransformContext } from '../../kit/node.ts';
import { beginningOfTime } from '../../model/schema/event-time.ts';
import type { Row, State } from '../../model/values/types.ts';

const params = {
  by: f.list({
    label: 'Order by',
    itemLabel: 'Column',
    min: 1,
    item: {
      column: f.column({ label: 'Column', types: keyTypes }),
      direction: f.choice({
        label: 'Direction',
        default: 'asc',
        options: [
          { value: 'asc', label: 'Ascending' },
          { value: 'desc', label: 'Descending' },
        ],
      }),
    },
    default: [],
  }),
};

export default defineNode({
  type: 'sort',
  kind: 'transform',
  title: 'Sort',
  summary: 'Puts the rows in order, by one or several columns.',
  category: 'Rows',
  icon: 'sort-ascending',
  version: 1,
  keywords: ['order by', 'arrange', 'rank', 'ascending', 'descending'],
  docs: `
Orders the rows by the first column; rows that are equal there by the second, and so on. Rows that are equal in all of them stay in the order in which they came.

Numbers, decimals and times are ordered by size, false comes before true, and text is ordered by its UTF-16 code units: \`"Z"\` comes before \`"a"\`. **Null comes last**, in both directions.

All rows are held until the input ends, and nothing comes out before. Rows for which memory has no room are put in order by parts, which are kept on disk and merged at the end; the size of the state that the run shows counts them too. For the ten greatest of very many, *Top rows* holds only those.
`,
  inputs: [{ name: 'rows', bounded: true }],
  stateful: true,
  outputs: [{ name: 'rows' }],
  params,
  card: ({ by }) => by.map(({ column, direction }) => `${column || '?'} ${direction === 'desc' ? '↓' : '↑'}`).join(', ') || 'Choose columns',
  looksAt: ({ by }) => by.map(({ column }) => column),
  infer: ({ inputs }) => ({ outputs: { rows: inputs['rows'] ?? null } }),
  run: sorting,
  examples: [
    {
      title: 'By region, the hottest first, nulls last',
      params: {
        by: [
          { column: 'region', direction: 'asc' },
          { column: 'temperature', direction: 'desc' },
        ],
      },
      inputs: {
        rows: [
          { region: 'south', temperature: 20 },
          { region: 'north', temperature: null },
          { region: 'north', temperature: 5 },
          { region: 'north', temperature: 12 },
        ],
      },
      outputs: {
        rows: [
          { region: 'north', temperature: 12 },
          { region: 'north', temperature: 5 },
          { region: 'north', temperature: null },
          { region: 'south', temperature: 20 },
        ],
      },
    },
    {
      title: 'An empty input',
      params: { by: [{ column: 'id', direction: 'asc' }] },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      outputs: { rows: [] },
    },
  ],
});

function sorting({ params: { by }, inputs, memory, state, emit, ...context }: TransformContext<ParamsOf<typeof params>>): StatefulOperator {
  const schema = inputs['rows']!;
  const { pack, unpack } = rowPacker(schema.columns);
  const order = packedOrder(
    by,
    schema.columns.map(({ name }) => name),
    schema,
  );
  const runs = new SortedRuns(state('rows'), { order, memory });
  let held: Row[] = [];
  let bytes = 0;

  const hold = (rows: readonly Row[]): void => {
    for (const row of rows) held.push(row);
    bytes += listBytes(rows, 10);
  };
  const takeHeld = (): Iterable<Row> => {
    const rows = held;
    held = [];
    bytes = 0;
    return inOrder(by, rows, schema);
  };
  function* packed(rows: Iterable<Row>): Iterable<PackedRow> {
    for (const row of rows) yield pack(row);
  }
  const spill = (): void => {
    const rowBytes = bytes / held.length;
    runs.put(packed(takeHeld()), rowBytes);
  };
  return {
    process(rows) {
      hold(rows);
      if (bytes > memory) spill();
    },
    finish() {
      if (runs.isEmpty) emitInBatches(takeHeld(), (rows) => emit('rows', rows));
      else {
        if (held.length > 0) spill();
        return inTurns(runs.take(), context, (rows) => rows.length > 0 && emit('rows', rows.map(unpack)));
      }
    },
    // All rows are still to come until the input has ended.
    outputWatermark: () => beginningOfTime,
    snapshot: (): State => ({ rows: rowsToState(held, schema), runs: runs.snapshot() }),
    restore(before) {
      // As it was before there was anything on disk: the rows alone.
      const { rows, runs: put } = (Array.isArray(before) ? { rows: before, runs: null } : before) as { readonly [name: string]: State };
      hold(rowsFromState(rows, schema));
      if (put) runs.restore(put);
    },
    stateSize: () => ({ entries: held.length + runs.rows, bytes }),
  };
}
