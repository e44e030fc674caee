import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';

/** The name of a database's first table, otherwise of its first view; empty if it has none, or is locked. */
export function firstTable(file: string): string {
  try {
    const connection = openSqlite(file, { access: 'read' });
    try {
      const row = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' ORDER BY type, rowid LIMIT 1")
        .get() as { readonly name: string } | undefined;
      return row?.name ?? '';
    } finally {
      connection.close();
    }
  } catch {
    // The node itself reports what is wrong with the file.
    return '';
  }
}
