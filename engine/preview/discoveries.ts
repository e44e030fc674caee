import type { Discovery, NodeDefinition, NodeProblem } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';
import { WorkerPool } from '../processes/pool.ts';
import { guardSockets, type SocketGuard } from '../processes/socket-guard.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import { problemOf } from '../protocol/connection.ts';
import type { LinkedPath } from '../protocol/messages.ts';
import type { PlannedConnection } from '../protocol/physical-plan.ts';
import { linkedPaths } from '../store/output-place.ts';
import { type Look, type Looked, type LookJob, lookAt, stampsOf } from './look.ts';

/** How long a check waits for the inspection of a source, which continues afterwards and serves the next check. */
const defaultPatienceMs = 2000;
const limitMs = 30_000;
const memoryMb = 1024;
/** Sources that are looked at at once: one that is slow holds up no other. */
const most = 4;
/** For failures that name no file whose change could fix them. */
const retryAfterMs = 2000;
/** What a run relies on may have been found so long ago, where no file tells of a change: on a server. */
const freshMs = 5000;
/** For a look that had to be stopped: it would take as long again. */
const stoppedRetryMs = 60_000;
/** More than the sources of any pipeline, which are all asked for at each check. */
const keptEntries = 2000;

export interface Discovered {
  /** Null for a source whose schema follows from its params alone, and while it is not known yet. */
  readonly discovery: Discovery | null;
  /** Changes when the source would read something else: other params, or changed files. */
  readonly key: string;
}
/** What a source needs besides its params to look beyond this machine. */
export interface Beyond {
  readonly connection: PlannedConnection | null;
  readonly look: Pick<Look, 'secrets' | 'connection' | 'reaches' | 'texts'>;
  /** Differs where a secret does. */
  readonly stamp: string;
}
interface Entry {
  discovery: Discovery | null;
  /** Null where they say nothing, as the files changed while they were looked at. */
  stamps: string | null;
  /** How often it was looked at. */
  looks: number;
  at: number;
  retryMs: number;
  /** Set while the source is being looked at. */
  pending: Promise<void> | null;
}

/** Looks at sources and stamps files. Its promises may stay open for as long as a disk does not answer. */
export interface SourceLooks {
  look(definition: NodeDefinition, look: Look): Promise<Looked>;
  stamps(paths: readonly string[]): Promise<string>;
  links(paths: readonly string[], folder: string): Promise<readonly LinkedPath[]>;
  close(): void;
}

/** In processes that are killed at their limits, as what a source names may be slow, endless or huge. */
export function looksInProcesses(): SourceLooks {
  const pool = new WorkerPool<LookJob, unknown>({ secrets: (job) => ('texts' in job ? job.texts : undefined), entry: 'discovery', limitMs, memoryMb, most });
  return {
    look: (_definition, look) => pool.run(look) as Promise<Looked>,
    stamps: (paths) => pool.run({ paths }) as Promise<string>,
    links: (links, folder) => pool.run({ links, folder }) as Promise<readonly LinkedPath[]>,
    close: () => pool.close(),
  };
}

/** In the process that asks: for one that runs this pipeline alone, reads the same without limits next, and ends at Ctrl+C. */
export const looksToRun: SourceLooks = {
  look: (definition, look) => guarded(look.reaches ?? [], () => lookAt(definition, look, true)),
  stamps: stampsOf,
  links: async (paths, folder) => linkedPaths(paths, folder),
  close() {},
};

/** What may be reached by those that look now, and the guard that is there meanwhile. */
const reached: string[] = [];
let guard: SocketGuard | null = null;

/** This process opens sockets of its own: nodes are guarded as in a run while they look, and only then. */
async function guarded<T>(reaches: readonly string[], look: () => Promise<T>): Promise<T> {
  if (reaches.length === 0) return look();
  guard ??= guardSockets();
  reached.push(...reaches);
  guard.allow(reached);
  try {
    return await look();
  } finally {
    for (const each of reaches) reached.splice(reached.indexOf(each), 1);
    if (reached.length > 0) guard.allow(reached);
    else {
      guard.release();
      guard = null;
    }
  }
}

/** What sources said about the outside world, until it changes: by type, params and folder, and by the files that they depend on. */
export class Discoveries {
  readonly #entries = new Map<string, Entry>();
  readonly #patienceMs: number;
  readonly #looks: SourceLooks;

  constructor({ patienceMs = defaultPatienceMs, looks = looksInProcesses() }: { readonly patienceMs?: number; readonly looks?: SourceLooks } = {}) {
    this.#patienceMs = patienceMs;
    this.#looks = looks;
  }

  /**
   * Never throws: what went wrong is among the discovery's problems. Never looks at the same thing twice at once. With
   * `mustKnow`, as a run does, it waits for as long as a look may take.
   */
  async find(
    definition: NodeDefinition,
    params: { readonly [name: string]: Json },
    folder: string,
    mustKnow = false,
    beyond: Beyond | null = null,
  ): Promise<Discovered> {
    const key = JSON.stringify([definition.type, params, folder, ...(beyond ? [beyond.connection, beyond.stamp] : [])]);
    if (definition.kind !== 'source' || !definition.discover) return { discovery: null, key };
    const look = { type: definition.type, params, folder, ...beyond?.look };
    const found = this.#current(key, definition, look, beyond?.connection && mustKnow ? freshMs : Number.POSITIVE_INFINITY);
    const entry = mustKnow ? await found : await inTime(found, this.#patienceMs);
    if (!entry) return { discovery: { schema: null, problems: [slow] }, key };
    return { discovery: entry.discovery, key: `${key}${entry.stamps ?? `look ${entry.looks}`}` };
  }

  /** Those of the paths that links lead elsewhere. Rejects with a MillraceError where that takes longer than a look may. */
  async links(paths: readonly string[], folder: string): Promise<readonly LinkedPath[]> {
    try {
      return await this.#looks.links(paths, folder);
    } catch (error) {
      throw error instanceof WorkerEnded ? new MillraceError(unfollowed) : error;
    }
  }

  close(): void {
    this.#looks.close();
  }

  async #current(key: string, definition: NodeDefinition, look: Omit<Look, 'known'>, freshMs: number): Promise<Entry> {
    let entry = this.#entries.get(key);
    if (!entry || (!entry.pending && (performance.now() - entry.at > freshMs || (await this.#isStale(entry))))) {
      // Another call may have begun while the files were looked at.
      const newer = this.#entries.get(key);
      entry = newer !== entry && newer ? newer : this.#start(key, definition, look, entry);
    }
    await entry.pending;
    return entry;
  }

  #start(key: string, definition: NodeDefinition, look: Omit<Look, 'known'>, old: Entry | undefined): Entry {
    const entry: Entry = { discovery: null, stamps: null, looks: (old?.looks ?? 0) + 1, at: 0, retryMs: retryAfterMs, pending: null };
    entry.pending = (async () => {
      try {
        const { discovery, stamps, settled } = await this.#looks.look(definition, { ...look, known: old?.discovery?.dependsOn ?? [] });
        entry.discovery = discovery;
        entry.stamps = settled ? stamps : null;
      } catch (error) {
        entry.discovery = { schema: null, problems: [error instanceof WorkerEnded ? stopped(error) : problemOf(error)] };
        entry.retryMs = stoppedRetryMs;
      }
      entry.at = performance.now();
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

  async #isStale({ discovery, stamps, at, retryMs }: Entry): Promise<boolean> {
    const { problems = [], dependsOn = [] } = discovery ?? {};
    if (dependsOn.length === 0) return problems.length > 0 && performance.now() - at > retryMs;
    return stamps === null || stamps !== (await this.#looks.stamps(dependsOn).catch(() => null));
  }
}

const slow: NodeProblem = {
  code: 'source/slow',
  severity: 'warning',
  message: 'Reading the input for its columns takes long; they are not known yet.',
  hint: 'It continues in the background: the columns appear with the next change of the pipeline.',
};

const unfollowed = {
  code: 'source/slow',
  message: 'Where the paths of the pipeline lead could not be found out: a disk or network did not answer.',
  hint: 'Check the disks and networks that it names, or edit its paths in a text editor.',
} as const;

function stopped({ reason, message }: WorkerEnded): NodeProblem {
  const severity = 'error' as const;
  if (reason === 'time') {
    const hint = 'Check the disk or network that holds it, name fewer files, or make the query faster: its first rows must come soon.';
    return {
      code: 'source/slow',
      severity,
      message: `Its columns are not known: reading the input for them took longer than ${limitMs / 1000} s and was stopped.`,
      hint,
    };
  }
  if (reason === 'memory') {
    const hint = 'Check the input for very large rows or values, or name fewer files.';
    return {
      code: 'source/memory',
      severity,
      message: `Its columns are not known: reading the input for them needed more than ${memoryMb} MB of memory and was stopped.`,
      hint,
    };
  }
  return {
    code: 'source/crashed',
    severity,
    message: `Its columns are not known: reading the input for them ended unexpectedly: ${message}.`,
    hint: 'Check the input, or try again.',
  };
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  const first = await Promise.race([work, late]);
  clearTimeout(timer);
  return first;
}
