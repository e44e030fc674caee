/** What waits in the errors table of a pipeline. */
import { existsSync } from 'node:fs';
import { nothingWaits, readWaiting, type Waiting } from '../../nodes/formats/errors-file.ts';
import { openSqlite, type SqliteConnection } from '../../nodes/formats/sqlite-driver.ts';
import { MillraceError } from '../schema/problem.ts';

/**
 * Of the rows up to the id `through`, with the `newest` ones. Nothing where there is no such file. Throws a MillraceError
 * where it cannot be read.
 */
export function readKeptErrors(path: string, { newest = 0, through }: { readonly newest?: number; readonly through?: number } = {}): Waiting {
  if (!existsSync(path)) return nothingWaits;
  let connection: SqliteConnection | null = null;
  try {
    connection = openSqlite(path, { access: 'read', waitMs: 1000 });
    return readWaiting(connection, newest, through);
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
