/**
 * Functions that are generated for the columns at hand. A row that is made by one object literal with constant keys
 * has the same hidden class every time, which makes it several times faster to make and to read than one that is
 * copied by a spread or filled in a loop. Only names of columns get into the generated source, as string literals.
 */

import { columnSource, stringLiteral } from '@millrace/kit/column-source';
import { itemAt } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Column, ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';
import { conformValue } from '../../../model/values/values.ts';

export { columnSource, stringLiteral };

/** `{ "a": …, "b": … }`, from the source of each column's value. `__proto__` is a column like any other. */
export function rowSource(columns: readonly { readonly name: string; readonly source: string }[]): string {
  const key = (name: string) => (name === '__proto__' ? '["__proto__"]' : stringLiteral(name));
  return `{ ${columns.map(({ name, source }) => `${key(name)}: ${source}`).join(', ')} }`;
}

/** Compiles the source of a function, which sees `constants` by name and nothing else. */
export function compile<T>(source: string, constants: { readonly [name: string]: unknown } = {}): T {
  return new Function(...Object.keys(constants), `'use strict'; return (${source});`)(...Object.values(constants)) as T;
}

/** A function that makes rows of columns of `row`: `from` is the name there. */
export function picker(columns: readonly { readonly name: string; readonly from: string }[]): (row: Row) => Row {
  return compile(`(row) => (${rowSource(columns.map(({ name, from }) => ({ name, source: `row[${stringLiteral(from)}]` })))})`);
}

/** A function that puts a column's values of the rows of a batch into `values`. */
export function columnReader(name: string): (rows: readonly Row[], values: Value[]) => void {
  return compile(`(rows, values) => { for (let i = 0; i < rows.length; i++) values[i] = rows[i][${stringLiteral(name)}]; }`);
}

/** The test that a value is of the type already, so that `conformValue` need not look at it. */
const isOfType: Readonly<Record<ColumnType, string>> = {
  string: "typeof v === 'string'",
  integer: 'Number.isSafeInteger(v)',
  number: "typeof v === 'number' && v - v === 0",
  decimal: 'false',
  boolean: "typeof v === 'boolean'",
  timestamp: 'Number.isInteger(v) && v <= 8.64e15 && v >= -8.64e15',
  date: 'false',
  json: 'false',
  bytes: 'false',
};

/**
 * The source of an expression that gives the variable `v`, which users' code handed out, as a value of a column. `mend`
 * names a function in scope, (value, index) => Value, for whatever is not of the type at first sight.
 */
export function conformSource(column: Column, index: number, mend = 'mend'): string {
  return `((${isOfType[column.type]}) ? v : ${mend}(v, ${index}))`;
}

/** For `conformSource`: turns what users' code handed out into a value of the column, or throws with the param that the code stands in. */
export function mender(columns: readonly Column[], code: ProblemCode, field: (index: number) => string): (value: unknown, index: number) => Value {
  return (value, index) => {
    const conformed = conformValue(value, itemAt(columns, index));
    if (conformed.ok) return conformed.value;
    throw new MillraceError({ code, message: conformed.message, hint: 'Convert the value in the code, or declare another type.', field: field(index) });
  };
}

/** Checks an object of users' code against a schema and copies it into a row; throws where it does not fit or has further columns. */
export function conformer(schema: Schema, code: ProblemCode, field: string): (object: { readonly [name: string]: unknown }) => Row {
  const { columns } = schema;
  const names = new Set(columns.map((column) => column.name));
  const refuse = (object: object): void => {
    const extra = Object.keys(object).find((name) => !names.has(name) && (object as Record<string, unknown>)[name] !== undefined);
    if (extra === undefined) return;
    const message = `The code returned a column "${extra}" that is not among its columns (${[...names].join(', ')})`;
    throw new MillraceError({ code, message, hint: 'Declare it under "Columns".', field });
  };
  const reads = columns.map(
    (column, i) => `v = object[${stringLiteral(column.name)}]; if (v !== undefined) known++; const c${i} = ${conformSource(column, i)};`,
  );
  const row = rowSource(columns.map((column, i) => ({ name: column.name, source: `c${i}` })));
  return compile(
    `(object) => { let v, known = 0, count = 0; ${reads.join(' ')} for (const name in object) count++; if (count > known) refuse(object); return ${row}; }`,
    {
      mend: mender(columns, code, () => field),
      refuse,
    },
  );
}
