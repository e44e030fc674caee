/** Node's own SQLite as a driver's library: see sqlite-driver.ts. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { codeName, refuseNul, SqliteError } from './sqlite-codes.ts';
import type { SqliteConnection, SqliteInput, SqliteLibrary, SqliteStatement, SqliteValue } from './sqlite-library.ts';

/** Versions of Node that have it under its later name warn about the earlier one. */
type Module = { readonly Database?: typeof DatabaseSync; readonly DatabaseSync: typeof DatabaseSync };

/** Null if this Node has none. Loaded at run time, since a static import would fail there. */
function classOf(): typeof DatabaseSync | null {
  const { emitWarning } = process;
  // Some versions print once that it is experimental, to the standard error of the user who runs a pipeline.
  process.emitWarning = () => {};
  try {
    const found = process.getBuiltinModule?.('node:sqlite') as Module | undefined;
    return found ? (found.Database ?? found.DatabaseSync) : null;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Whether this Node's SQLite can all that we need; its first versions could not. */
export function isNodeSqliteFit(): boolean {
  try {
    const connection = openNodeSqlite(':memory:', { access: 'create', waitMs: 0 });
    connection.exec('BEGIN');
    const statement = connection.prepare('SELECT ? AS a, 9007199254740993');
    const row = statement.iterate('a\0b').next().value as SqliteValue[];
    const isFit = connection.inTransaction && connection.isOpen && statement.columns().length === 2 && row[0] === 'a\0b' && row[1] === 9007199254740993n;
    connection.close();
    return isFit;
  } catch {
    return false;
  }
}

export const openNodeSqlite: SqliteLibrary = (path, { access, waitMs }) => {
  const Database = classOf();
  if (!Database) throw new Error('This version of Node has no SQLite of its own.');
  const options = { readOnly: access === 'read' || access === 'immutable', timeout: waitMs, defensive: true };
  // Only a URI can request a file that is to be written and must exist, or that does not change.
  const query = { create: null, read: null, write: '?mode=rw', immutable: '?immutable=1' }[access];
  const location = query === null ? path : new URL(query, pathToFileURL(path));
  return told(() => new Connection(new Database(location, options)));
};

class Connection implements SqliteConnection {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  get inTransaction(): boolean {
    return this.#database.isOpen && this.#database.isTransaction;
  }

  exec(sql: string): void {
    refuseNul(sql);
    told(() => this.#database.exec(sql));
  }

  prepare<Values extends readonly SqliteInput[], Row>(sql: string): SqliteStatement<Values, Row> {
    refuseNul(sql);
    return told(() => new Statement<Values, Row>(this.#database, sql));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Values are not spread: in a thread that confines users' code, that uses an iterator and takes longer than binding them. */
class Statement<Values extends readonly SqliteInput[], Row> implements SqliteStatement<Values, Row> {
  readonly #database: DatabaseSync;
  readonly #sql: string;
  readonly #statement: StatementSync;

  constructor(database: DatabaseSync, sql: string) {
    this.#database = database;
    this.#sql = sql;
    this.#statement = database.prepare(sql);
    if (hasMore(database, sql.slice(this.#statement.sourceSQL.length))) throw new RangeError('The supplied SQL string contains more than one statement');
  }

  run(...values: Values) {
    try {
      return this.#statement.run.apply(this.#statement, values as never) as { changes: number; lastInsertRowid: number };
    } catch (error) {
      if (!values.includes(undefined)) throw named(error);
    }
    // It refuses undefined, before anything is run.
    return told(() => this.#statement.run.apply(this.#statement, withoutUndefined(values)) as { changes: number; lastInsertRowid: number });
  }

  get(...values: Values): Row | undefined {
    return told(() => this.#statement.get.apply(this.#statement, withoutUndefined(values)) as Row | undefined);
  }

  all(...values: Values): Row[] {
    return told(() => this.#statement.all.apply(this.#statement, withoutUndefined(values)) as Row[]);
  }

  iterate(...values: Values) {
    return told(() => {
      const statement = this.#database.prepare(this.#sql);
      statement.setReturnArrays(true);
      statement.setReadBigInts(true);
      return new Rows(statement.iterate.apply(statement, withoutUndefined(values)) as Iterator<unknown> as IterableIterator<SqliteValue[]>);
    });
  }

  columns() {
    return told(() => this.#statement.columns());
  }

  get takesValues(): boolean {
    // With placeholders in it, it differs from the text with their values, null or not.
    return this.#statement.expandedSQL !== this.#statement.sourceSQL;
  }
}

class Rows implements IterableIterator<SqliteValue[]> {
  readonly #rows: IterableIterator<SqliteValue[]>;

  constructor(rows: IterableIterator<SqliteValue[]>) {
    this.#rows = rows;
  }

  next(): IteratorResult<SqliteValue[]> {
    try {
      return this.#rows.next();
    } catch (error) {
      throw named(error);
    }
  }

  return(): IteratorResult<SqliteValue[]> {
    return told(() => this.#rows.return?.() ?? { done: true, value: undefined });
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** Whether another statement follows the prepared one, which the library would ignore. */
function hasMore(database: DatabaseSync, rest: string): boolean {
  if (/^[;\s]*$/.test(rest)) return false;
  try {
    database.prepare(rest);
    return true;
  } catch (error) {
    // There is no statement if it has only comments.
    return (error as { code?: unknown }).code !== 'ERR_INVALID_ARG_VALUE';
  }
}

const withoutUndefined = (values: readonly SqliteInput[]) => values.map((value) => value ?? null) as never;

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(error);
  }
}

/** Node's error, with SQLite's code if it is SQLite's; any other has none, because it is a bug of the caller. */
function named(error: unknown): Error & { readonly code?: string } {
  const { code, errcode, message } = error as { code?: unknown; errcode?: number; message: string };
  if (code === 'ERR_SQLITE_ERROR') return new SqliteError(message, codeName(errcode ?? 1), error);
  return typeof code === 'string' && code.startsWith('ERR_') ? new TypeError(message, { cause: error }) : (error as Error);
}
