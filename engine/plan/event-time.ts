import { isSameEventTime } from '../../model/schema/event-time.ts';
import type { Schema } from '../../model/values/types.ts';

/**
 * Which of a transform's columns is the event time, if its `infer` does not say: the one of its first input, if it still exists. If several
 * edges lead to that input, they must agree.
 */
export function inheritEventTime(outputs: Readonly<Record<string, Schema | null>>, inputs: readonly (Schema | null)[]): Record<string, Schema | null> {
  const [first, ...others] = inputs.map((input) => input?.eventTime ?? null);
  const agreed = first && others.every((other) => isSameEventTime(other, first)) ? first : null;
  return Object.fromEntries(
    Object.entries(outputs).map(([port, schema]) => {
      if (!schema || !agreed || schema.eventTime !== undefined) return [port, schema];
      const isThere = schema.columns.some(({ name, type }) => name === agreed.column && type === 'timestamp');
      return [port, isThere ? { ...schema, eventTime: agreed } : schema];
    }),
  );
}
