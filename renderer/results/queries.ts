import type { QueryResult } from '../../engine/protocol/messages.ts';
import type { PageSource } from '../grid/page-source.ts';

/** Rows of the first page, which also gives the columns. */
export const firstPage = 1000;

/** A statement that shows a whole table. */
export function tableQuery(table: string): string {
  return `select * from ${/^[A-Za-z_][A-Za-z0-9_]*$/.test(table) ? table : `"${table.replaceAll('"', '""')}"`}`;
}

/** The last part of a path, of any platform. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}

/**
 * The rows of a query for the grid: the first page is loaded, the others on request. If the engine could not count the rows, only those of
 * the first page can be scrolled to.
 */
export function querySource(first: QueryResult, read: (offset: number, limit: number) => Promise<QueryResult>): PageSource {
  const total = first.total ?? first.rows.length;
  return {
    columns: first.columns,
    total,
    read(offset, limit) {
      if (Math.min(offset + limit, total) <= first.rows.length) return first.rows.slice(offset, offset + limit);
      return read(offset, limit).then((page) => page.rows);
    },
  };
}
