/** The instances of a group on this machine: a small file for each, beside the shares that they divide among themselves. See ADR 42. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { makePrivateFolder, privateFileMode } from './private-files.ts';
import { isSameProcess, startOf } from './process-identity.ts';

interface Member {
  readonly pid: number;
  readonly startedAt: string | null;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
const extension = '.json';
const countFile = 'shares.json';

/** This process in a group, until `leave` or its end. `folder` is the group's own. */
export class GroupMember {
  readonly #folder: string;
  readonly #file: string;
  readonly #name: string;

  /** Throws `group/other-host` where instances on another machine may be alive: whether they are cannot be told from here. */
  constructor(folder: string) {
    this.#folder = join(folder, 'members');
    makePrivateFolder(this.#folder);
    const since = Date.now();
    this.#name = `${since}-${process.pid}${extension}`;
    this.#file = join(this.#folder, this.#name);
    const own: Member = { pid: process.pid, startedAt: startOf(process.pid), host: hostname(), since };
    writeFileSync(`${this.#file}.part`, JSON.stringify(own), { mode: privateFileMode });
    renameSync(`${this.#file}.part`, this.#file);
    try {
      this.others();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** How many there are besides this one. */
  others(): number {
    return this.#alive().length - 1;
  }

  /** How many of so many shares this one is to have: all have about as many, those that came first one more. */
  quota(shares: number): number {
    const alive = this.#alive();
    const rank = alive.indexOf(this.#name);
    return Math.floor(shares / alive.length) + (rank < shares % alive.length ? 1 : 0);
  }

  leave(): void {
    rmSync(this.#file, { force: true });
  }

  /** Names in the order in which they came; files of those that are gone are removed. */
  #alive(): string[] {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith(extension));
    const alive = names.filter((name) => name === this.#name || this.#isAlive(join(this.#folder, name)));
    if (!alive.includes(this.#name)) alive.push(this.#name);
    return alive.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || a.localeCompare(b));
  }

  #isAlive(path: string): boolean {
    let found: Member;
    try {
      found = JSON.parse(readFileSync(path, 'utf8')) as Member;
    } catch {
      return false;
    }
    if (found.host !== hostname())
      throw new MillraceError({
        code: 'group/other-host',
        message: `An instance of this group runs on "${found.host}" (process ${found.pid}), and this is "${hostname()}".`,
        hint: `End it first: a group runs on one machine. If it is gone, remove ${path}.`,
      });
    if (isSameProcess(found.pid, found.startedAt)) return true;
    rmSync(path, { force: true });
    return false;
  }
}

/** The number of shares that a group was begun with; null for a new one. */
export function sharesOf(folder: string): number | null {
  try {
    const { shares } = JSON.parse(readFileSync(join(folder, countFile), 'utf8')) as { readonly shares?: unknown };
    return Number.isInteger(shares) ? (shares as number) : null;
  } catch {
    return null;
  }
}

/** Begins a group; one that is begun by several at the same time has the number of the one that was first, which is returned. */
export function beginShares(folder: string, shares: number): number {
  makePrivateFolder(folder);
  try {
    writeFileSync(join(folder, countFile), JSON.stringify({ shares }), { mode: privateFileMode, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return sharesOf(folder) ?? shares;
}

export function shareFolder(folder: string, index: number): string {
  return join(folder, `share-${index}`);
}
