import type { Problem } from '../../../model/problems/problem.ts';
import type { Row, Value } from '../../../model/values/types.ts';

const longestText = 500;

/** A problem that can be sent and shown: the values of its row cut to a readable length, and bytes told by their number. */
export function readable(problem: Problem): Problem {
  if (!problem.row) return problem;
  const row: Row = Object.fromEntries(Object.entries(problem.row).map(([name, value]) => [name, cut(value)]));
  return { ...problem, row };
}

function cut(value: Value): Value {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longestText ? `${text.slice(0, longestText)}…` : value;
}
