/** Which checkpoint a database contains: a table of its own, written in the same transaction. */
import { existsSync } from 'node:fs';
import { MillraceError } from '../../model/problems/problem.ts';
import { outputProblem } from '../files/output-problem.ts';
import { openSqlite } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-library.ts';
import { withLock } from './sqlite-lock.ts';

export const commitsTable = '_millrace_commits';
/** Lineages that are remembered in one file; a run that may resume is rarely older. */
const keptLineages = 1000;

/** In the same transaction. */
export function writeMarker(connection: SqliteConnection, lineage: string, checkpoint: number): void {
  connection.exec(`CREATE TABLE IF NOT EXISTS ${commitsTable} (lineage TEXT PRIMARY KEY, checkpoint INTEGER NOT NULL, at TEXT NOT NULL)`);
  const { changes } = connection
    .prepare(`UPDATE ${commitsTable} SET checkpoint = ?, at = ? WHERE lineage = ?`)
    .run(checkpoint, new Date().toISOString(), lineage);
  if (changes > 0) return;
  connection.prepare(`INSERT INTO ${commitsTable} VALUES (?, ?, ?)`).run(lineage, checkpoint, new Date().toISOString());
  connection.exec(`DELETE FROM ${commitsTable} WHERE lineage NOT IN (SELECT lineage FROM ${commitsTable} ORDER BY at DESC LIMIT ${keptLineages})`);
}

export function readMarker(connection: SqliteConnection, lineage: string): number | null {
  const exists = connection.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(commitsTable);
  if (!exists) return null;
  return connection.prepare<[string], { checkpoint: number }>(`SELECT checkpoint FROM ${commitsTable} WHERE lineage = ?`).get(lineage)?.checkpoint ?? null;
}

/** Removes the entry of a lineage, and with the last one the table. */
export function removeMarker(connection: SqliteConnection, lineage: string): void {
  connection.prepare(`DELETE FROM ${commitsTable} WHERE lineage = ?`).run(lineage);
  if (!connection.prepare(`SELECT 1 FROM ${commitsTable}`).get()) connection.exec(`DROP TABLE ${commitsTable}`);
}

/** See `SinkDefinition.committedCheckpoint`. */
export async function committedCheckpoint(
  path: string,
  { lineage, signal, mustExist = false }: { readonly lineage: string; readonly signal: AbortSignal; readonly mustExist?: boolean },
): Promise<number | null> {
  if (!existsSync(path)) {
    if (mustExist) throw goneDatabase(path);
    return null;
  }
  // For writing: only then does SQLite roll back what a killed process has left.
  let connection: SqliteConnection;
  try {
    connection = openSqlite(path, { access: 'write' });
  } catch (error) {
    throw outputProblem(error, path);
  }
  try {
    return await withLock(() => readMarker(connection, lineage), { path, signal });
  } finally {
    connection.close();
  }
}

/** The file does not exist: opening it would create an empty one, without what was committed. */
export function goneDatabase(path: string): MillraceError {
  return new MillraceError({
    code: 'sqlite/gone',
    message: `${path} is gone, though rows were committed to it.`,
    hint: 'Put it back as it was (mount the disk or connect the network folder that holds it), or run from scratch.',
    field: 'path',
    position: { source: path },
  });
}

/** The database does not contain what was committed, and cannot be restored. */
export function changedDatabase(path: string, what: string): MillraceError {
  return new MillraceError({
    code: 'sqlite/changed',
    message: `${path} does not hold what this run has committed to it (${what}): it was changed by another program since.`,
    hint: 'Put the file back as it was, or run from scratch.',
    field: 'path',
    position: { source: path },
  });
}
