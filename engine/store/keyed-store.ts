import { existsSync, rmSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { inTransaction, openSqlite, pragma } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection, SqliteStatement } from '../../io/sqlite/sqlite-library.ts';
import { lastOf, missing } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { makePrivateFile } from './private-files.ts';

/** An entry as a state file has it. `version` is when it got its current value; `expires` is Infinity for one that stays. */
export interface StoredEntry {
  readonly key: string;
  readonly version: number;
  readonly value: Uint8Array;
  readonly expires: number;
  readonly sum: number;
}
type StoredRow = { key: string | Uint8Array; version: number; value: Uint8Array; expires: number | null; sum: number };

/** Where reading continues from one page to the next. */
const pageSize = 512;

const tables = `
  create table progress (version integer not null);
  insert into progress values (-1);
  create table states (id integer primary key, node text not null, name text not null, unique (node, name));
  create table entries (state integer not null, key not null, version integer not null, expires real, sum integer not null, value blob not null,
    primary key (state, key)) without rowid;
  create index entries_by_expiry on entries (state, expires) where expires is not null;
  create table history (since integer not null, state integer not null, key not null, version integer not null, expires real, sum integer not null,
    value blob not null, primary key (since, state, key)) without rowid;
`;

/**
 * Keyed state on disk: one SQLite file for all nodes of a run. Versions are numbers of checkpoints: a checkpoint costs what has changed
 * since the last one, and the file can be rewound to each one that is still kept. Writes between two checkpoints have a version above the
 * last one, and count only once the next is stored.
 *
 * `entries` has the current values; `history` earlier ones, each from one version on until another, `since`, at which it was replaced or
 * removed.
 *
 * Only `checkpoint` waits for the disk. All methods throw MillraceErrors: `state/damaged`, `state/in-use`, `state/unwritable`.
 */
export class KeyedStore {
  readonly #file: string;
  readonly #database: SqliteConnection;
  readonly #read: SqliteStatement<[number, string | Uint8Array], Omit<StoredRow, 'key'>>;
  readonly #keep: SqliteStatement;
  readonly #write: SqliteStatement;
  readonly #remove: SqliteStatement;

  private constructor(file: string, database: SqliteConnection) {
    this.#file = file;
    this.#database = database;
    this.#read = database.prepare('select version, value, expires, sum from entries where state = ? and key = ?');
    this.#keep = database.prepare(
      `insert into history (since, state, key, version, expires, sum, value)
       select ?, state, key, version, expires, sum, value from entries where state = ? and key = ?`,
    );
    this.#write = database.prepare(
      `insert into entries (state, key, version, expires, sum, value) values (?, ?, ?, ?, ?, ?)
       on conflict do update set version = excluded.version, expires = excluded.expires, sum = excluded.sum, value = excluded.value`,
    );
    this.#remove = database.prepare('delete from entries where state = ? and key = ?');
  }

  /** A new, empty file; an existing one is replaced. */
  static create(file: string): KeyedStore {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
    return KeyedStore.#opened(file, (database) => database.exec(tables));
  }

  /** The file of an earlier process. */
  static open(file: string): KeyedStore {
    if (!existsSync(file)) throw damaged(file, 'it is missing');
    return KeyedStore.#opened(file, () => {});
  }

  /**
   * The file of an earlier process as `goBack` and `close` left it, to which nothing writes any more: read-only, for any number of readers
   * at the same time.
   */
  static openToRead(file: string): KeyedStore {
    let database: SqliteConnection | undefined;
    try {
      database = openSqlite(file, { access: 'look', waitMs: 1000 });
      return new KeyedStore(file, database);
    } catch (error) {
      database?.close();
      throw told(error, file);
    }
  }

  static #opened(file: string, prepare: (database: SqliteConnection) => void): KeyedStore {
    let database: SqliteConnection | undefined;
    try {
      makePrivateFile(file);
      database = openSqlite(file, { waitMs: 1000 });
      // Used by one process only, so it needs no shared memory and cannot be opened by another process of the same run.
      pragma(database, 'locking_mode = exclusive');
      pragma(database, 'journal_mode = wal');
      pragma(database, 'synchronous = normal');
      pragma(database, 'cache_size = -16384');
      prepare(database);
      return new KeyedStore(file, database);
    } catch (error) {
      database?.close();
      throw told(error, file);
    }
  }

  /** The number of a state, which does not change from now on. */
  stateId(node: string, name: string): number {
    return this.#told(() => {
      const find = this.#database.prepare<[string, string], { id: number }>('select id from states where node = ? and name = ?');
      const found = find.get(node, name);
      if (found) return found.id;
      this.#database.prepare('insert into states (node, name) values (?, ?)').run(node, name);
      return find.get(node, name)?.id ?? missing(`the state "${name}" of "${node}"`);
    });
  }

  /** Null if the key does not exist. */
  read(state: number, key: string): StoredEntry | null {
    return this.#told(() => {
      const row = this.#read.get(state, toCell(key));
      return row ? toEntry({ key, ...row }) : null;
    });
  }

  /** `before`: the version of what the file has of this key, or -1. */
  write(state: number, { key, version, value, expires, sum }: StoredEntry, before: number): void {
    this.#told(() => {
      const cell = toCell(key);
      if (before >= 0 && before < version) this.#keep.run(version, state, cell);
      this.#write.run(state, cell, version, Number.isFinite(expires) ? expires : null, sum, value);
    });
  }

  /** `version`: since when the key does not exist; `before` as for `write`. */
  remove(state: number, key: string, version: number, before: number): void {
    this.#told(() => {
      const cell = toCell(key);
      if (before < version) this.#keep.run(version, state, cell);
      this.#remove.run(state, cell);
    });
  }

  /** Combines many writes into one transaction, without waiting for the disk. */
  together(work: () => void): void {
    this.#told(() => inTransaction(this.#database, work));
  }

  /** Everything that has been written, and what `work` writes, is durable once this returns, as of this version. */
  checkpoint(version: number, work: () => void): void {
    this.#told(() => {
      pragma(this.#database, 'synchronous = full');
      inTransaction(this.#database, () => {
        work();
        // Even if nothing has changed: this write waits for all before it.
        this.#database.prepare('update progress set version = ?').run(version);
      });
      pragma(this.#database, 'synchronous = normal');
    });
  }

  /** Discards what was written after this version. */
  goBack(version: number): void {
    this.#told(() => {
      const reached = this.#database.prepare<[], { version: number }>('select version from progress').get()?.version ?? 0;
      if (reached < version) throw damaged(this.#file, `it ends with checkpoint ${reached}, before checkpoint ${version}`);
      inTransaction(this.#database, () => {
        this.#database.prepare('delete from entries where version > ?').run(version);
        this.#database
          .prepare(
            `insert into entries (state, key, version, expires, sum, value)
             select state, key, version, expires, sum, value from history where since > ? and version <= ?`,
          )
          .run(version, version);
        this.#database.prepare('delete from history where since > ?').run(version);
        this.#database.prepare('update progress set version = ?').run(version);
      });
    });
  }

  /** Removes what is not needed by any checkpoint from this one on. */
  prune(oldestKept: number): void {
    this.#told(() => this.#database.prepare('delete from history where since <= ?').run(oldestKept));
  }

  /** All entries of a state, in no particular order. The file may be read meanwhile. */
  *entries(state: number): Iterable<StoredEntry> {
    const first = this.#database.prepare(`select * from entries where state = ? order by key limit ${pageSize}`);
    const next = this.#database.prepare(`select * from entries where state = ? and key > ? order by key limit ${pageSize}`);
    let page = this.#told(() => first.all(state) as StoredRow[]);
    while (page.length > 0) {
      for (const row of page) yield toEntry(row);
      const { key } = lastOf(page);
      page = this.#told(() => next.all(state, key) as StoredRow[]);
    }
  }

  /** The keys that expire in this interval, both ends included. */
  expiring(state: number, from: number, to: number): string[] {
    return this.#told(() => {
      const statement = this.#database.prepare<[number, number, number], { key: string | Uint8Array }>(
        'select key from entries where state = ? and expires >= ? and expires <= ?',
      );
      return statement.all(state, from, to).map(({ key }) => toKey(key));
    });
  }

  /** The earliest time after this one at which an entry expires: Infinity if none does. */
  nextExpiry(state: number, after: number): number {
    return this.#told(() => {
      const statement = this.#database.prepare<[number, number], { next: number | null }>(
        'select min(expires) as next from entries where state = ? and expires > ?',
      );
      return statement.get(state, after)?.next ?? Number.POSITIVE_INFINITY;
    });
  }

  damaged(what: string): MillraceError {
    return damaged(this.#file, what);
  }

  close(): void {
    this.#database.close();
  }

  #told<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw told(error, this.#file);
    }
  }
}

/** A checksum of an entry: of its key, its expiry time, and its value. Below zero, and 32 bits, which JavaScript holds without an object. */
export function checksum(key: string, expires: number, value: Uint8Array): number {
  return ~(crc32(value, startOfSum(key, expires) >>> 0) >>> 1);
}

/** Whether it has its checksum. Earlier versions of Millrace wrote others, which are not below zero. */
export function isIntact({ key, expires, value, sum }: StoredEntry): boolean {
  return sum === (sum < 0 ? checksum(key, expires, value) : fnvOf(startOfSum(key, expires), value) >>> 1);
}

function startOfSum(key: string, expires: number): number {
  let hash = 0x811c9dc5 ^ (Number.isFinite(expires) ? expires % 4294967296 : 1);
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash;
}
function fnvOf(start: number, value: Uint8Array): number {
  let hash = start;
  for (const byte of value) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** SQLite's texts are UTF-8, which cannot express unpaired surrogates: keys with these are written as they are in memory. */
function toCell(key: string): string | Uint8Array {
  return key.isWellFormed() ? key : Buffer.from(key, 'utf16le');
}
function toKey(cell: string | Uint8Array): string {
  return typeof cell === 'string' ? cell : Buffer.from(cell).toString('utf16le');
}
function toEntry({ key, version, value, expires, sum }: StoredRow): StoredEntry {
  return { key: toKey(key), version, value, expires: expires ?? Number.POSITIVE_INFINITY, sum };
}

function told(error: unknown, file: string): unknown {
  if (error instanceof MillraceError) return error;
  const { code, message } = error as { code?: string; message: string };
  if (code === undefined || (!code.startsWith('SQLITE_') && !/^[A-Z]+$/.test(code))) return error;
  if (/^SQLITE_(NOTADB|CORRUPT|CONSTRAINT|ERROR)/.test(code)) return damaged(file, message);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new MillraceError({
      code: 'state/in-use',
      message: `Another process uses the state file ${file}`,
      hint: 'Wait until that run has ended, or stop it.',
    });
  }
  return new MillraceError({
    code: 'state/unwritable',
    message: `The state that does not fit into memory could not be kept in ${file}: ${message}`,
    hint: 'Make room on that disk, or give the state more memory (--state-memory, or MILLRACE_STATE_MEMORY_MB).',
  });
}

function damaged(file: string, what: string): MillraceError {
  return new MillraceError({
    code: 'state/damaged',
    message: `The state file ${file} is damaged: ${what}`,
    hint: 'Resume from an older checkpoint, or start the run from scratch.',
  });
}
