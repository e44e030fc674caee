/**
 * SQLite, by the one library that this process uses for all files: Node's own where it is fit, which binds values twice as
 * fast, else better-sqlite3.
 *
 * Two libraries in one process must never open the same file. POSIX locks belong to the process: when one library closes a
 * file, the locks of the other one on it are gone, and so is what they protect. So everything that opens a SQLite file, in
 * nodes and engine alike, does it here (checked by test/architecture), and all threads of a process choose alike.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { openBetterSqlite } from './sqlite-better.ts';
import type { SqliteConnection, SqliteLibrary } from './sqlite-library.ts';
import { isNodeSqliteFit, openNodeSqlite } from './sqlite-node.ts';

export interface SqliteOptions {
  /**
   * `create`, where nothing is said: the file is made if there is none. `write`, `read` and `look` want one. `look` is for a
   * short reading that leaves nothing behind, as for a preview: see `isUntouchedWal`.
   */
  readonly access?: 'create' | 'write' | 'read' | 'look';
  /** How long to wait for the lock of another one, in ms; nothing is waited where nothing is said. The thread stands still meanwhile. */
  readonly waitMs?: number;
  /** A file that is new is made for its owner alone; what SQLite adds beside it gets the same mode. One that is there keeps its mode. */
  readonly isPrivate?: boolean;
}
let library: SqliteLibrary | null = null;

/** `path`: absolute, or `:memory:`. SQLite reads the file with the first statement only, and fails there if it is none. */
export function openSqlite(path: string, { access = 'create', waitMs = 0, isPrivate = false }: SqliteOptions = {}): SqliteConnection {
  library ??= process.env['MILLRACE_SQLITE'] !== 'better-sqlite3' && isNodeSqliteFit() ? openNodeSqlite : openBetterSqlite;
  const isLook = access === 'look';
  if (isPrivate) makePrivate(path);
  return library(path, { access: isLook ? (isUntouchedWal(path) ? 'immutable' : 'read') : access, waitMs });
}

function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch {
    // It is there; or it cannot be made, and SQLite says so.
  }
}

/**
 * Whether a database is in WAL mode with all its rows in the file itself. A reader makes `-wal` and `-shm` files beside such a
 * database, even one that may only read, and leaves them there; told that nobody changes the file meanwhile, it makes none.
 * With rows in the `-wal` file they have to be read from there: whoever wrote them made both files.
 */
function isUntouchedWal(path: string): boolean {
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return false;
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  try {
    return readSync(file, header, 0, header.length, 0) === header.length && header[18] === walFormat && header[19] === walFormat;
  } finally {
    closeSync(file);
  }
}
const walFormat = 2;

/** The rows that a PRAGMA gives. */
export function pragma<Row>(connection: SqliteConnection, text: string): Row[] {
  return connection.prepare<[], Row>(`PRAGMA ${text}`).all();
}

/** All that `work` does, or nothing of it. IMMEDIATE takes the lock for writing at the start. */
export function inTransaction<T>(connection: SqliteConnection, work: () => T, kind: 'DEFERRED' | 'IMMEDIATE' = 'DEFERRED'): T {
  connection.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
