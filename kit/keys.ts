/** Shared by the declarations of nodes that keep state for each key. */
import type { Column, Schema } from '../model/values/types.ts';
import { duplicateNames, keyTypes } from './columns.ts';
import { f } from './fields.ts';
import type { NodeProblem } from './node.ts';

export const keysField = f.columns({
  label: 'By',
  help: 'Each combination of their values is handled separately. None: all rows together.',
  types: keyTypes,
  default: [],
});
export const ttlField = f.duration({
  label: 'Forget a key after',
  help: 'A key that has had no row for this long starts over. Until its next row it takes no memory.',
  min: 1,
  optional: true,
  advanced: true,
});
/** The docs of both. */
export const ttlDocs = `The node keeps the state of every key, on disk if it does not fit in memory. *Forget a key after* limits it: a key that has had no row for this long starts over. Time is the event time of the rows if they have one, and the wall clock otherwise.`;

/** A schema with further columns at its end; a problem where a name is taken. `field` is the param that names the i-th of them. */
export function withColumns(
  schema: Schema | null,
  added: readonly Column[],
  field: (index: number) => string,
): { schema: Schema | null; problems: NodeProblem[] } {
  const columns = schema?.columns ?? [];
  const names = [...columns, ...added].map(({ name }) => name);
  const problems = duplicateNames(names, (i) => (i < columns.length ? '' : field(i - columns.length)));
  return { schema: schema && { columns: [...columns, ...added] }, problems };
}
