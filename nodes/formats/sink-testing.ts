/** Leads sinks as the engine would, through checkpoints and crashes, for tests. */
import { resolve } from 'node:path';
import type { Json, Row, Schema } from '../../engine/schema/types.ts';
import type { RowFailure, SinkContext, SinkDefinition, Writer } from '../kit/node.ts';

/**
 * Where a process is killed: with rows written and nothing prepared; prepared, but before the checkpoint is stored; stored,
 * before anything is committed; with the commit half done; and after it.
 */
export const crashPoints = ['writing', 'prepared', 'decided', 'half', 'committed'] as const;
export type CrashPoint = (typeof crashPoints)[number];
export type Resume = SinkContext<unknown>['resume'];

/** Rows between two checkpoints, in batches, and what happens at the end of them. */
export interface Interval {
  readonly batches: readonly number[];
  readonly crash: CrashPoint | null;
}

export interface SinkOptions {
  readonly commits?: 'end' | 'checkpoint';
  readonly resume?: Resume;
  readonly lineage?: string;
  readonly signal?: AbortSignal;
}

/** The sinks of one run, which ends when it is closed or killed. */
export class SinkRun {
  readonly failures: RowFailure[] = [];
  readonly logs: string[] = [];
  readonly shared = new Map<string, { close(): void }>();
  readonly writers: Writer[] = [];
  readonly #folder: string;
  readonly #options: SinkOptions;

  constructor(folder: string, options: SinkOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  async open(definition: SinkDefinition<any>, given: { readonly [param: string]: unknown }, schema: Schema): Promise<Writer> {
    const defaults = Object.fromEntries(Object.entries(definition.params).map(([name, field]) => [name, (field as { default?: unknown }).default ?? null]));
    const { commits = 'checkpoint', resume = null, lineage = 'trial', signal = new AbortController().signal } = this.#options;
    const writer = await definition.run({
      params: { ...defaults, ...given },
      inputs: { rows: schema },
      outputs: {},
      path: (path: string) => resolve(this.#folder, path),
      signal,
      log: (_level: string, message: string) => this.logs.push(message),
      fail: (failure: RowFailure) => this.failures.push(failure),
      shared: <T extends { close(): void }>(key: string, open: () => T): T => {
        if (!this.shared.has(key)) this.shared.set(key, open());
        return this.shared.get(key) as T;
      },
      guard: () => {},
      commits,
      resume: resume && { checkpoint: resume.checkpoint, token: JSON.parse(JSON.stringify(resume.token)) as Json },
      lineage,
    } as SinkContext<any>);
    this.writers.push(writer);
    return writer;
  }

  async close(): Promise<void> {
    for (const writer of this.writers) await writer.close();
    for (const thing of this.shared.values()) thing.close();
  }

  /** As SIGKILL would: nothing of the writers' own code runs. A database's lock goes with its connection. */
  kill(): void {
    for (const thing of this.shared.values()) if ('connection' in thing) (thing.connection as { close(): void }).close();
  }
}

/**
 * Writes rows through checkpoints, one after each interval, going on after each crash from the checkpoint that counts.
 * `half` does a part of the commit of a token by itself. `decided` says whether a stored checkpoint counts though nobody
 * has committed it (a database that decides must have).
 */
export async function writeThroughCrashes(
  rows: readonly Row[],
  intervals: readonly Interval[],
  open: (run: SinkRun) => Promise<Writer>,
  make: (resume: Resume) => SinkRun,
  options: { readonly half?: (token: Json) => void; readonly isDecided?: () => boolean } = {},
): Promise<void> {
  let counts: { readonly resume: Resume; readonly position: number } = { resume: null, position: 0 };
  let run: SinkRun | null = null;
  let writer: Writer | null = null;
  let position = 0;
  let checkpoint = 0;
  const killed = () => {
    run?.kill();
    run = null;
  };
  for (const { batches, crash } of [...intervals, { batches: [rows.length], crash: null }]) {
    if (!run) {
      run = make(counts.resume);
      writer = await open(run);
      position = counts.position;
      checkpoint = counts.resume?.checkpoint ?? 0;
    }
    for (const count of batches) {
      if (count > 0) await writer!.write(rows.slice(position, position + count));
      position = Math.min(rows.length, position + count);
    }
    if (crash === 'writing') {
      killed();
      continue;
    }
    const next = { checkpoint: checkpoint + 1, token: (await writer!.prepare?.(checkpoint + 1)) ?? null };
    if (crash === 'prepared') {
      killed();
      continue;
    }
    if (crash === 'decided' || crash === 'half') {
      if (crash === 'half') options.half?.(next.token);
      if (options.isDecided?.() ?? true) counts = { resume: next, position };
      killed();
      continue;
    }
    counts = { resume: next, position };
    checkpoint++;
    await writer!.commit(checkpoint);
    if (crash === 'committed') killed();
  }
  await run!.close();
}
