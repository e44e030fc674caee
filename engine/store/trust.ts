import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, parse, relative, sep } from 'node:path';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';

/** The number of contents that are remembered, the newest first. */
const keptFiles = 5000;

export interface Trusted {
  readonly kind: 'file' | 'folder';
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
  /** The trusted contents of a file; none for a folder. */
  readonly stamps: readonly string[];
}

/**
 * Which pipeline files are trusted. A file is trusted with one content at one place: after another user's change it is no longer trusted. A
 * folder covers all files below it, now and later.
 */
export class Trust {
  readonly #database: SqliteConnection;

  constructor(database: SqliteConnection) {
    this.#database = database;
  }

  /**
   * `stamp`: of the content in question; null if none is known. `facts`: where its connections lead to (`reachFacts`); null if that is
   * not known, and only the content counts.
   */
  covers(path: string, stamp: string | null, facts: string | null): boolean {
    return (stamp !== null && this.#knows(path, stamp, facts)) || this.folderOf(path) !== null;
  }

  #knows(path: string, stamp: string, facts: string | null): boolean {
    if (facts !== null) return this.#database.prepare('select 1 from trusted where path = ? and stamp = ?').get(path, trustedStamp(stamp, facts)) !== undefined;
    return this.#database.prepare("select 1 from trusted where path = ? and (stamp = ? or stamp like ? || '+%')").get(path, stamp, stamp) !== undefined;
  }

  /** The trusted folder that contains a file, with links followed: a link in a trusted folder does not lead trust out of it. */
  folderOf(path: string): string | null {
    if (this.#database.prepare('select 1 from trusted_folders limit 1').get() === undefined) return null;
    const find = this.#database.prepare('select 1 from trusted_folders where path = ?');
    for (let folder = dirname(withoutLinks(path)); ; folder = dirname(folder)) {
      if (find.get(folder) !== undefined) return folder;
      if (folder === dirname(folder)) return null;
    }
  }

  /** `facts`: as of `covers`. */
  addFile(path: string, stamp: string, facts: string): void {
    const whole = trustedStamp(stamp, facts);
    this.#database.prepare('insert into trusted values (?, ?, ?) on conflict do update set granted_at = excluded.granted_at').run(path, whole, Date.now());
    this.#database
      .prepare('delete from trusted where (path, stamp) in (select path, stamp from trusted order by granted_at desc limit -1 offset ?)')
      .run(keptFiles);
  }

  /** `path`: absolute, without links. */
  addFolder(path: string): void {
    this.#database.prepare('insert into trusted_folders values (?, ?) on conflict do update set granted_at = excluded.granted_at').run(path, Date.now());
  }

  /** Folders first, then files; newest first. */
  list(): readonly Trusted[] {
    const folders = this.#database.prepare('select path, granted_at as grantedAt from trusted_folders order by granted_at desc, path').all() as {
      path: string;
      grantedAt: number;
    }[];
    const rows = this.#database.prepare('select path, stamp, granted_at as grantedAt from trusted order by granted_at desc, path').all() as {
      path: string;
      stamp: string;
      grantedAt: number;
    }[];
    const files = new Map<string, { path: string; grantedAt: number; stamps: string[] }>();
    for (const { path, stamp, grantedAt } of rows) {
      const known = files.get(path);
      if (known) known.stamps.push(stamp);
      else files.set(path, { path, grantedAt, stamps: [stamp] });
    }
    return [
      ...folders.map((each) => ({ kind: 'folder' as const, ...each, stamps: [] })),
      ...[...files.values()].map((each) => ({ kind: 'file' as const, ...each })),
    ];
  }

  /** Revokes what was granted; true if there was something. */
  remove(kind: Trusted['kind'], path: string): boolean {
    const known = this.list().some((each) => each.kind === kind && each.path === path);
    this.#database.prepare(kind === 'folder' ? 'delete from trusted_folders where path = ?' : 'delete from trusted where path = ?').run(path);
    return known;
  }
}

/** Why a folder contains more than one user's pipelines, or null: everything that is downloaded or unpacked there would be trusted with it. */
export function widthOf(folder: string): string | null {
  if (folder === parse(folder).root) return 'it is all of the disk';
  if (folder === homedir()) return 'it is your home folder, with all that is downloaded to it';
  if (isBelow(homedir(), folder)) return 'it holds the home folders of this machine';
  if (folder === tmpdir() || isBelow(tmpdir(), folder)) return 'other programs put files of their own there';
  return null;
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && parse(way).root === '';
}

/** For a file that does not exist, as its folder says. */
function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return path;
    }
  }
}

/** Of a content and of where its connections lead to. */
export function trustedStamp(stamp: string, facts: string): string {
  return facts === '' ? stamp : `${stamp}+${createHash('sha256').update(facts).digest('hex').slice(0, 32)}`;
}
