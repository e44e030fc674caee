/** better-sqlite3 as a driver's library: see sqlite-driver.ts. */
import { createRequire } from 'node:module';
import type Sqlite from 'better-sqlite3';
import { refuseNul } from './sqlite-codes.ts';
import type { SqliteConnection, SqliteInput, SqliteLibrary, SqliteStatement, SqliteValue } from './sqlite-library.ts';

/** Loaded when first needed, which is rare. */
const load = (): typeof Sqlite => createRequire(import.meta.url)('better-sqlite3') as typeof Sqlite;

export const openBetterSqlite: SqliteLibrary = (path, { access, waitMs }) => {
  const Database = load();
  // It accepts no URIs, so a file cannot be declared immutable.
  return new Connection(new Database(path, { readonly: access === 'read' || access === 'immutable', fileMustExist: access !== 'create', timeout: waitMs }));
};

class Connection implements SqliteConnection {
  readonly #database: Sqlite.Database;

  constructor(database: Sqlite.Database) {
    this.#database = database;
  }

  get isOpen(): boolean {
    return this.#database.open;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  exec(sql: string): void {
    refuseNul(sql);
    this.#database.exec(sql);
  }

  prepare<Values extends readonly SqliteInput[], Row>(sql: string): SqliteStatement<Values, Row> {
    refuseNul(sql);
    return new Statement<Values, Row>(this.#database, sql);
  }

  close(): void {
    this.#database.close();
  }
}

/** Values are not spread, which is slow in a thread that confines users' code: see sqlite-node.ts. */
class Statement<Values extends readonly SqliteInput[], Row> implements SqliteStatement<Values, Row> {
  readonly #database: Sqlite.Database;
  readonly #statement: Sqlite.Statement<unknown[], Row>;

  constructor(database: Sqlite.Database, sql: string) {
    this.#database = database;
    this.#statement = database.prepare<unknown[], Row>(sql);
  }

  run(...values: Values) {
    return this.#statement.run.apply(this.#statement, values as never) as { changes: number; lastInsertRowid: number };
  }

  get(...values: Values): Row | undefined {
    return this.#statement.get.apply(this.#statement, values as never);
  }

  all(...values: Values): Row[] {
    if (this.#statement.reader) return this.#statement.all.apply(this.#statement, values as never);
    this.#statement.run.apply(this.#statement, values as never);
    return [];
  }

  iterate(...values: Values) {
    const statement = this.#database.prepare(this.#statement.source).raw(true).safeIntegers(true);
    return statement.iterate.apply(statement, values as never) as IterableIterator<SqliteValue[]>;
  }

  columns() {
    return this.#statement.reader ? this.#statement.columns() : [];
  }

  get takesValues(): boolean {
    try {
      // Binding no values shows it, and runs nothing.
      this.#statement.iterate().return?.();
      return false;
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) return true;
      throw error;
    }
  }
}
