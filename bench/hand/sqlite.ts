import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';

const rowsPerInsert = 8;

/** A new database with one table, written in one transaction, eight rows a statement. */
export function table(path: string, columns: readonly string[]): { insert(...values: unknown[]): void; end(): void } {
  rmSync(path, { force: true });
  const database = new Database(path);
  database.exec(`CREATE TABLE readings (${columns.join(', ')}); BEGIN`);
  const tuple = `(${columns.map(() => '?').join(',')})`;
  const many = database.prepare(`INSERT INTO readings VALUES ${Array(rowsPerInsert).fill(tuple).join(',')}`);
  const one = database.prepare(`INSERT INTO readings VALUES ${tuple}`);
  const width = columns.length;
  const full = width * rowsPerInsert;
  let held: unknown[] = [];
  return {
    insert(...values) {
      for (let i = 0; i < width; i++) held.push(values[i]);
      if (held.length < full) return;
      many.run(held);
      held = [];
    },
    end() {
      for (let at = 0; at < held.length; at += width) one.run(held.slice(at, at + width));
      database.exec('COMMIT');
      database.close();
    },
  };
}
