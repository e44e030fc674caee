import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';

/** The name of a database's first table, else of its first view; empty where it has none, or is another's just now. */
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
    // The node itself says what is wrong with the file.
    return '';
  }
}
