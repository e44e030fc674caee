/** Tells by its beginning what a file holds, for those that people open or drop. */
import { openSqlite } from './sqlite-driver.ts';

const textOf = (head: Uint8Array) => {
  const [first, second] = head;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(head);
};

export function isDatabase(head: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(head.subarray(0, 16)) === 'SQLite format 3\0';
}

/** An object or an array of objects; pipelines are told apart before. */
export function looksLikeJson(head: Uint8Array): boolean {
  return /^\s*(\{\s*["}]|\[\s*(\{|\]\s*$))/.test(textOf(head));
}

/** Text that is neither JSON nor binary. */
export function looksSeparated(head: Uint8Array): boolean {
  const text = textOf(head);
  return !text.includes('\0') && text.trim() !== '' && !/^\s*[[{]/.test(text) && !isBinary(head);
}

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

/** Control characters that no text has. */
function isBinary(head: Uint8Array): boolean {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return false;
  return head.some((byte) => byte < 9 || (byte > 13 && byte < 27));
}
