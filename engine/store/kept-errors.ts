/** What waits in the errors table of a pipeline. */
import { existsSync } from 'node:fs';
import { nothingWaits, readKeptAgain, readWaiting, type Waiting } from '../../io/sqlite/errors-file.ts';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import { MillraceError } from '../../model/problems/problem.ts';

/**
 * The rows up to the id `through`, with the `newest` ones. Nothing if the file does not exist. Throws a MillraceError if it cannot be read.
 */
export function readKeptErrors(path: string, { newest = 0, through }: { readonly newest?: number; readonly through?: number } = {}): Waiting {
  return existsSync(path) ? read(path, (connection) => readWaiting(connection, newest, through)) : nothingWaits;
}

/** How many replayed rows failed again and were kept anew after the id `after`, by the node of their first failure. Throws as above. */
export function countKeptAgain(path: string, after: number): ReadonlyMap<string, number> {
  return existsSync(path) ? read(path, (connection) => readKeptAgain(connection, after)) : new Map();
}

function read<T>(path: string, use: (connection: SqliteConnection) => T): T {
  let connection: SqliteConnection | null = null;
  try {
    connection = openSqlite(path, { access: 'read', waitMs: 1000 });
    return use(connection);
  } catch (error) {
    throw new MillraceError(
      {
        code: 'errors/unreadable',
        message: `${path} cannot be read: ${(error as Error).message}.`,
        hint: 'If another program has locked it, try again later.',
      },
      { cause: error },
    );
  } finally {
    connection?.close();
  }
}
