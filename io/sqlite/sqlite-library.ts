/** What the driver needs of a SQLite library: see sqlite-driver.ts. */

export type SqliteValue = null | number | bigint | string | Uint8Array;
/** Values by position, or one object with values by name. Undefined is null. */
export type SqliteInput = SqliteValue | undefined | { readonly [name: string]: SqliteValue | undefined };

/**
 * A library's error, if SQLite has refused something, has a `code`: the name of SQLite's extended code, such as SQLITE_CONSTRAINT_UNIQUE,
 * and SQLite's own words as its message. Misuse is a TypeError or RangeError without a code.
 *
 * Numbers are bound as doubles, bigints as integers; unpaired surrogates in text become U+FFFD.
 */
export interface SqliteStatement<Values extends readonly SqliteInput[] = SqliteInput[], Row = unknown> {
  run(...values: Values): { readonly changes: number; readonly lastInsertRowid: number };
  /** Rows as objects, blobs as Uint8Arrays. Not for integers beyond 2^53: they throw, or are rounded. */
  get(...values: Values): Row | undefined;
  all(...values: Values): Row[];
  /** Rows as arrays, with each integer as a bigint; never all of them in memory. Call `return` on it before anything is closed. */
  iterate(...values: Values): IterableIterator<SqliteValue[]>;
  /** Empty for a statement that returns no rows. `type`: as declared, null for an expression. */
  columns(): readonly { readonly name: string; readonly type: string | null }[];
  /** Whether it has placeholders. Only valid for statements that return rows. */
  readonly takesValues: boolean;
}

/** Foreign keys are enforced, text in double quotes is a name, and the schema cannot be written as a table. */
export interface SqliteConnection {
  readonly isOpen: boolean;
  readonly inTransaction: boolean;
  /** One or more statements. */
  exec(sql: string): void;
  /** One statement; throws for more, and for none. */
  prepare<Values extends readonly SqliteInput[] = SqliteInput[], Row = unknown>(sql: string): SqliteStatement<Values, Row>;
  /** Does nothing if it was already closed. */
  close(): void;
}

export interface LibraryOptions {
  readonly access: 'create' | 'write' | 'read' | 'immutable';
  readonly waitMs: number;
}
export type SqliteLibrary = (path: string, options: LibraryOptions) => SqliteConnection;
