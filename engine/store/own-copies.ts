import { createHash } from 'node:crypto';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';

const kept = 500;

/**
 * Which texts were copied from trusted documents of this installation. The clipboard contains whatever other programs and pages put there:
 * only a text that was copied here, to the letter, is known to come from here, and no mark inside it could prove that.
 */
export class OwnCopies {
  readonly #database: SqliteConnection;

  constructor(database: SqliteConnection) {
    this.#database = database;
  }

  add(text: string): void {
    this.#database.prepare('insert into copies values (?, ?) on conflict do update set at = excluded.at').run(digestOf(text), Date.now());
    this.#database.prepare('delete from copies where digest in (select digest from copies order by at desc limit -1 offset ?)').run(kept);
  }

  has(text: string): boolean {
    return this.#database.prepare('select 1 from copies where digest = ?').get(digestOf(text)) !== undefined;
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
