/**
 * SQLite, by the one library that this process uses for all files: Node's own if it is fit, which binds values twice as fast, otherwise
 * better-sqlite3.
 *
 * Two libraries in one process must never open the same file. POSIX locks belong to the process: when one library closes a file, the locks
 * of the other one on it are gone, and so is what they protect. So all nodes and engine code that open a SQLite file do it here (checked by
 * test/architecture), and all threads of a process choose the same library.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { openBetterSqlite } from './sqlite-better.ts';
import type { SqliteConnection, SqliteLibrary } from './sqlite-library.ts';
import { isNodeSqliteFit, openNodeSqlite } from './sqlite-node.ts';

export interface SqliteOptions {
  /**
   * `create`, the default: the file is created if it does not exist. `write`, `read` and `look` require one. `look` is for a short read
   * that leaves nothing behind, as for a preview: see `isUntouchedWal`.
   */
  readonly access?: 'create' | 'write' | 'read' | 'look';
  /** How long to wait for another connection's lock, in ms; 0 by default. The thread is blocked meanwhile. */
  readonly waitMs?: number;
  /** A new file is created for its owner alone; SQLite's auxiliary files get the same mode. An existing one keeps its mode. */
  readonly isPrivate?: boolean;
}
let library: SqliteLibrary | null = null;

/** `path`: absolute, or `:memory:`. SQLite reads the file only with the first statement, and fails there if it is not a database. */
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
    // It exists; or it cannot be created, and SQLite says so.
  }
}

/**
 * Whether a database is in WAL mode with all its rows in the file itself. A reader creates `-wal` and `-shm` files beside such a database,
 * even a read-only one, and leaves them there; if it is told that the file does not change, it creates none. Rows in the `-wal` file have
 * to be read from there: their writer created both files.
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

/** The rows that a PRAGMA returns. */
export function pragma<Row>(connection: SqliteConnection, text: string): Row[] {
  return connection.prepare<[], Row>(`PRAGMA ${text}`).all();
}

/** Everything that `work` does, or nothing of it. IMMEDIATE takes the lock for writing at the start. */
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
