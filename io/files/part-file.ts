/** The files that hold rows beside a target until they are committed. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const partName = /^(\d+)-([0-9a-f]{8})(?:-(\d+|start|rows\d+))?\.millrace-part$/;

/**
 * The names of one target's parts. They name the process, so that leftovers of a killed one can be distinguished from what another run is
 * writing, and the lineage, so that a run that resumes recognises its own earlier attempts.
 */
export class PartNames {
  readonly folder: string;
  readonly #start: string;
  readonly #lineage: string;

  /** `lineage` may be empty: then this run resumes nothing. */
  constructor(target: string, lineage: string) {
    this.folder = dirname(target);
    this.#start = `.${basename(target)}.`;
    this.#lineage = lineage === '' ? randomBytes(4).toString('hex') : createHash('sha256').update(lineage).digest('hex').slice(0, 8);
  }

  /** The part to which rows are written. */
  get active(): string {
    return this.#name('');
  }

  /** The part of a prepared checkpoint, so that nothing that removes the active one can remove it. */
  prepared(checkpoint: number): string {
    return this.#name(`-${checkpoint}`);
  }

  /** The file for a part of the rows. */
  rows(index: number): string {
    return this.#name(`-rows${index}`);
  }

  /** Records how long the target was before a run began to write to it directly. */
  get start(): string {
    return this.#name('-start');
  }

  /** The `start` of an earlier attempt of this lineage, or null. */
  findStart(): string | null {
    const found = this.#all().find(({ lineage, suffix }) => lineage === this.#lineage && suffix === 'start');
    return found?.path ?? null;
  }

  /** Removes what killed processes and earlier attempts of this lineage have left. */
  removeStale(): void {
    for (const { path, pid, lineage } of this.#all()) if (lineage === this.#lineage || !isAlive(pid)) rmSync(path, { force: true });
  }

  #all(): { readonly path: string; readonly pid: number; readonly lineage: string; readonly suffix: string }[] {
    return readdirSync(this.folder).flatMap((name) => {
      const match = name.startsWith(this.#start) ? partName.exec(name.slice(this.#start.length)) : null;
      return match ? [{ path: join(this.folder, name), pid: Number(match[1]), lineage: match[2] ?? '', suffix: match[3] ?? '' }] : [];
    });
  }

  #name(suffix: string): string {
    return join(this.folder, `${this.#start}${process.pid}-${this.#lineage}${suffix}.millrace-part`);
  }
}

/** Makes renames and new names in a folder survive a power failure, if the system can. */
export function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Windows opens no folders, and some network file systems do not sync.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // A process that was killed in a container without an init stays listed as a zombie.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
