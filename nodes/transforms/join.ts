import type { Column, Schema } from '../../engine/schema/types.ts';
import { commonType, findColumn, freeName } from '../kit/columns.ts';
import { f, type ParamsOf } from '../kit/fields.ts';
import { lookingUp } from '../kit/lookup.ts';
import { defineNode, type NodeProblem } from '../kit/node.ts';

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
  suffix: f.text({ label: 'Suffix for names that clash', default: '_lookup', advanced: true }),
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
Looks each row up in a second input and adds the columns found there. The **lookup** input is read to its end first and kept in memory, so connect the smaller side there; the rows then stream through in their order. Where one source feeds both inputs, its rows wait in memory until the lookup is complete.

Rows match where all pairs of columns are equal. A row with several matches comes out once for each, in the order of the lookup. A row without a match is left out (**inner**), or kept with nulls for the lookup's columns (**left**).

**Null matches nothing**, not even null. Values are compared as they are: \`1\` and \`"1"\` differ, which is told as a problem before anything runs.

The columns are those of the rows, then those of the lookup without its key columns, which would only repeat the row's. Where a name is taken already, the lookup's column gets the suffix.
`,
  inputs: [{ name: 'rows' }, { name: 'lookup', label: 'Lookup', first: true }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ kind, keys }) => {
    const pairs = keys.map(({ column, lookup }) => (column === lookup ? column || '?' : `${column || '?'} = ${lookup || '?'}`));
    return pairs.length > 0 ? `${kind} on ${pairs.join(', ')}` : 'Choose columns to match';
  },
  infer: ({ params, inputs }) => {
    const rows = inputs['rows'] ?? null;
    const lookup = inputs['lookup'] ?? null;
    if (!rows || !lookup) return { outputs: { rows: null } };
    const columns = [...rows.columns, ...addedColumns(params, rows, lookup).map(({ to }) => to)];
    return { outputs: { rows: { columns } }, problems: keyProblems(params, rows, lookup) };
  },
  run: ({ params, inputs: { rows, lookup }, emit }) =>
    lookingUp({
      rows: rows!,
      lookup: lookup!,
      keys: params.keys,
      added: addedColumns(params, rows!, lookup!).map(({ from, to }) => ({ from, name: to.name })),
      keepUnmatched: params.kind === 'left',
      emit: (batch) => emit('rows', batch),
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
  ],
});

function keyProblems({ keys }: Params, rows: Schema, lookup: Schema): NodeProblem[] {
  return keys.flatMap((key, i): NodeProblem[] => {
    const a = findColumn(rows, key.column);
    const b = findColumn(lookup, key.lookup);
    if (!a || !b) return [];
    const field = `keys.${i}.column`;
    const severity = 'error';
    if (a.type === 'json' || a.type === 'bytes') {
      return [
        {
          code: 'join/key-type',
          severity,
          message: `Columns of type ${a.type} such as "${a.name}" cannot be keys`,
          hint: 'Compute a text column to match by.',
          field,
        },
      ];
    }
    if (commonType(a.type, b.type)) return [];
    const message = `"${a.name}" is ${a.type} but "${b.name}" is ${b.type}, so they never match`;
    return [{ code: 'join/key-types', severity, message, hint: 'Cast one of them before, with "Select columns".', field }];
  });
}

/** The lookup's columns that come out, with their new names. */
function addedColumns({ kind, keys, suffix }: Params, rows: Schema, lookup: Schema): { readonly from: string; readonly to: Column }[] {
  const taken = new Set(rows.columns.map(({ name }) => name));
  return lookup.columns
    .filter(({ name }) => !keys.some((key) => key.lookup === name))
    .map((column) => {
      const name = freeName(column.name, suffix || '_', taken);
      taken.add(name);
      return { from: column.name, to: { ...column, name, nullable: column.nullable || kind === 'left' } };
    });
}
