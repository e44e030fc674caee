import { join } from 'node:path';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';
import { isBroken, openDatabase, putAside } from './database.ts';
import { type StoreMigration, storeMigrations } from './migrations.ts';
import { OwnCopies } from './own-copies.ts';
import { ownFolder } from './private-files.ts';
import { Trust } from './trust.ts';

/** Enough for the menu; older entries are dropped. */
const keptRecent = 20;

/**
 * What Millrace itself remembers between sessions, in one SQLite file of the data folder. Several workbench processes share it. An unusable
 * file never prevents the editor from starting: a damaged one is moved aside, one of a newer version is not touched and this session
 * remembers nothing; `problem` says so.
 */
export class Store {
  readonly #database: SqliteConnection;
  readonly problem: Problem | null;
  readonly trust: Trust;
  readonly copies: OwnCopies;

  private constructor(database: SqliteConnection, problem: Problem | null) {
    this.#database = database;
    this.problem = problem;
    this.trust = new Trust(database);
    this.copies = new OwnCopies(database);
  }

  static open(folder: string, migrations: readonly StoreMigration[] = storeMigrations): Store {
    const file = join(folder, 'millrace.sqlite');
    try {
      ownFolder(folder);
      return new Store(openDatabase(file, migrations), null);
    } catch (error) {
      if (isBroken(error)) {
        try {
          const aside = putAside(file);
          return new Store(openDatabase(file, migrations), {
            code: 'store/broken',
            severity: 'warning',
            message: `Millrace's own database was damaged; recent files, trust and settings start empty. The old file is kept as ${aside}.`,
          });
        } catch {
          // Continues as a session that remembers nothing.
        }
      }
      const problem =
        error instanceof MillraceError
          ? error.problem
          : {
              code: 'store/unusable' as const,
              severity: 'warning' as const,
              message: `Recent files, trust and settings cannot be kept in ${folder}: ${(error as Error).message}.`,
              hint: 'Make the folder writable, or set MILLRACE_DATA to another one.',
            };
      return new Store(openDatabase(':memory:', migrations), problem);
    }
  }

  recent(): readonly { readonly path: string; readonly name: string; readonly openedAt: number }[] {
    return this.#database.prepare('select path, name, opened_at as openedAt from recent order by opened_at desc, path limit ?').all(keptRecent) as {
      path: string;
      name: string;
      openedAt: number;
    }[];
  }

  addRecent(path: string, name: string): void {
    this.#database
      .prepare('insert into recent values (?, ?, ?) on conflict do update set name = excluded.name, opened_at = excluded.opened_at')
      .run(path, name, Date.now());
    this.#database.prepare('delete from recent where path not in (select path from recent order by opened_at desc limit ?)').run(keptRecent);
  }

  removeRecent(path: string): void {
    this.#database.prepare('delete from recent where path = ?').run(path);
  }

  /** Null for a key that was never written. */
  setting(key: string): Json {
    const found = this.#database.prepare('select value from settings where key = ?').get(key) as { value: string } | undefined;
    return found ? (JSON.parse(found.value) as Json) : null;
  }

  writeSetting(key: string, value: Json): void {
    this.#database.prepare('insert into settings values (?, ?) on conflict do update set value = excluded.value').run(key, JSON.stringify(value));
  }

  close(): void {
    this.#database.close();
  }
}
