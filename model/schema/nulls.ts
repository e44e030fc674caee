/** Which columns may be null, and in which null was seen: see `Column`. */
import type { Column, Schema } from '../values/types.ts';

type Nullness = Pick<Column, 'nullable' | 'nulls'>;

/** Whether code has to expect null here: one was seen, or nothing is known. */
export function expectsNull({ nullable, nulls }: Nullness): boolean {
  return nullable && nulls !== 'unseen';
}

/** For what is made from all of these; `added`: null occurs for other reasons, too, as for an outer join without a match. */
export function nullness(from: readonly Nullness[], added = false): Nullness {
  const nullable = added || from.some((each) => each.nullable);
  return { nullable, nulls: nullable && !added && !from.some(expectsNull) ? 'unseen' : undefined };
}

/** For what is sometimes null: as promised, and as seen. */
export function toldNullness(promised: boolean, seen: boolean): Nullness {
  return { nullable: promised, nulls: promised && !seen ? 'unseen' : undefined };
}

/** The schema as the sample shows it: a column without a null there cannot be null. */
export function asSeen(schema: Schema): Schema {
  if (!schema.columns.some(({ nullable, nulls }) => nullable && nulls === 'unseen')) return schema;
  const known = seen.get(schema) ?? { ...schema, columns: schema.columns.map((column) => ({ ...column, nullable: expectsNull(column) })) };
  seen.set(schema, known);
  return known;
}
const seen = new WeakMap<Schema, Schema>();
