import { beginningOfTime } from '../../engine/schema/event-time.ts';
import type { Row, Value } from '../../engine/schema/types.ts';
import { emitInBatches } from '../kit/batches.ts';
import { keyTypes } from '../kit/columns.ts';
import { f } from '../kit/fields.ts';
import { defineNode } from '../kit/node.ts';
import { columnReader, compile } from '../kit/rows.ts';
import { rowsFromState, rowsToState } from '../kit/state.ts';

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

Numbers and times are ordered by size, false comes before true, and text is ordered by its UTF-16 code units: \`"Z"\` comes before \`"a"\`. **Null comes last**, in both directions.

All rows are held in memory until the input ends, and nothing comes out before. For the ten greatest, put a *Limit* behind.
`,
  inputs: [{ name: 'rows', bounded: true }],
  stateful: true,
  outputs: [{ name: 'rows' }],
  params: {
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
  },
  card: ({ by }) => by.map(({ column, direction }) => `${column || '?'} ${direction === 'desc' ? '↓' : '↑'}`).join(', ') || 'Choose columns',
  infer: ({ inputs }) => ({ outputs: { rows: inputs['rows'] ?? null } }),
  run: ({ params: { by }, inputs, emit }) => {
    const schema = inputs['rows']!;
    let held: Row[] = [];
    return {
      process(rows) {
        for (const row of rows) held.push(row);
      },
      finish() {
        const rows = held;
        held = [];
        const order = Uint32Array.from(rows, (_, i) => i).sort(comparing(by, rows));
        emitInBatches(ordered(rows, order), (batch) => emit('rows', batch));
      },
      // All rows are still to come until the input has ended.
      outputWatermark: () => beginningOfTime,
      snapshot: () => rowsToState(held, schema),
      restore: (state) => {
        held = rowsFromState(state, schema);
      },
    };
  },
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

/**
 * Compares rows by their index. Values that lie in one array per column are compared faster than when they are read from
 * the rows again and again, and a generated function is several times as fast as a loop over the columns.
 */
function comparing(by: readonly { readonly column: string; readonly direction: 'asc' | 'desc' }[], rows: readonly Row[]): (a: number, b: number) => number {
  const columns = by.map(({ column }) => {
    const values: Value[] = [];
    columnReader(column)(rows, values);
    return values;
  });
  const steps = by.map(({ direction }, i) => {
    const [before, after] = direction === 'asc' ? [-1, 1] : [1, -1];
    return `x = c${i}[a]; y = c${i}[b]; if (x !== y) { if (x === null) return 1; if (y === null) return -1; if (x < y) return ${before}; if (x > y) return ${after}; }`;
  });
  const constants = Object.fromEntries(columns.map((values, i) => [`c${i}`, values]));
  return compile(`(a, b) => { let x, y; ${steps.join(' ')} return a - b; }`, constants);
}

function* ordered(rows: readonly Row[], order: Uint32Array): Iterable<Row> {
  for (const index of order) yield rows[index]!;
}
