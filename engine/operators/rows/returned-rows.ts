import { MillraceError } from '../../../model/problems/problem.ts';
import type { Row, Schema } from '../../../model/values/types.ts';
import { conformer } from './rows.ts';

/**
 * Turns what a function of users' code returned for a row (or for none) into rows of `output`: an object, a list of them, or
 * null. Throws a MillraceError of the param `field` for anything else.
 */
export function returnedRows(input: Schema, output: Schema, field: string): (value: unknown, row: Row | null) => readonly Row[] {
  const conform = conformer(output, 'code/type', field);
  const unchanged = sameColumns(input, output);
  const toRow = (value: unknown, row: Row | null): Row => {
    const object = asObject(value, field);
    return row !== null && value === row && unchanged ? row : conform(object as { readonly [name: string]: unknown });
  };
  return (value, row) => {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) return [toRow(value, row)];
    const rows: Row[] = [];
    for (let i = 0; i < value.length; i++) {
      const each: unknown = value[i];
      if (each !== null && each !== undefined) rows.push(toRow(each, row));
    }
    return rows;
  };
}

/** A column may be called `then`; it never holds a function. Asked for every row: `instanceof` would cost as much as the rest. */
function isPromise(value: object): boolean {
  return 'then' in value && typeof value.then === 'function';
}

function asObject(value: unknown, field: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value) && !(value instanceof Date)) return value;
  const what = Array.isArray(value)
    ? 'a list inside a list'
    : value instanceof Date
      ? 'a Date'
      : typeof value === 'object' && value !== null
        ? 'a promise'
        : `a ${typeof value}`;
  throw new MillraceError({
    code: 'code/not-a-row',
    message: `The function returned ${what}, which is not a row`,
    hint: 'Return an object with one field per column, a list of such objects, or null to drop the row.',
    field,
  });
}

function sameColumns(a: Schema, b: Schema): boolean {
  return a.columns.length === b.columns.length && a.columns.every((column, i) => column.name === b.columns[i]?.name && column.type === b.columns[i]?.type);
}
