import { findColumn, keyTypes, numberTypes, timeTypes } from '@millrace/kit/columns';
import { f, type ParamsOf } from '@millrace/kit/fields';
import { keysField, ttlDocs, ttlField, withColumns } from '@millrace/kit/keys';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import type { Column, Schema } from '../../model/values/types.ts';

const params = {
  keys: keysField,
  columns: f.list({
    label: 'Columns',
    itemLabel: 'Column',
    item: {
      column: f.column({ label: 'Column' }),
      rows: f.number({ label: 'Rows before', default: 1, min: 1, max: 1000, integer: true }),
      name: f.text({ label: 'Name', optional: true, placeholder: 'previous_temperature' }),
      change: f.boolean({ label: 'And the difference', default: false, help: 'This row\'s value minus the earlier one, as "change_temperature".' }),
    },
    default: [],
  }),
  changes: f.columns({
    label: 'Only rows with a change in',
    help: 'Rows that equal the previous one in all of these are left out.',
    types: keyTypes,
    default: [],
  }),
  ttl: ttlField,
};
type Params = ParamsOf<typeof params>;
type Lag = Params['columns'][number];

export default defineNode({
  type: 'previous-row',
  kind: 'transform',
  title: 'Lag and change',
  summary: 'Adds values of an earlier row with the same key to each row, and can keep only rows that changed.',
  category: 'Columns',
  icon: 'history',
  version: 1,
  keywords: ['lag', 'previous', 'delta', 'difference', 'change', 'diff', 'before', 'window function'],
  docs: `
Adds the value that a column had in the row before with the same key, as \`previous_temperature\`; or, with more *Rows before*, the value of the row that many places earlier, as \`previous_2_temperature\`. If there is no such row, it is null.

*And the difference* adds this row's value minus the earlier one, as \`change_temperature\`: for numbers a number, for decimals a decimal, for times the milliseconds between them, for dates the days. It is null if either is null.

*Only rows with a change in* emits only rows that differ from the row before with the same key in one of these columns, and the first row of each key. Null is a value like any other here: from null to 5 is a change.

"Before" refers to the order in which rows arrive. Rows from a file or a table arrive in its order. If that is not the order of time, put a *Sort* before this node.

${ttlDocs}
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ keys, columns, changes }) => {
    const what = [...columns.map(({ column }) => column).filter((name) => name !== ''), ...(changes.length > 0 ? [`changes in ${changes.join(', ')}`] : [])];
    if (what.length === 0) return 'Add a column';
    return keys.length > 0 ? `${what.join(', ')}\nby ${keys.join(', ')}` : what.join(', ');
  },
  infer: ({ params: { columns, changes }, inputs }) => {
    const rows = inputs.rows;
    const added = addedColumns(columns, rows);
    const { schema, problems } = withColumns(
      rows,
      added.map(({ column }) => column),
      (i) => `columns.${itemAt(added, i).lag}.name`,
    );
    return { outputs: { rows: schema }, problems: [...problems, ...lagProblems(columns, changes, rows)] };
  },
  lower: ({ params: { keys, ttl, columns, changes } }) => ({
    op: 'lag',
    keys,
    ttl,
    columns: columns.map((lag, i) => ({
      column: lag.column,
      offset: lag.rows,
      name: previousName(lag),
      change: lag.change ? changeName(lag) : null,
      field: `columns.${i}.column`,
    })),
    onlyChangesOf: changes,
  }),
  examples: [
    {
      title: 'The previous reading of each sensor, and the difference',
      params: { keys: ['sensor'], columns: [{ column: 'temperature', rows: 1, name: null, change: true }] },
      inputs: {
        rows: [
          { sensor: 'a', temperature: 20 },
          { sensor: 'b', temperature: 5 },
          { sensor: 'a', temperature: 23 },
          { sensor: 'a', temperature: null },
          { sensor: 'b', temperature: 4 },
        ],
      },
      outputs: {
        rows: [
          { sensor: 'a', temperature: 20, previous_temperature: null, change_temperature: null },
          { sensor: 'b', temperature: 5, previous_temperature: null, change_temperature: null },
          { sensor: 'a', temperature: 23, previous_temperature: 20, change_temperature: 3 },
          { sensor: 'a', temperature: null, previous_temperature: 23, change_temperature: null },
          { sensor: 'b', temperature: 4, previous_temperature: 5, change_temperature: -1 },
        ],
      },
    },
    {
      title: 'The days since the previous visit',
      params: { keys: ['name'], columns: [{ column: 'day', rows: 1, name: 'before', change: true }] },
      inputSchemas: {
        rows: {
          columns: [
            { name: 'name', type: 'string', nullable: false },
            { name: 'day', type: 'date', nullable: true },
          ],
        },
      },
      inputs: {
        rows: [
          { name: 'Ada', day: '2026-02-27' },
          { name: 'Ada', day: '2026-03-01' },
          { name: 'Ada', day: null },
          { name: 'Ada', day: '2025-12-31' },
        ],
      },
      outputs: {
        rows: [
          { name: 'Ada', day: '2026-02-27', before: null, change_before: null },
          { name: 'Ada', day: '2026-03-01', before: '2026-02-27', change_before: 2 },
          { name: 'Ada', day: null, before: '2026-03-01', change_before: null },
          { name: 'Ada', day: '2025-12-31', before: null, change_before: null },
        ],
      },
    },
    {
      title: 'Only changes of state',
      params: { keys: ['door'], changes: ['state'] },
      inputs: {
        rows: [
          { door: 1, state: 'open' },
          { door: 1, state: 'open' },
          { door: 2, state: 'open' },
          { door: 1, state: null },
          { door: 1, state: 'open' },
        ],
      },
      outputs: {
        rows: [
          { door: 1, state: 'open' },
          { door: 2, state: 'open' },
          { door: 1, state: null },
          { door: 1, state: 'open' },
        ],
      },
    },
    {
      title: 'Two rows earlier, under its own name',
      params: { columns: [{ column: 'n', rows: 2, name: 'older', change: false }] },
      inputs: { rows: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }] },
      outputs: {
        rows: [
          { n: 1, older: null },
          { n: 2, older: null },
          { n: 3, older: 1 },
          { n: 4, older: 2 },
        ],
      },
    },
  ],
});

const previousName = (lag: Lag): string => lag.name || lagName('previous', lag);
const changeName = (lag: Lag): string => (lag.name ? `change_${lag.name}` : lagName('change', lag));
function lagName(word: string, { column, rows }: Lag): string {
  return rows > 1 ? `${word}_${rows}_${column}` : `${word}_${column}`;
}

/** The output columns, each with the index of its lag. Missing columns are skipped: the params' validation reports them. */
function addedColumns(lags: readonly Lag[], rows: Schema | null): { readonly column: Column; readonly lag: number }[] {
  return lags.flatMap((lag, i) => {
    const found = findColumn(rows, lag.column);
    if (!found) return [];
    const type = found.type === 'number' || found.type === 'decimal' ? found.type : 'integer';
    return [
      { column: { name: previousName(lag), type: found.type, nullable: true }, lag: i },
      ...(lag.change ? [{ column: { name: changeName(lag), type, nullable: true } as const, lag: i }] : []),
    ];
  });
}

function lagProblems(lags: readonly Lag[], changes: readonly string[], rows: Schema | null): NodeProblem[] {
  const problems: NodeProblem[] = [];
  if (lags.length === 0 && changes.length === 0) {
    const hint = 'Add a column to look back at, or choose columns of which only changes count.';
    problems.push({ code: 'previous-row/nothing', severity: 'error', message: 'There is nothing to look up in earlier rows', hint, field: 'columns' });
  }
  const types: readonly string[] = [...numberTypes, ...timeTypes];
  lags.forEach(({ column, change }, i) => {
    const found = findColumn(rows, column);
    if (!change || !found || types.includes(found.type)) return;
    const message = `There is no difference of ${found.type} columns such as "${column}"`;
    problems.push({
      code: 'previous-row/no-difference',
      severity: 'error',
      message,
      hint: 'Leave it out, or cast the column first.',
      field: `columns.${i}.change`,
    });
  });
  return problems;
}
