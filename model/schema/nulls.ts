/** Which columns may be null, and of which that was seen: see `Column`. */
import type { Column, Schema } from '../values/types.ts';

type Nullness = Pick<Column, 'nullable' | 'nulls'>;

/** Whether code has to reckon with null here: somebody has seen one, or nothing is known. */
export function expectsNull({ nullable, nulls }: Nullness): boolean {
  return nullable && nulls !== 'unseen';
}

/** Of what is made from all of these; `added`: null comes in by other ways, too, as where an outer join finds nothing. */
export function nullness(from: readonly Nullness[], added = false): Nullness {
  const nullable = added || from.some((each) => each.nullable);
  return { nullable, nulls: nullable && !added && !from.some(expectsNull) ? 'unseen' : undefined };
}

/** Of what is null at times by what is promised, and by what was seen. */
export function toldNullness(promised: boolean, seen: boolean): Nullness {
  return { nullable: promised, nulls: promised && !seen ? 'unseen' : undefined };
}

/** The schema as the sample shows it: what had no null there cannot be null. */
export function asSeen(schema: Schema): Schema {
  if (!schema.columns.some(({ nullable, nulls }) => nullable && nulls === 'unseen')) return schema;
  const known = seen.get(schema) ?? { ...schema, columns: schema.columns.map((column) => ({ ...column, nullable: expectsNull(column) })) };
  seen.set(schema, known);
  return known;
}
const seen = new WeakMap<Schema, Schema>();
