import { missing } from '../../model/faults/missing.ts';
import type { ColumnType } from '../../model/values/types.ts';

/** The column types that Millrace declares in tables. SQLite gives each an affinity; `stored` is the storage class. */
export const sqliteTypes = ['TEXT', 'INTEGER', 'REAL', 'DECIMAL_TEXT', 'BOOLEAN', 'TIMESTAMP', 'DATE', 'JSON', 'BLOB'] as const;
export type SqliteType = (typeof sqliteTypes)[number];

export const declaredTypes: { readonly [type in ColumnType]: SqliteType } = {
  string: 'TEXT',
  integer: 'INTEGER',
  number: 'REAL',
  decimal: 'DECIMAL_TEXT',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  json: 'JSON',
  bytes: 'BLOB',
};

/** The column type for the values of a declared type. */
export function columnTypeOf(declared: SqliteType): ColumnType {
  return (Object.keys(declaredTypes) as ColumnType[]).find((type) => declaredTypes[type] === declared) ?? missing(`the type declared as ${declared}`);
}

export type Affinity = 'TEXT' | 'NUMERIC' | 'INTEGER' | 'REAL' | 'BLOB';

/** SQLite's own rule (datatype3.html, 3.1). */
export function affinityOf(declared: string): Affinity {
  const type = declared.toUpperCase();
  if (type.includes('INT')) return 'INTEGER';
  if (/CHAR|CLOB|TEXT/.test(type)) return 'TEXT';
  if (type === '' || type.includes('BLOB')) return 'BLOB';
  return /REAL|FLOA|DOUB/.test(type) ? 'REAL' : 'NUMERIC';
}

const numeric: readonly Affinity[] = ['NUMERIC', 'INTEGER', 'REAL', 'BLOB'];
/** The declared types in which values of a column type are stored unchanged: a text such as "007" would become a number elsewhere. */
const holders: { readonly [type in ColumnType]: readonly Affinity[] } = {
  string: ['TEXT', 'BLOB'],
  integer: numeric,
  number: numeric,
  decimal: ['TEXT', ...numeric],
  boolean: numeric,
  timestamp: ['TEXT', 'NUMERIC', 'BLOB'],
  date: ['TEXT', 'NUMERIC', 'BLOB'],
  json: ['TEXT', 'NUMERIC', 'BLOB'],
  bytes: ['TEXT', 'NUMERIC', 'INTEGER', 'REAL', 'BLOB'],
};

/** Whether a column of a table, by its declared type, keeps values of this type unchanged. */
export function holds(declared: string, type: ColumnType): boolean {
  return holders[type].includes(affinityOf(declared));
}
