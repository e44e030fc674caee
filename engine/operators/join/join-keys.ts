import { findColumn } from '@millrace/kit/columns';
import type { Row, Schema, Value } from '../../../model/values/types.ts';
import { type KeyColumn, keySources } from '../rows/key-columns.ts';
import { compile } from '../rows/rows.ts';

export type JoinKey = string | number | boolean;

/**
 * A function that gives a row's key: equal for equal values of the columns, and for no others; null where one of them is null,
 * which matches nothing. One column is its own key; several become a text, which a Map finds faster than it finds its way
 * through Maps in Maps where keys come and go.
 */
export function joinKeyReader(columns: readonly KeyColumn[]): (row: Row) => JoinKey | null {
  const { sources: reads, constants } = keySources(columns);
  if (reads.length === 1) return compile(`(row) => ${reads[0]}`, constants);
  const names = reads.map((_, i) => `v${i}`);
  const values = reads.map((read, i) => `const v${i} = ${read};`).join(' ');
  const isNull = names.map((name) => `${name} === null`).join(' || ') || 'false';
  const parts = names.map((name) => `(typeof ${name} === 'string' ? ${name}.length + ':' + ${name} : '' + ${name})`);
  return compile(`(row) => { ${values} return ${isNull} ? null : ${parts.join(" + '|' + ") || "''"}; }`, constants);
}

/** What join keys were made of. */
export interface JoinKeyParts {
  /** The key whose text this is: entries of keyed state are filed under those. */
  ofText(text: string): JoinKey;
  values(key: JoinKey): Value[];
}

/** Of the keys that `joinKeyReader` makes of these columns. */
export function joinKeyParts(schema: Schema, columns: readonly KeyColumn[]): JoinKeyParts {
  if (columns.length !== 1) return { ofText: (text) => text, values: (key) => partsOf(key as string) };
  const [{ name, keyOf }] = columns as readonly [KeyColumn];
  const type = keyOf === null ? findColumn(schema, name)?.type : 'decimal';
  const read = type === 'boolean' ? booleanOf : type === 'integer' || type === 'number' || type === 'timestamp' ? Number : String;
  return { ofText: read, values: (key) => [key] };
}

/** Texts have their length before them; numbers and booleans end with the next bar. */
function partsOf(key: string): Value[] {
  const values: Value[] = [];
  for (let at = 0; at < key.length; ) {
    const [length] = /^\d+(?=:)/.exec(key.slice(at, at + 20)) ?? [];
    const start = length === undefined ? at : at + length.length + 1;
    const bar = key.indexOf('|', at);
    const end = length !== undefined ? start + Number(length) : bar < 0 ? key.length : bar;
    const text = key.slice(start, end);
    values.push(length !== undefined ? text : text === 'true' || text === 'false' ? booleanOf(text) : Number(text));
    at = end + 1;
  }
  return values;
}
function booleanOf(text: string): boolean {
  return text === 'true';
}
