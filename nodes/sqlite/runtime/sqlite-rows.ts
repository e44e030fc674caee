/** The rows of a query, in batches; the whole result is never in memory. */

import type { Reader, RowFailure, SourceBatch, SourceContext } from '@millrace/kit/node';
import { pragma } from '../../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection, SqliteStatement, SqliteValue } from '../../../io/sqlite/sqlite-library.ts';
import { type Conversion, compileRows, convertRow } from '../../../io/text/row-conversion.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { EntryFix } from '../../../model/problems/problem.ts';
import { decimalOfNumber, isDecimalValue } from '../../../model/values/decimal.ts';
import { readExactly } from '../../../model/values/exact.ts';
import { refuseDeepValue } from '../../../model/values/json-depth.ts';
import { parseJson, roundedNumber } from '../../../model/values/json-text.ts';
import { readText } from '../../../model/values/read-text.ts';
import type { Column, ColumnType, Json, Row, Schema, Value } from '../../../model/values/types.ts';
import { type Converted, castValue } from '../../../model/values/values.ts';
import type { CellFormat, CellFormats } from '../../formats/cells/cell-formats.ts';
import { readAs } from '../../formats/column-fields.ts';
import { likelyUnit, timestampOf } from '../../formats/json/jsonl-record.ts';
import { inputProblem, openQuery, type SqliteQuery } from './sqlite-input.ts';

type Context = Pick<SourceContext<unknown>, 'batchSize' | 'start' | 'fail' | 'signal' | 'shared' | 'log' | 'sample'>;
type Values = readonly SqliteValue[];

const copyTable = 'temp.millrace_rows';
/** Used if no sink of this run has opened the database. */
const nobody = { close() {} };

/** `schema` is that of the query's columns, in order; `formats` are those of its columns whose types a user has set. */
export async function openRows(query: SqliteQuery, schema: Schema, formats: CellFormats, context: Context): Promise<Reader> {
  const { database, statement } = await openQuery(query, context.signal, { access: context.sample ? 'look' : 'read' });
  try {
    return new SqliteRows(database, unlocked(database, statement, query, context), query, schema, formats, context);
  } catch (error) {
    database.close();
    throw inputProblem(error, query);
  }
}

/**
 * A sink of the same run that writes to this database would wait for our lock, and we for its lock, unless the database is in WAL mode. So
 * the result is copied to SQLite's temporary file first, and the lock is free before a row is read.
 */
function unlocked(database: SqliteConnection, statement: SqliteStatement, query: SqliteQuery, context: Context): SqliteStatement {
  const writer = context.shared<{ close(): void }>(`sqlite-output:${query.path}`, () => nobody);
  if (writer === nobody || pragma<{ journal_mode: string }>(database, 'journal_mode')[0]?.journal_mode === 'wal') return statement;
  context.log('info', `A sink writes into ${query.name} too: the rows to read are put aside first.`);
  database.exec(`CREATE TABLE ${copyTable} AS ${query.sql}`);
  return database.prepare(`SELECT * FROM ${copyTable} ORDER BY rowid`);
}

class SqliteRows implements Reader {
  readonly #database: SqliteConnection;
  readonly #rows: Iterator<Values>;
  readonly #query: SqliteQuery;
  readonly #schema: Schema;
  readonly #cast: ReadonlySet<string>;
  readonly #formats: readonly (CellFormat | null)[];
  readonly #batchSize: number;
  readonly #fail: (failure: RowFailure) => void;
  readonly #toRow: (values: Values) => Row | undefined;
  #read = 0;

  constructor(database: SqliteConnection, statement: SqliteStatement, query: SqliteQuery, schema: Schema, formats: CellFormats, context: Context) {
    this.#database = database;
    this.#rows = statement.iterate();
    this.#query = query;
    this.#schema = schema;
    this.#cast = formats.cast;
    this.#formats = schema.columns.map(({ name, type }) => formats.of(name, type));
    this.#batchSize = context.batchSize;
    this.#fail = (failure) => context.fail(failure);
    this.#toRow = compileRows(
      schema,
      schema.columns.map((_, i) => `input[${i}]`),
      schema.columns.map(({ type }, i) => conversionOf(type, itemAt(this.#formats, i))),
    );
    const skip = (context.start as { readonly rows: number } | null)?.rows ?? 0;
    while (this.#read < skip && !this.#rows.next().done) this.#read++;
  }

  read(): SourceBatch | null {
    const rows: Row[] = [];
    const numbers: number[] = [];
    const source = this.#query.table === null ? this.#query.name : `${this.#query.name}, table ${this.#query.table}`;
    try {
      while (rows.length < this.#batchSize) {
        const next = this.#rows.next();
        if (next.done) break;
        this.#read++;
        const row = this.#toRow(next.value) ?? this.#convert(next.value, source);
        if (row === undefined) continue;
        rows.push(row);
        numbers.push(this.#read);
      }
    } catch (error) {
      throw inputProblem(error, this.#query);
    }
    return rows.length > 0 ? { rows, locate: (index) => ({ source, line: numbers[index] ?? this.#read }) } : null;
  }

  position(): Json {
    return { rows: this.#read };
  }

  progress() {
    return { done: this.#read, total: null, unit: 'rows' as const };
  }

  close(): void {
    // An open iterator keeps the connection busy.
    this.#rows.return?.();
    this.#database.close();
  }

  #convert(values: Values, source: string): Row | undefined {
    const found = convertRow(this.#schema, ({ name, type }, i) => {
      const value = itemAt(values, i);
      return formattedValue(value, itemAt(this.#formats, i)) ?? convert(value, type, this.#cast.has(name));
    });
    if ('row' in found) return found.row;
    const { name, type } = found.column;
    const place = this.#schema.columns.indexOf(found.column);
    const value = itemAt(values, place);
    const raw = this.#schema.columns.map((column, i): [string, Value] => [column.name, unrounded(itemAt(values, i))]);
    this.#fail({
      code: 'sqlite/value',
      message: `Column "${name}" is of type ${type}: ${found.message}.`,
      hint: hintOf(found.column, value),
      fix: this.#fixOf(found.column, value, itemAt(this.#formats, place)),
      row: Object.fromEntries(raw),
      position: { source, line: this.#read },
    });
    return undefined;
  }

  /** Numbers in a column of times are read in the unit that their size suggests. */
  #fixOf({ name, type }: Column, value: SqliteValue, format: CellFormat | null): EntryFix | undefined {
    if (format !== null) return readAs(name, 'string');
    if (this.#cast.has(name)) return undefined;
    const unit = type === 'timestamp' && typeof value !== 'string' ? likelyUnit(Number(value)) : null;
    if (unit === null) return readAs(name, widerType(value, type));
    const entry = { column: name, type, times: 'epoch', unit };
    return { title: `Read column "${name}" as ${unit} since 1970`, list: 'types', key: 'column', entry };
  }
}

function hintOf({ name, type }: Column, found: SqliteValue): string {
  if (isTooLarge(found)) return `Read column "${name}" as ${widerType(found, type)} (under Column types), or CAST it AS TEXT in a query.`;
  if (type === 'timestamp' && typeof found !== 'string') {
    return `Say the unit in a query, as in strftime('%FT%TZ', "${name}", 'unixepoch') for seconds; or choose it under Column types, where times are Counted from 1970.`;
  }
  return `Convert it in a query, or set another type for "${name}" under Column types.`;
}

const conversions: { readonly [type in Schema['columns'][number]['type']]: Conversion } = {
  string: (found) => (typeof found === 'string' || found === null ? found : typeof found === 'bigint' ? String(found) : undefined),
  integer(found) {
    const value = typeof found === 'bigint' ? Number(found) : found;
    return value === null || Number.isSafeInteger(value) ? (value as number | null) : undefined;
  },
  number(found) {
    // A double is exactly what was stored; a whole number of 64 bits may be rounded.
    if (typeof found === 'bigint') return isTooLarge(found) ? undefined : Number(found);
    return found === null || Number.isFinite(found) ? (found as number | null) : undefined;
  },
  decimal(found) {
    if (typeof found === 'string') return isDecimalValue(found) ? found : undefined;
    if (typeof found === 'bigint') return String(found);
    return typeof found === 'number' ? (decimalOfNumber(found) ?? undefined) : found === null ? null : undefined;
  },
  boolean: (found) => (found === 1n || found === 1 ? true : found === 0n || found === 0 ? false : found === null ? null : undefined),
  timestamp: (found) => (typeof found === 'string' ? (readExactly(found, 'timestamp') as number | undefined) : found === null ? null : undefined),
  date: (found) => (typeof found === 'string' ? (readExactly(found, 'date') as string | undefined) : found === null ? null : undefined),
  json(found) {
    if (found === null || typeof found === 'number') return found;
    if (typeof found === 'bigint') return BigInt(Number(found)) === found ? Number(found) : undefined;
    if (typeof found !== 'string') return undefined;
    try {
      refuseDeepValue(found);
      const value = parseJson(found) as Json;
      return roundedNumber(found) === null ? value : undefined;
    } catch {
      return undefined;
    }
  },
  bytes: (found) => (found instanceof Uint8Array ? new Uint8Array(found.buffer, found.byteOffset, found.length) : found === null ? null : undefined),
};

/** The value of a text or a number in its format; null if the format does not apply to it. */
function formattedValue(found: SqliteValue, format: CellFormat | null): Converted | null {
  if (format === null || found === null || found instanceof Uint8Array) return null;
  return typeof found === 'string' ? format.read(found, true) : format.readNumber(String(found));
}

function conversionOf(type: Column['type'], format: CellFormat | null): Conversion {
  if (format === null) return conversions[type];
  return (found) => {
    const own = formattedValue(found as SqliteValue, format);
    if (own === null) return conversions[type](found);
    return own.ok ? own.value : undefined;
  };
}

function convert(found: SqliteValue, type: keyof typeof conversions, isCast: boolean): Converted {
  const simple = conversions[type](found);
  if (simple !== undefined) return { ok: true, value: simple };
  if (isTooLarge(found)) return { ok: false, message: `the value is ${found}, beyond 2^53, where whole numbers would be rounded` };
  if (found instanceof Uint8Array) return { ok: false, message: `the value is a BLOB of ${found.length} bytes` };
  if (type === 'bytes') return { ok: false, message: `the value is ${typeof found === 'string' ? 'text' : 'a number'}, not a BLOB` };
  if ((type === 'timestamp' || type === 'date') && typeof found !== 'string')
    return type === 'date' ? { ok: false, message: `${found} is a number, not a day such as 2026-01-31` } : timestampOf(Number(found));
  if (type === 'timestamp' && typeof found === 'string' && !isCast) return readText(found, type);
  return castValue(plain(found), type);
}

/** SQLite's integers have 64 bits; JavaScript's numbers hold 53. */
function isTooLarge(found: SqliteValue): found is bigint | number {
  return typeof found === 'bigint' ? !Number.isSafeInteger(Number(found)) : Number.isInteger(found) && !Number.isSafeInteger(found);
}

/** The type with which a column could be read that has this value. */
function widerType(found: SqliteValue, type: ColumnType): ColumnType {
  const isNumber = type === 'integer' || type === 'number';
  if (isNumber && conversions.decimal(found) !== undefined) return 'decimal';
  return type === 'timestamp' && !isTooLarge(found) ? 'integer' : 'string';
}

/** For a row that failed: whole numbers that would be rounded are texts. */
function unrounded(found: SqliteValue): Value {
  return typeof found === 'bigint' && isTooLarge(found) ? String(found) : plain(found);
}

function plain(found: SqliteValue): Value {
  return typeof found === 'bigint' ? Number(found) : found;
}
