/** The table that a sink writes to: created, checked, and swapped in, all within the run's transaction. */

import { foldName, quoteName } from '@millrace/kit/formats/sqlite-name';
import { declaredTypes, holds } from '@millrace/kit/formats/sqlite-types';
import { missing } from '../../model/faults/missing.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { ColumnType } from '../../model/values/types.ts';
import { changedDatabase } from './sqlite-commits.ts';
import { pragma } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-library.ts';
import { type TimeForm, timeFormOf } from './sqlite-times.ts';

export type WriteMode = 'create' | 'append' | 'replace' | 'upsert';
export interface TargetColumn {
  readonly name: string;
  /** The types as which the values are stored. */
  readonly type: ColumnType;
}
export interface Target {
  readonly table: string;
  /** The table that rows go into until `publish`. */
  readonly into: string;
  /** By column: the declared type of an existing table, or ours. */
  readonly declared: readonly string[];
  /** By column: the format of times by which rows are found or compared. Null: the usual one. */
  readonly times: readonly (TimeForm | null)[];
  /** Puts a replacement in the place of the old table. */
  publish(log: (message: string) => void): void;
}
interface ExistingColumn {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

export interface TargetSpec {
  readonly table: string;
  readonly mode: WriteMode;
  /** Rows of this run are in the table already: it must exist, and more will follow. */
  readonly continues: boolean;
  readonly columns: readonly TargetColumn[];
  /** For upsert. */
  readonly keys: readonly string[];
  /** For upsert: a row replaces another one only if this column of it is greater. Null, or absent as in logs of older versions: always. */
  readonly newer?: string | null;
}

/** Throws a MillraceError if the table cannot take these columns in this mode. */
export function openTarget({ connection, path }: { readonly connection: SqliteConnection; readonly path: string }, spec: TargetSpec): Target {
  const { table, continues, columns, keys } = spec;
  const mode = continues && spec.mode !== 'upsert' ? 'append' : spec.mode;
  const kind = connection.prepare<[string], { type: string }>('SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE').get(table)?.type;
  const declared = columns.map(({ type }) => declaredTypes[type]);
  const nothing = () => {};
  if (kind === undefined) {
    if (continues) throw changedDatabase(path, `the table "${table}" is gone`);
    connection.exec(creation(table, columns, keys));
    return { table, into: table, declared, times: [], publish: nothing };
  }
  if (kind !== 'table')
    refuse('sqlite/not-a-table', `"${table}" in ${path} is ${kind === 'index' ? 'an' : 'a'} ${kind}, not a table.`, 'Choose another table name.');
  if (mode === 'create') {
    refuse('sqlite/table-exists', `Table "${table}" exists already in ${path}.`, 'Choose another name, or one of the modes replace, append and upsert.');
  }
  if (mode !== 'replace') {
    const existing = pragma<ExistingColumn>(connection, `table_xinfo(${quoteName(table)})`);
    refuseOtherColumns(existing, columns, table, path);
    if (mode === 'upsert') refuseMissingKey(connection, existing, keys, table, path);
    const typeOf = new Map(existing.map(({ name, type }) => [foldName(name), type]));
    const compared = new Set([...keys, ...(spec.newer == null ? [] : [spec.newer])].map((name) => foldName(name)));
    const times = columns.map(({ name, type }) =>
      (type === 'timestamp' || type === 'date') && compared.has(foldName(name)) ? timeFormOf(connection, table, name) : null,
    );
    return {
      table,
      into: table,
      declared: columns.map(({ name }) => typeOf.get(foldName(name)) ?? missing(`the column "${name}" of the table`)),
      times,
      publish: nothing,
    };
  }
  refuseReferenced(connection, table, path);
  const into = `_millrace_new_${table}`;
  connection.exec(`DROP TABLE IF EXISTS ${quoteName(into)}`);
  connection.exec(creation(into, columns, keys));
  return { table, into, declared, times: [], publish: (log) => swap(connection, into, table, log) };
}

function creation(table: string, columns: readonly TargetColumn[], keys: readonly string[]): string {
  const isKey = (name: string) => keys.some((key) => foldName(key) === foldName(name));
  const lines = columns.map(({ name, type }) => `${quoteName(name)} ${declaredTypes[type]}${isKey(name) ? ' NOT NULL' : ''}`);
  if (keys.length > 0) lines.push(`PRIMARY KEY (${keys.map(quoteName).join(', ')})`);
  return `CREATE TABLE ${quoteName(table)} (${lines.join(', ')})`;
}

/** The new table takes the old one's name, indexes and triggers. */
function swap(connection: SqliteConnection, from: string, to: string, log: (message: string) => void): void {
  const kept = connection
    .prepare<[string], { type: string; name: string; sql: string }>(
      "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = ? COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL",
    )
    .all(to);
  connection.exec(`DROP TABLE ${quoteName(to)}; ALTER TABLE ${quoteName(from)} RENAME TO ${quoteName(to)}`);
  for (const { type, name, sql } of kept) {
    try {
      connection.exec(sql);
    } catch (error) {
      if (!connection.inTransaction) throw error;
      log(`The ${type} "${name}" of the replaced table "${to}" does not fit the new one and was left out: ${(error as Error).message}`);
    }
  }
}

function refuseOtherColumns(existing: readonly ExistingColumn[], columns: readonly TargetColumn[], table: string, path: string): void {
  const differences: string[] = [];
  const found = new Map(existing.map((column) => [foldName(column.name), column]));
  for (const { name, type } of columns) {
    const column = found.get(foldName(name));
    if (!column) differences.push(`the table has no column "${name}"`);
    else if (column.hidden > 1) differences.push(`"${name}" is a generated column`);
    else if (!holds(column.type, type)) differences.push(`"${name}" is ${column.type} in the table and ${type} in the rows`);
  }
  const delivered = new Set(columns.map(({ name }) => foldName(name)));
  for (const { name, notnull, dflt_value, hidden } of existing) {
    const mustHave = notnull === 1 && dflt_value === null && hidden === 0;
    if (mustHave && !delivered.has(foldName(name))) differences.push(`the table needs "${name}", which the rows do not have`);
  }
  if (differences.length === 0) return;
  refuse(
    'sqlite/other-columns',
    `The columns of table "${table}" in ${path} differ from the rows: ${differences.join('; ')}.`,
    'Shape the rows with a Select node, choose another table, or the mode "replace" to create the table again.',
  );
}

function refuseMissingKey(connection: SqliteConnection, existing: readonly ExistingColumn[], keys: readonly string[], table: string, path: string): void {
  const wanted = sorted(keys);
  if (sorted(existing.filter(({ pk }) => pk > 0).map(({ name }) => name)) === wanted) return;
  const indexes = pragma<{ name: string; unique: number; partial: number }>(connection, `index_list(${quoteName(table)})`);
  for (const { name, unique, partial } of indexes) {
    if (unique !== 1 || partial !== 0) continue;
    const parts = pragma<{ name: string | null }>(connection, `index_info(${quoteName(name)})`);
    if (sorted(parts.map((part) => part.name ?? '')) === wanted) return;
  }
  refuse(
    'sqlite/no-key',
    `Table "${table}" in ${path} has no primary key or unique index over ${keys.map((key) => `"${key}"`).join(', ')}, which update by key requires.`,
    `Create one: CREATE UNIQUE INDEX ${quoteName(`${table}_key`)} ON ${quoteName(table)} (${keys.map(quoteName).join(', ')});`,
    'keys',
  );
}

function sorted(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => foldName(name)).sort());
}

/** Dropping a table that others refer to would delete or orphan their rows. */
function refuseReferenced(connection: SqliteConnection, table: string, path: string): void {
  const other = connection
    .prepare<[string, string], { name: string }>(
      `SELECT s.name FROM sqlite_schema s, pragma_foreign_key_list(s.name) f
       WHERE s.type = 'table' AND f."table" = ? COLLATE NOCASE AND s.name <> ? COLLATE NOCASE`,
    )
    .get(table, table);
  if (!other) return;
  refuse(
    'sqlite/referenced',
    `Table "${table}" in ${path} cannot be replaced: table "${other.name}" refers to it by a foreign key.`,
    'Choose the mode append or upsert, or another table.',
  );
}

function refuse(code: ProblemCode, message: string, hint: string, field = 'table'): never {
  throw new MillraceError({ code, message, hint, field });
}
