import type { Row } from '../../../model/values/types.ts';
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
