/** SQLite databases to read from. */

import { foldName, quoteName } from '@millrace/kit/formats/sqlite-name';
import { affinityOf, declaredTypes } from '@millrace/kit/formats/sqlite-types';
import type { Discovery, NodeProblem } from '@millrace/kit/node';
import { findFile } from '../../../io/files/input-files.ts';
import { openSqlite, pragma } from '../../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection, SqliteStatement } from '../../../io/sqlite/sqlite-library.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { isUnavailable } from '../../../model/problems/system-errors.ts';
import { inferFromJson, inferFromText } from '../../../model/schema/infer.ts';
import { expectsNull } from '../../../model/schema/nulls.ts';
import { isDate } from '../../../model/time/timestamp.ts';
import { isDecimalValue } from '../../../model/values/decimal.ts';
import type { Column, ColumnType } from '../../../model/values/types.ts';
export interface SqliteQuery {
  /** As in the params, for messages. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly sql: string;
  /** The table, if the whole of one is read. */
  readonly table: string | null;
}

/** For joins and sorting; the libraries' own defaults differ. */
const cacheKib = 16 * 1000;
const lockWaitMs = 5000;
const lockRetryMs = 50;
const sampleRows = 1000;
const sampleMs = 500;

/** Which rows to read. Throws a MillraceError if that is not set. */
export function queryOf(
  params: { readonly path: string; readonly read: 'table' | 'query'; readonly table: string; readonly sql: string },
  resolve: (path: string) => string,
): SqliteQuery {
  const { path: name, read, table, sql } = params;
  const path = resolve(name);
  return read === 'table' ? { name, path, table, sql: `SELECT * FROM ${quoteName(table)}` } : { name, path, table: null, sql };
}

/** Opens the database read-only, waiting a while for a lock, and prepares the query. Throws a MillraceError. */
export async function openQuery(
  query: SqliteQuery,
  signal: AbortSignal,
  { access, waitMs = lockWaitMs }: { readonly access: 'read' | 'look'; readonly waitMs?: number },
): Promise<{ database: SqliteConnection; statement: SqliteStatement }> {
  findFile(query.path, query.name);
  const deadline = performance.now() + waitMs;
  for (;;) {
    let database: SqliteConnection | null = null;
    try {
      database = openSqlite(query.path, { access });
      const statement = prepare(database, query);
      return { database, statement };
    } catch (error) {
      database?.close();
      if (!isBusy(error) || signal.aborted || performance.now() > deadline) throw inputProblem(error, query);
    }
    await new Promise((done) => setTimeout(done, lockRetryMs));
  }
}

function prepare(database: SqliteConnection, query: SqliteQuery): SqliteStatement {
  // Reads the schema, so that a file that is not a database, or is locked, is not reported as an error of the query.
  const tables = database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
    .all()
    .map(({ name }) => name);
  pragma(database, `cache_size = -${cacheKib}`);
  const known = tables.length === 0 ? 'The database is empty.' : `It has: ${tables.slice(0, 20).join(', ')}${tables.length > 20 ? ', ...' : ''}.`;
  if (query.table !== null && !tables.some((name) => foldName(name) === foldName(query.table ?? ''))) {
    throw new MillraceError({ code: 'sqlite/no-table', message: `${query.name} has no table "${query.table}".`, hint: known, field: 'table' });
  }
  let statement: SqliteStatement;
  try {
    statement = database.prepare(query.sql);
  } catch (error) {
    if (isBusy(error) || isFileError(error)) throw error;
    const { message } = error as Error;
    const hint = /no such (table|column)/.test(message) ? known : 'Write one SELECT statement in the SQL of SQLite.';
    throw new MillraceError({ code: 'sqlite/query', message: `The query is wrong: ${message}.`, hint, field: 'sql' }, { cause: error });
  }
  if (statement.columns().length === 0)
    throw new MillraceError({
      code: 'sqlite/query',
      message: 'The query returns no rows.',
      hint: 'Write one SELECT statement: a source only reads.',
      field: 'sql',
    });
  if (statement.takesValues) {
    throw new MillraceError({
      code: 'sqlite/query',
      message: 'The query has placeholders such as ?, for which there are no values.',
      hint: 'Write the values themselves, or ${name} for a parameter of the pipeline.',
      field: 'sql',
    });
  }
  return statement;
}

/** The columns of a query: by their declared types, or by the first values if an expression has none. */
export async function discoverQuery(query: SqliteQuery, signal: AbortSignal): Promise<Discovery> {
  const { database, statement } = await openQuery(query, signal, { access: 'look', waitMs: sampleMs });
  try {
    const found = statement.columns();
    const names = inferFromText(
      found.map(({ name }) => name),
      [],
    ).columns.map(({ name }) => name);
    const declared = found.map(({ type }) => (type ? declaredType(type) : null));
    // A query may take long to give its first row; a table gives it at once.
    const isSampled = declared.includes(null) || declared.includes('date') || query.table !== null;
    const sampled = isSampled ? sampleTypes(statement, names) : null;
    const columns: Column[] = names.map((name, i) => ({
      name,
      type: columnType(name, declared[i] ?? null, sampled),
      nullable: true,
      ...(sampled?.full.has(name) && { nulls: 'unseen' }),
    }));
    const problems: NodeProblem[] = [];
    const renamed = found.findIndex(({ name }, i) => name !== names[i]);
    if (renamed !== -1) {
      problems.push({
        code: 'sqlite/column-name',
        severity: 'warning',
        message: `The query has more than one column "${itemAt(found, renamed).name}"; it is called "${names[renamed]}" here.`,
        hint: 'Give it a name of its own with AS.',
      });
    }
    return { schema: { columns }, problems, dependsOn: [query.path, `${query.path}-wal`] };
  } catch (error) {
    throw inputProblem(error, query);
  } finally {
    database.close();
  }
}

interface Sampled {
  readonly types: ReadonlyMap<string, ColumnType>;
  /** The columns of which every value is a day. */
  readonly days: ReadonlySet<string>;
  /** The columns of numbers that doubles cannot hold: whole ones beyond 2^53, and texts of digits. */
  readonly decimals: ReadonlySet<string>;
  /** The columns in which no row has null; there is at least one row. */
  readonly full: ReadonlySet<string>;
}

function columnType(name: string, declared: ColumnType | null, sampled: Sampled | null): ColumnType {
  if (declared === 'date' && !sampled?.days.has(name)) return 'timestamp';
  if ((declared === 'integer' || declared === 'number') && sampled?.decimals.has(name)) return 'decimal';
  return declared ?? sampled?.types.get(name) ?? 'string';
}

function sampleTypes(statement: SqliteStatement, names: readonly string[]): Sampled {
  const sample: Record<string, unknown>[] = [];
  const deadline = performance.now() + sampleMs;
  for (const values of statement.iterate()) {
    // Bytes beside text fit no single type; as text, the bytes fail row by row.
    sample.push(Object.fromEntries(names.map((name, i) => [name, values[i]])));
    if (sample.length === sampleRows || performance.now() > deadline) break;
  }
  const always = new Set(names.filter((name) => sample.every((row) => row[name] === null)));
  // Text stays text: for a timestamp from an expression, set it under Column types.
  const { columns } = inferFromJson(sample);
  const types = columns.map(({ name, type }): [string, ColumnType] => [
    name,
    always.has(name) || type === 'json' || type === 'timestamp' || type === 'date' ? 'string' : type,
  ]);
  const days = names.filter((name) => sample.every((row) => row[name] === null || (typeof row[name] === 'string' && isDate(row[name]))));
  const decimals = names.filter((name) => sample.some((row) => isBeyondDoubles(row[name])) && sample.every((row) => isDecimal(row[name])));
  const full = columns.filter((column) => !expectsNull(column)).map(({ name }) => name);
  return { types: new Map(types), days: new Set(days), decimals: new Set(decimals), full: new Set(full) };
}

function isBeyondDoubles(found: unknown): boolean {
  return typeof found === 'string' || (typeof found === 'bigint' && !Number.isSafeInteger(Number(found)));
}
function isDecimal(found: unknown): boolean {
  return typeof found === 'string' ? isDecimalValue(found) : found === null || typeof found === 'bigint' || typeof found === 'number';
}

/**
 * As the SQLite sink declares them, and by SQLite's own rule for the names of other programs. Null for names such as UUID, TIME and STRING,
 * which that rule takes for numbers.
 */
function declaredType(declared: string): ColumnType | null {
  const type = declared.toUpperCase().replace(/\(.*$/, '').trim();
  if (type.startsWith('BOOL')) return 'boolean';
  if (/^(TIMESTAMP|DATETIME)/.test(type)) return 'timestamp';
  if (type === 'DATE') return 'date';
  if (/^JSONB?$/.test(type)) return 'json';
  if (type === declaredTypes.decimal) return 'decimal';
  if (affinityOf(type) === 'NUMERIC' && !/^(NUM|DEC|MONEY|FIXED)/.test(type)) return null;
  const types = { TEXT: 'string', INTEGER: 'integer', REAL: 'number', NUMERIC: 'number', BLOB: 'bytes' } as const;
  return types[affinityOf(type)];
}

/** SQLite's error, as a problem that names the file; anything else is returned unchanged. */
export function inputProblem(error: unknown, query: SqliteQuery): unknown {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  if (error instanceof MillraceError || !code.startsWith('SQLITE_')) return error;
  const { name } = query;
  const make = (code: ProblemCode, message: string, hint: string) => new MillraceError({ code, message, hint, field: 'path' }, { cause: error });
  if (isBusy(error)) {
    return make(
      'sqlite/locked',
      `The database ${name} is locked for writing.`,
      'End what writes to it. If that is a sink of this pipeline, let it write to another file, or switch the database to WAL mode.',
    );
  }
  if (code === 'SQLITE_NOTADB')
    return make('sqlite/not-a-database', `${name} is not a SQLite database.`, 'Choose a SQLite file; CSV and JSON Lines files have sources of their own.');
  if (code.startsWith('SQLITE_CORRUPT')) return make('sqlite/damaged', `The database ${name} is damaged.`, 'Restore it from a copy.');
  if (isFileError(error)) {
    return make(
      isUnavailable(code) ? 'file/unavailable' : 'file/unreadable',
      `The database ${name} cannot be read: ${(error as Error).message}.`,
      'Check the permissions of the file and its folder: a database in WAL mode needs a folder that may be written.',
    );
  }
  return make('sqlite/failed', `The query failed: ${(error as Error).message}.`, 'Correct the query.');
}

function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: unknown } | null)?.code));
}

function isFileError(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT|CANTOPEN|IOERR|READONLY|PERM|AUTH)/.test(String((error as { code?: unknown } | null)?.code));
}
