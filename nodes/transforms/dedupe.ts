import type { Json, Row } from '../../engine/schema/types.ts';
import { emitInBatches } from '../kit/batches.ts';
import { keyTypes } from '../kit/columns.ts';
import { f, type ParamsOf } from '../kit/fields.ts';
import { KeyIndex, RowKeys } from '../kit/keys.ts';
import { defineNode, type StatefulOperator, type TransformContext } from '../kit/node.ts';
import { rowsFromState, rowsToState } from '../kit/state.ts';

const params = {
  keys: f.columns({ label: 'Key columns', help: 'Rows that are equal in all of them count as the same.', types: keyTypes, min: 1, default: [] }),
  keep: f.choice({
    label: 'Of the same rows keep',
    default: 'first',
    options: [
      { value: 'first', label: 'The first' },
      { value: 'last', label: 'The last', help: 'Nothing comes out before the input ends.' },
    ],
  }),
};
type Params = ParamsOf<typeof params>;

export default defineNode({
  type: 'dedupe',
  kind: 'transform',
  title: 'Remove duplicates',
  summary: 'Keeps one row for each key, the first or the last.',
  category: 'Rows',
  icon: 'copy-off',
  version: 1,
  keywords: ['distinct', 'unique', 'duplicates', 'latest', 'key'],
  docs: `
Rows that have the same values in all key columns count as duplicates; one of them comes out. Null is a value like any other here: two rows without a key are duplicates of each other.

- **The first** leaves as soon as it comes. Kept in memory are the keys.
- **The last** can only be known when the input ends, so nothing comes out before, and one row for each key is kept in memory. Rows leave in the order in which the winners came.

For the newest row of each key when the input is in no order, sort by time before.
`,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }],
  params,
  card: ({ keys, keep }) => (keys.length > 0 ? `${keep} of each ${keys.join(', ')}` : 'Choose key columns'),
  infer: ({ inputs }) => ({ outputs: { rows: inputs['rows'] ?? null } }),
  run: (context) => (context.params.keep === 'first' ? keepingFirst(context) : keepingLast(context)),
  examples: [
    {
      title: 'The first of each id',
      params: { keys: ['id'] },
      inputs: {
        rows: [
          { id: 1, state: 'new' },
          { id: 2, state: 'new' },
          { id: 1, state: 'paid' },
        ],
      },
      outputs: {
        rows: [
          { id: 1, state: 'new' },
          { id: 2, state: 'new' },
        ],
      },
    },
    {
      title: 'The last of each id',
      params: { keys: ['id'], keep: 'last' },
      inputs: {
        rows: [
          { id: 1, state: 'new' },
          { id: 2, state: 'new' },
          { id: 1, state: 'paid' },
        ],
      },
      outputs: {
        rows: [
          { id: 2, state: 'new' },
          { id: 1, state: 'paid' },
        ],
      },
    },
    {
      title: 'An empty input',
      params: { keys: ['id'] },
      inputs: { rows: [] },
      inputSchemas: { rows: { columns: [{ name: 'id', type: 'integer', nullable: false }] } },
      outputs: { rows: [] },
    },
  ],
});

function keepingFirst({ params: { keys }, emit }: TransformContext<Params>): StatefulOperator {
  const index = new KeyIndex(keys.length);
  const rowKeys = new RowKeys(keys);
  return {
    process(rows) {
      let seen = index.size;
      const slots = rowKeys.assign(rows, index);
      // New keys are numbered in the order of their rows.
      const fresh = rows.filter((_, i) => slots[i] === seen && ++seen > 0);
      if (fresh.length > 0) emit('rows', fresh);
    },
    snapshot: () => index.snapshot(),
    restore: (state) => index.restore(state),
  };
}

function keepingLast({ params: { keys }, inputs, emit }: TransformContext<Params>): StatefulOperator {
  const index = new KeyIndex(keys.length);
  const rowKeys = new RowKeys(keys);
  /** By slot, in the order of the last change. */
  const last = new Map<number, Row>();
  const keep = (rows: readonly Row[]): void => {
    const slots = rowKeys.assign(rows, index);
    rows.forEach((row, i) => {
      last.delete(slots[i]!);
      last.set(slots[i]!, row);
    });
  };
  return {
    process: keep,
    finish: () => emitInBatches(last.values(), (rows) => emit('rows', rows)),
    snapshot: (): Json => rowsToState(last.values(), inputs['rows']!),
    restore: (state) => keep(rowsFromState(state, inputs['rows']!)),
  };
}
