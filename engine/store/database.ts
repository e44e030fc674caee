/** SQLite files of the engine's own, which several processes share. */
import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { inTransaction, openSqlite, pragma } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { StoreMigration } from './migrations.ts';
import { makePrivateFile, makePrivateFolder } from './private-files.ts';
import { whyNotWritten } from './write-refusal.ts';

/** Opens a file, or creates it, and brings it up to date. */
export function openDatabase(file: string, migrations: readonly StoreMigration[], waitMs = 2000): SqliteConnection {
  if (file !== ':memory:') makePrivateFile(file);
  const database = openSqlite(file, { waitMs });
  try {
    pragma(database, 'journal_mode = wal');
    pragma(database, 'synchronous = normal');
    // Several processes may start at once, so the version is read again inside the write lock.
    inTransaction(database, () => migrate(database, migrations), 'IMMEDIATE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Moves a damaged file aside, if possible, so that a new one can be created. Returns its new name. */
export function putAside(file: string): string {
  const aside = `${file}.broken-${Date.now()}`;
  renameSync(file, aside);
  return aside;
}

/** As `openDatabase`, in a folder that is created if necessary; a damaged file is moved aside. Throws if neither is possible. */
export function openOrReplace(file: string, migrations: readonly StoreMigration[], waitMs?: number): SqliteConnection {
  try {
    makePrivateFolder(dirname(file));
    return openDatabase(file, migrations, waitMs);
  } catch (error) {
    if (!isBroken(error)) throw unwritable(error, file);
    putAside(file);
    return openDatabase(file, migrations, waitMs);
  }
}

function unwritable(error: unknown, file: string): unknown {
  if (error instanceof MillraceError || (error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return error;
  const message = `Millrace cannot keep its own data in ${file}: ${whyNotWritten(error)}.`;
  const hint = 'Make room there, give yourself the right to write, or let MILLRACE_DATA name another folder.';
  return new MillraceError({ code: 'store/unwritable', message, hint }, { cause: error });
}

export function isBroken(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT');
}

function migrate(database: SqliteConnection, migrations: readonly StoreMigration[]): void {
  const version = pragma<{ user_version: number }>(database, 'user_version')[0]?.user_version ?? 0;
  const newest = migrations.at(-1)?.to ?? 0;
  if (version > newest) {
    throw new MillraceError({
      code: 'store/too-new',
      severity: 'warning',
      message: `Millrace's own database is of a newer version (${version}; this one knows ${newest}). This session remembers nothing.`,
      hint: 'Update Millrace.',
    });
  }
  for (const migration of migrations.filter((step) => step.to > version)) {
    database.exec(migration.sql);
    pragma(database, `user_version = ${migration.to}`);
  }
}
