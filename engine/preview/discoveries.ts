import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Discovery, NodeDefinition, NodeProblem } from '../../nodes/kit/node.ts';
import { problemOf } from '../protocol/connection.ts';
import type { Json } from '../schema/types.ts';

/** How long a check waits for a source to be looked at; the look itself goes on and serves the next check. */
const patienceMs = 2000;
const limitMs = 30_000;
/** The same for one who has to know, as a run does: longer than any look may take. */
const mostPatienceMs = 2 * limitMs;
/** For failures that name no file whose change would mend them. */
const retryAfterMs = 2000;
/** More than the sources of any pipeline, which are all asked for at each check. */
const keptEntries = 2000;

export interface Discovered {
  /** Null for a source whose schema follows from its params alone, and while it is not known yet. */
  readonly discovery: Discovery | null;
  /** Differs when the source would read something else: other params, or changed files. */
  readonly key: string;
}
interface Entry {
  discovery: Discovery | null;
  stamps: string;
  at: number;
  /** Set while the source is being looked at. */
  pending: Promise<void> | null;
}

/** What sources said about the outside world, until it changes: by type, params and folder, and by the files that they depend on. */
export class Discoveries {
  readonly #entries = new Map<string, Entry>();
  readonly #patienceMs: number;

  constructor(options: { readonly patienceMs?: number } = {}) {
    this.#patienceMs = options.patienceMs ?? patienceMs;
  }

  /** Never throws: what went wrong is among the discovery's problems. Never looks at the same thing twice at once. */
  async find(definition: NodeDefinition, params: { readonly [name: string]: Json }, folder: string, mustKnow = false): Promise<Discovered> {
    const key = JSON.stringify([definition.type, params, folder]);
    if (definition.kind !== 'source' || !definition.discover) return { discovery: null, key };
    let entry = this.#entries.get(key);
    if (!entry || (!entry.pending && (await isStale(entry)))) {
      // Another call may have begun while the files were looked at.
      const newer = this.#entries.get(key);
      entry = newer !== entry && newer ? newer : this.#start(key, definition.discover, params, folder);
    }
    const patienceMs = mustKnow ? mostPatienceMs : this.#patienceMs;
    if (entry.pending && !(await inTime(entry.pending, patienceMs))) return { discovery: { schema: null, problems: [slow] }, key };
    return { discovery: entry.discovery, key: `${key}${entry.stamps}` };
  }

  #start(
    key: string,
    discover: (context: { params: any; path(path: string): string; signal: AbortSignal }) => Promise<Discovery>,
    params: object,
    folder: string,
  ): Entry {
    const entry: Entry = { discovery: null, stamps: '', at: 0, pending: null };
    entry.pending = (async () => {
      try {
        entry.discovery = await discover({ params, path: (path) => resolve(folder, path), signal: AbortSignal.timeout(limitMs) });
      } catch (error) {
        entry.discovery = { schema: null, problems: [problemOf(error)] };
      }
      entry.stamps = await stampsOf(entry.discovery);
      entry.at = Date.now();
      entry.pending = null;
    })();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= keptEntries) break;
      this.#entries.delete(oldest);
    }
    return entry;
  }
}

const slow: NodeProblem = {
  code: 'source/slow',
  severity: 'warning',
  message: 'Looking at the input takes long; its columns are not known yet.',
  hint: 'It goes on in the background: the next change of the pipeline shows them.',
};

async function isStale(entry: Entry): Promise<boolean> {
  const { problems = [], dependsOn = [] } = entry.discovery ?? {};
  if (problems.length > 0 && dependsOn.length === 0) return Date.now() - entry.at > retryAfterMs;
  return entry.stamps !== (await stampsOf(entry.discovery));
}

async function stampsOf(discovery: Discovery | null): Promise<string> {
  const stamps = (discovery?.dependsOn ?? []).map(async (path) => {
    const found = await stat(path).catch(() => null);
    return found ? [path, found.mtimeMs, found.size] : [path];
  });
  return JSON.stringify(await Promise.all(stamps));
}

async function inTime(pending: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = await Promise.race([pending.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
