import type { Schema } from '../../model/values/types.ts';

/**
 * The columns of the `errors` port of a node under the policy "route": one row per failed row. `error` is the message, `source` and `line`
 * say where the row came from, if known, and `row` is the row itself (for a source its raw text).
 */
export const errorSchema: Schema = {
  columns: [
    { name: 'error', type: 'string', nullable: false },
    { name: 'code', type: 'string', nullable: false },
    { name: 'node', type: 'string', nullable: false },
    { name: 'field', type: 'string', nullable: true },
    { name: 'source', type: 'string', nullable: true },
    { name: 'line', type: 'integer', nullable: true },
    { name: 'row', type: 'json', nullable: true },
  ],
};

/** Under the policy "keep" also the input at which the row failed, if the node has several. */
export const keptErrorSchema: Schema = { columns: [...errorSchema.columns, { name: 'port', type: 'string', nullable: true }] };
