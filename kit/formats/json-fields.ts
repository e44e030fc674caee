/** Fields of JSON values as columns: their params, and how they are read. */

import { itemAt } from '../../model/faults/missing.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { atJsonPath, type JsonPath, jsonPathName, parseJsonPath } from '../../model/schema/json-path.ts';
import type { Column, Json, Value } from '../../model/values/types.ts';
import { typeOptions } from '../columns.ts';
import { f, type ParamsOf } from '../fields.ts';
import type { NodeProblem } from '../node.ts';
import type { ColumnOfPath } from '../row-ops.ts';
import { caster, type Unfit } from './casting.ts';

export const jsonFieldItem = {
  path: f.text({ label: 'Path', placeholder: 'address.city' }),
  name: f.text({ label: 'Name', optional: true, placeholder: 'city' }),
  type: f.choice({ label: 'Type', default: 'string', options: typeOptions }),
};
export type JsonField = ParamsOf<typeof jsonFieldItem>;
export const jsonPathDocs = `Paths are written as in JavaScript: \`address.city\`, \`items[0].price\`, \`["odd name"]\`. What is not there is null. A column without a name of its own gets the last part of its path as its name.`;

/** The columns for the fields. A path that cannot be read still has one, so that the names of others do not change. */
export function jsonColumns(fields: readonly JsonField[]): Column[] {
  return fields.map(({ path, name, type }) => ({ name: name ?? (jsonPathName(parseJsonPath(path) ?? []) || path), type, nullable: true }));
}

/** `field` is the param that lists the fields. */
export function jsonFieldProblems(fields: readonly JsonField[], field: string): NodeProblem[] {
  return fields.flatMap(({ path }, i) => {
    if (path === '') return [];
    const steps = parseJsonPath(path);
    if (steps !== null && steps.length > 0) return [];
    const hint = 'Write it as in JavaScript: address.city, items[0].price, ["odd name"].';
    return [{ code: 'json/path', severity: 'error' as const, message: `"${path}" is not a path into a JSON value`, hint, field: `${field}.${i}.path` }];
  });
}

/** As a part of an operation: `field` is the param that lists the fields. */
export function columnsOfPaths(fields: readonly JsonField[], field: string): ColumnOfPath[] {
  return jsonColumns(fields).map(({ name, type }, i) => ({ name, type, path: itemAt(fields, i).path, field: `${field}.${i}.type` }));
}

/** Reads the fields of a value in order. A value that does not fit its type throws, or is null. `column` is the column that it comes from. */
export function jsonFieldReader(fields: readonly ColumnOfPath[], column: string, unfit: Unfit, code: ProblemCode): (value: Json) => Value[] {
  const readers = fields.map(({ path, type, field }) => ({
    path: parseJsonPath(path) as JsonPath,
    cast: caster({ name: `${column}.${path}`, type: 'json' }, type, unfit, code, field),
  }));
  return (value) => readers.map(({ path, cast }) => cast(atJsonPath(value, path) ?? null));
}
