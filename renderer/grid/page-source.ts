import type { Cells } from '../../engine/protocol/messages.ts';
import { keepNewest } from '../../model/values/newest.ts';
import type { Column } from '../../model/values/types.ts';

/** Rows for a grid: held in memory, or loaded page by page. A new object means new data. */
export interface PageSource {
  readonly columns: readonly Column[];
  /** The number of rows to which the grid can scroll. */
  readonly total: number;
  /** Rows `offset` to `offset + limit` (fewer at the end). Rejects with a MillraceError. */
  read(offset: number, limit: number): readonly Cells[] | Promise<readonly Cells[]>;
}

/** A source of rows in memory. */
export function memorySource(columns: readonly Column[], rows: readonly Cells[]): PageSource {
  return { columns, total: rows.length, read: (offset, limit) => rows.slice(offset, offset + limit) };
}

export const pageSize = 200;
/** Pages kept per grid: 20,000 rows. */
const keptPages = 100;

/** The loaded rows of a source, and the loading of the others. One per source. */
export class PageCache {
  readonly source: PageSource;
  readonly #pages = new Map<number, readonly Cells[]>();
  readonly #pending = new Set<number>();
  readonly #onChange: () => void;
  /** Set when a page could not be read; cleared by the next one that could. */
  error: Error | null = null;

  constructor(source: PageSource, onChange: () => void) {
    this.source = source;
    this.#onChange = onChange;
  }

  /** The row, or null while it is not loaded (see `want`). */
  row(index: number): Cells | null {
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize] ?? null;
  }

  /** Loads rows `first` to `last` (inclusive), immediately if the source is in memory. */
  want(first: number, last: number): void {
    for (let page = Math.floor(first / pageSize); page * pageSize <= last; page++) {
      const rows = this.#pages.get(page);
      if (rows) {
        // Moving a page to the end keeps the map in the order of use.
        this.#pages.delete(page);
        this.#pages.set(page, rows);
      } else if (!this.#pending.has(page)) this.#fetch(page);
    }
  }

  #fetch(page: number): void {
    const result = this.source.read(page * pageSize, pageSize);
    if (!(result instanceof Promise)) {
      this.#keep(page, result);
      return;
    }
    this.#pending.add(page);
    result
      .then(
        (rows) => {
          this.error = null;
          this.#keep(page, rows);
        },
        (error) => {
          this.error = error instanceof Error ? error : new Error(String(error));
        },
      )
      .finally(() => {
        this.#pending.delete(page);
        this.#onChange();
      });
  }

  #keep(page: number, rows: readonly Cells[]): void {
    this.#pages.set(page, rows);
    keepNewest(this.#pages, keptPages);
  }
}
