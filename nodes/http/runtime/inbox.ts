/** Rows that were acknowledged but are not in a checkpoint yet, in a SQLite file. */
import { existsSync } from 'node:fs';
import type { RowFailure } from '@millrace/kit/node';
import { outputProblem } from '../../../io/files/output-problem.ts';
import { inTransaction, openSqlite, pragma } from '../../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection, SqliteStatement } from '../../../io/sqlite/sqlite-library.ts';
import { convertRow } from '../../../io/text/row-conversion.ts';
import { parseJson } from '../../../model/values/json-text.ts';
import type { Row, Schema } from '../../../model/values/types.ts';
import { castValue, encodeCells } from '../../../model/values/values.ts';

interface Stored {
  readonly seq: number;
  readonly row: string;
}
interface Waiting {
  readonly rows: readonly Row[];
  done(): void;
  failed(error: unknown): void;
}

export class Inbox {
  readonly #path: string;
  readonly #schema: Schema;
  readonly #database: SqliteConnection;
  readonly #insert: SqliteStatement<[string]>;
  readonly #after: SqliteStatement<[number, number], Stored>;
  readonly #forget: SqliteStatement<[number]>;
  #waiting: Waiting[] = [];
  #last: number;
  /** Called once rows were added. */
  onAdded: () => void = () => {};

  /** Throws a MillraceError if the file cannot be an inbox. */
  constructor(path: string, schema: Schema) {
    this.#path = path;
    this.#schema = schema;
    try {
      this.#database = openSqlite(path, { waitMs: 5000, isPrivate: true });
      // Acknowledged rows must survive a power cut: each commit is on disk before the answer.
      pragma(this.#database, 'journal_mode = wal');
      pragma(this.#database, 'synchronous = full');
      this.#database.exec('CREATE TABLE IF NOT EXISTS inbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, row TEXT NOT NULL)');
      this.#insert = this.#database.prepare('INSERT INTO inbox (row) VALUES (?)');
      this.#after = this.#database.prepare('SELECT seq, row FROM inbox WHERE seq > ? ORDER BY seq LIMIT ?');
      this.#forget = this.#database.prepare('DELETE FROM inbox WHERE seq <= ?');
      this.#last =
        this.#database
          .prepare<[], { last: number | null }>(
            "SELECT max(seq) AS last FROM (SELECT max(seq) AS seq FROM inbox UNION SELECT seq FROM sqlite_sequence WHERE name = 'inbox')",
          )
          .get()?.last ?? 0;
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  /** The number of the newest row that was ever added; 0 for none. */
  get last(): number {
    return this.#last;
  }

  /** Resolves when the rows are durable. Those of several callers go into one transaction. */
  add(rows: readonly Row[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ rows, done, failed });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** Rows after a number, in order, and the number of the last of them. `fail` is called for rows that no longer fit the columns. */
  read(after: number, limit: number, fail: (failure: RowFailure) => void): { readonly rows: Row[]; readonly last: number } {
    const stored = this.#after.all(after, limit);
    // If nothing is left after that number, all were removed.
    return { rows: rowsOf(stored, this.#schema, fail), last: stored.at(-1)?.seq ?? this.#last };
  }

  /** How many rows after a number were removed. Numbers have no gaps. */
  forgotten(after: number): number {
    const first = this.#after.all(after, 1)[0]?.seq ?? this.#last + 1;
    return Math.max(0, first - after - 1);
  }

  /** Rows up to this number are in a checkpoint. */
  forget(upTo: number): void {
    this.#forget.run(upTo);
  }

  close(): void {
    this.#flush();
    this.#database.close();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    try {
      const insert = () => {
        let last = this.#last;
        for (const { rows } of waiting) for (const row of rows) last = this.#insert.run(this.#text(row)).lastInsertRowid;
        return last;
      };
      this.#last = inTransaction(this.#database, insert, 'IMMEDIATE');
    } catch (error) {
      const problem = outputProblem(error, this.#path);
      for (const { failed } of waiting) failed(problem);
      return;
    }
    for (const { done } of waiting) done();
    this.onAdded();
  }

  #text(row: Row): string {
    const cells = encodeCells(row, this.#schema);
    return JSON.stringify(Object.fromEntries(this.#schema.columns.map(({ name }, i) => [name, cells[i]])));
  }
}

/** The newest rows that wait in an inbox, oldest first. Changes nothing: none if there is no inbox yet, or the file is something else. */
export function sampleInbox(path: string, schema: Schema, limit: number): Row[] {
  if (!existsSync(path)) return [];
  let database: SqliteConnection | null = null;
  try {
    database = openSqlite(path, { access: 'look', waitMs: 1000 });
    if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'inbox'").get()) return [];
    const newest = database.prepare<[number], Stored>('SELECT seq, row FROM inbox ORDER BY seq DESC LIMIT ?').all(limit);
    return rowsOf(newest.reverse(), schema, () => {});
  } catch (error) {
    throw outputProblem(error, path);
  } finally {
    database?.close();
  }
}

function rowsOf(stored: readonly Stored[], schema: Schema, fail: (failure: RowFailure) => void): Row[] {
  const rows: Row[] = [];
  for (const { row: text } of stored) {
    const cells = parseJson(text) as { readonly [column: string]: never };
    const found = convertRow(schema, ({ name, type }) => castValue((Object.hasOwn(cells, name) ? cells[name] : null) ?? null, type));
    if ('row' in found) rows.push(found.row);
    else {
      const message = `A row of the inbox does not fit column "${found.column.name}" any more: ${found.message}.`;
      fail({ code: 'inbox/column', message, hint: 'It came before the columns were changed. Change them back, or skip such rows.', row: { raw: text } });
    }
  }
  return rows;
}
