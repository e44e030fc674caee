import { decimalInside } from '../../model/values/decimal-object.ts';
import type { Row, Value } from '../../model/values/types.ts';

/** A copy of a row that shares nothing changeable with it. */
export function copyRow(row: Row): Row {
  const copy: Record<string, Value> = { ...row };
  for (const name in copy)
    if (typeof copy[name] === 'object' && copy[name] !== null && decimalInside(copy[name]) === null) copy[name] = structuredClone(copy[name]);
  return copy;
}
