import { rmSync } from 'node:fs';
import type { PartContext, PartWriter } from '@millrace/kit/node';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import type { TargetColumn } from './sqlite-target.ts';
import { type SqlitePlace, SqliteWriter } from './sqlite-writer.ts';

/** Writes rows into a database of its own, from which a `SqliteWriter` takes them: see `PartWriter`. */
export class SqlitePart implements PartWriter {
  readonly #place: SqlitePlace;
  readonly #database: SqliteDatabase;
  readonly #writer: SqliteWriter;
  #isFinished = false;

  private constructor(place: SqlitePlace, database: SqliteDatabase, writer: SqliteWriter) {
    this.#place = place;
    this.#database = database;
    this.#writer = writer;
  }

  static async open(context: PartContext<unknown>, schema: Schema, columns: readonly TargetColumn[]): Promise<SqlitePart> {
    const place = context.part as SqlitePlace;
    const run = { ...context, commits: 'end' as const, resume: null, lineage: '' };
    const database = new SqliteDatabase(place.path, run, { isPart: true });
    try {
      await database.open(null);
      return new SqlitePart(place, database, new SqliteWriter(database, schema, { table: place.table, mode: 'create', keys: [], columns }, run));
    } catch (error) {
      database.close();
      rmSync(place.path, { force: true });
      throw error;
    }
  }

  write(rows: readonly Row[]): void | Promise<void> {
    return this.#writer.write(rows);
  }

  async finish(): Promise<Json> {
    await this.#writer.commit();
    this.#database.close();
    this.#isFinished = true;
    return this.#place;
  }

  close(): void {
    this.#database.close();
    if (!this.#isFinished) rmSync(this.#place.path, { force: true });
  }
}
