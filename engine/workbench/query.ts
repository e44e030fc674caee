import { existsSync, statSync } from 'node:fs';
import { declaredTypes } from '@millrace/kit/formats/sqlite-types';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { encodeBase64 } from '../../model/values/base64.ts';
import type { Column, ColumnType, Json } from '../../model/values/types.ts';
import type { QueryResult, Table } from '../protocol/messages.ts';

/** The request to the query process: `sql` null asks for the tables. */
export type QueryJob = { readonly path: string } & ({ readonly sql: null } | { readonly sql: string; readonly offset: number; readonly limit: number });

/** Tables and views of a database, with their columns as declared. Views are not counted, since that could take long. */
export function readTables(path: string): readonly Table[] {
  return withDatabase(path, (database) => {
    const found = database
      .prepare("select name, type from sqlite_schema where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' order by type, name")
      .all() as { name: string; type: string }[];
    return found.map(({ name, type }) => ({
      name,
      rows: type === 'table' ? countOf(database, `select count(*) as n from ${quoted(name)}`) : null,
      columns: database.prepare('select name, type from pragma_table_info(?)').all(name) as { name: string; type: string }[],
    }));
  });
}

/** One page of a single reading statement. `total` is given if it costs at most one pass over one table. */
export function runQuery(path: string, sql: string, offset: number, limit: number): QueryResult {
  const started = performance.now();
  return withDatabase(path, (database) => {
    const text = selectOf(sql);
    const rows = [...database.prepare(`select * from (${text}\n) limit ? offset ?`).iterate(limit, offset)];
    // The query's own names: SQLite renames duplicate ones around a subquery.
    const columns = columnsOf(database.prepare(text).columns(), rows);
    const ended = rows.length < limit && (rows.length > 0 || offset === 0);
    return {
      columns,
      rows: rows.map((row) => row.map(cellOf)),
      total: ended ? offset + rows.length : count(database, text),
      elapsedMs: performance.now() - started,
    };
  });
}

function withDatabase<T>(path: string, use: (database: SqliteConnection) => T): T {
  if (!existsSync(path)) throw new MillraceError({ code: 'file/missing', message: `There is no ${path}.`, hint: 'Run the pipeline that writes it.' });
  if (statSync(path).isDirectory()) throw new MillraceError({ code: 'file/folder', message: `${path} is a folder.`, hint: 'Name a database file in it.' });
  let database: SqliteConnection | null = null;
  try {
    database = openSqlite(path, { access: 'read', waitMs: 1000 });
    return use(database);
  } catch (error) {
    throw queryError(error, path);
  } finally {
    database?.close();
  }
}

/** The statement without its closing semicolon. Throws for anything but one query. */
function selectOf(sql: string): string {
  const text = sql.trim().replace(/(;\s*)+$/, '');
  const start = text.replace(/^(\s*--[^\n]*\n|\s*\/\*[\s\S]*?\*\/)*\s*/, '');
  if (/^(select|with|values)\b/i.test(start)) return text;
  throw new MillraceError({
    code: 'result/not-a-query',
    message: start === '' ? 'The query is empty.' : 'Only queries can be run here: the statement must begin with SELECT, WITH or VALUES.',
    hint: 'Results are opened read-only. Write for example: select * from my_table',
  });
}

function count(database: SqliteConnection, text: string): number | null {
  const plan = database.prepare(`explain query plan ${text}`).all() as { detail: string }[];
  const [step, ...others] = plan;
  if (!step || others.length > 0 || !/^(SCAN|SEARCH) /.test(step.detail)) return null;
  return countOf(database, `select count(*) as n from (${text}\n)`);
}

function countOf(database: SqliteConnection, sql: string): number {
  return database.prepare<[], { n: number }>(sql).get()?.n ?? 0;
}

/** Types as declared, otherwise from the page's values. Duplicate names get a number, since rows are shown by name. */
function columnsOf(definitions: readonly { readonly name: string; readonly type: string | null }[], rows: readonly unknown[][]): Column[] {
  const taken = new Set<string>();
  return definitions.map(({ name, type }, index) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n++) unique = `${name}_${n}`;
    taken.add(unique);
    const found = typeOfValues(rows, index);
    const isDecimal = type?.toUpperCase() === declaredTypes.decimal && (found === null || found === 'string');
    return { name: unique, type: isDecimal ? 'decimal' : (found ?? typeOfDeclaration(type)), nullable: true };
  });
}

const numbers: readonly ColumnType[] = ['integer', 'number', 'decimal'];

/** Null if the page contains only nulls, or values of several kinds. SQLite allows any value in any column. */
function typeOfValues(rows: readonly unknown[][], index: number): ColumnType | null {
  let type: ColumnType | null = null;
  for (const row of rows) {
    const value = row[index];
    if (value === null) continue;
    const found = typeOfValue(value);
    if (type === null || type === found) type = found;
    else if (numbers.includes(type) && numbers.includes(found)) type = type === 'decimal' || found === 'decimal' ? 'decimal' : 'number';
    else return 'json';
  }
  return type;
}

function typeOfValue(value: unknown): ColumnType {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? 'integer' : 'decimal';
  if (typeof value === 'number') return 'number';
  return typeof value === 'string' ? 'string' : 'bytes';
}

function typeOfDeclaration(type: string | null): ColumnType {
  const declared = type?.toUpperCase() ?? '';
  if (declared.includes('INT')) return 'integer';
  if (/REAL|FLOA|DOUB|NUM|DEC/.test(declared)) return 'number';
  return declared.includes('BLOB') ? 'bytes' : 'string';
}

/** Integers beyond 2^53 are sent as text, so that no digit is lost; so are infinities, which JSON cannot express. */
function cellOf(value: unknown): Json {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? { $bytes: encodeBase64(value) } : (value as Json);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function queryError(error: unknown, path: string): unknown {
  if (error instanceof MillraceError) return error;
  const { code = '', message } = error as { code?: string; message: string };
  if (code === 'SQLITE_NOTADB') return new MillraceError({ code: 'result/not-a-database', message: `${path} is not a SQLite database.` });
  if (code.startsWith('SQLITE_BUSY')) {
    return new MillraceError({ code: 'result/locked', message: `${path} is being written by another program.`, hint: 'Try again when it is done.' });
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return new MillraceError({ code: 'file/denied', message: `${path} may not be read.`, hint: 'Change its permissions.' });
  }
  return new MillraceError({ code: 'result/sql', message: `SQLite says: ${message}.`, hint: 'Fix the query. The tables and columns are listed beside it.' });
}
