/** Drives sinks as the engine would, through checkpoints and crashes, for tests. */
import { rmSync, truncateSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import type { Connection } from '../connection.ts';
import type { PartWriter, RowFailure, SinkContext, SinkDefinition, Undo, Writer } from '../node.ts';
import { completeParams, type Params } from '../params.ts';

/**
 * Where a process is killed: with rows written and nothing prepared; prepared, but before the checkpoint is stored; stored, before anything
 * is committed; with some sinks committed or a commit half done; and after all.
 */
export const crashPoints = ['writing', 'prepared', 'stored', 'half', 'committed'] as const;
export type CrashPoint = (typeof crashPoints)[number];
export type Resume = SinkContext<unknown>['resume'];

/** Rows between two checkpoints, in batches, and what happens at the end of them. */
export interface Interval {
  readonly batches: readonly number[];
  readonly crash: CrashPoint | null;
  /** With `half`: how many of the writers have committed, and a share of the next one's work. */
  readonly committed?: number;
}
export interface SinkSpec {
  readonly definition: SinkDefinition<any>;
  /** That it names, secrets filled in. */
  readonly connection?: Connection | undefined;
  readonly params: { readonly [param: string]: unknown };
}

export interface SinkOptions {
  readonly commits?: 'end' | 'checkpoint';
  readonly lineage?: string;
  readonly signal?: AbortSignal;
}

/** The sinks of one run, which ends when it is closed or killed. */
export class SinkRun {
  readonly failures: RowFailure[] = [];
  readonly logs: string[] = [];
  readonly writers: Writer[] = [];
  /** What is to be undone if the run is ended by force, by writer. */
  readonly #undos: (readonly Undo[])[] = [];
  readonly #shared = new Map<string, { close(): void }>();
  readonly #folder: string;
  readonly #options: SinkOptions;

  constructor(folder: string, options: SinkOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  async open({ definition, params, connection }: SinkSpec, schema: Schema, resume: Resume = null): Promise<Writer> {
    const { commits = 'checkpoint', lineage = 'trial', signal = new AbortController().signal } = this.#options;
    const index = this.writers.length;
    const writer = await definition.run({
      params: completeParams(definition.params, params as Params),
      inputs: { rows: schema },
      outputs: {},
      path: (path: string) => resolve(this.#folder, path),
      signal,
      log: (_level: string, message: string) => this.logs.push(message),
      fail: (failure: RowFailure) => this.failures.push(failure),
      shared: <T extends { close(): void }>(key: string, open: () => T): T => {
        if (!this.#shared.has(key)) this.#shared.set(key, open());
        return this.#shared.get(key) as T;
      },
      guard: (undo: Undo | readonly Undo[]) => {
        this.#undos[index] = Array.isArray(undo) ? undo : [...(this.#undos[index] ?? []), undo as Undo];
      },
      commits,
      connection,
      // As read from a checkpoint's file.
      resume: resume && { checkpoint: resume.checkpoint, token: JSON.parse(JSON.stringify(resume.token)) as Json, isOlder: resume.isOlder === true },
      lineage,
    } as SinkContext<any>);
    this.writers.push(writer);
    return writer;
  }

  /** Opens what writes a part of a writer's rows, as in another thread. */
  async openPart({ definition, params }: SinkSpec, schema: Schema, part: Json): Promise<PartWriter> {
    return definition.openPart!({
      params: completeParams(definition.params, params as Params),
      inputs: { rows: schema },
      outputs: {},
      path: (path: string) => resolve(this.#folder, path),
      signal: this.#options.signal ?? new AbortController().signal,
      log: (_level: string, message: string) => this.logs.push(message),
      fail: (failure: RowFailure) => this.failures.push(failure),
      shared: (_: string, open: () => any) => open(),
      part: JSON.parse(JSON.stringify(part)) as Json,
    });
  }

  async close(): Promise<void> {
    for (const writer of this.writers) await writer.close();
    for (const thing of this.#shared.values()) thing.close();
  }

  /** As SIGKILL would: none of the writers' own code runs. A database's lock is released with its connection. */
  kill(): void {
    for (const thing of this.#shared.values()) if ('connection' in thing) (thing.connection as { close(): void }).close();
  }

  /** As if users' code had blocked the thread: the writers cannot be called any more, and what they had asked for is undone. */
  endByForce(): void {
    this.kill();
    for (const undo of this.#undos.flat()) {
      if ('remove' in undo) rmSync(undo.remove, { force: true });
      else truncateSync(undo.truncate, undo.size);
    }
  }
}

interface Stored {
  readonly checkpoint: number;
  readonly tokens: readonly Json[];
  readonly position: number;
}

export interface CrashOptions {
  /** Executes a part of the commit of a writer's token by itself. */
  half?(sink: SinkSpec, token: Json): void;
  /** False: none of the sinks decides which checkpoint counts, as beside another database. */
  readonly decides?: boolean;
  /** Called with each run, to close what a killed one has left open. */
  onRun?(run: SinkRun): void;
}

/**
 * Writes rows through checkpoints, one after each interval, to sinks side by side, and resumes after each crash from the checkpoint that
 * counts, as the engine does.
 */
export async function writeThroughCrashes(
  folder: string,
  sinks: readonly SinkSpec[],
  schema: Schema,
  rows: readonly Row[],
  intervals: readonly Interval[],
  { half, decides = true, onRun }: CrashOptions = {},
): Promise<void> {
  const path = (relative: string) => resolve(folder, relative);
  const decider = decides ? sinks.find(({ definition }) => definition.committedCheckpoint) : undefined;
  const decidingOf = (writers: readonly Writer[]) => (decides ? writers.find(({ transaction }) => transaction)?.transaction : undefined);
  const stored: Stored[] = [];
  let run: SinkRun | null = null;
  let position = 0;
  let checkpoint = 0;

  const start = async (): Promise<SinkRun> => {
    const params: any = decider && completeParams(decider.definition.params, decider.params as Params);
    const number =
      decider &&
      (await decider.definition.committedCheckpoint!({ params, path, connection: decider.connection, lineage: 'trial', signal: new AbortController().signal }));
    if (number !== undefined && stored.length > 0 && stored.at(-1)!.checkpoint !== number) stored.pop();
    const from = stored.at(-1) ?? { checkpoint: 0, tokens: [], position: 0 };
    const started = new SinkRun(folder);
    onRun?.(started);
    for (const [i, sink] of sinks.entries()) {
      await started.open(sink, schema, from.checkpoint === 0 ? null : { checkpoint: from.checkpoint, token: from.tokens[i]! });
    }
    const deciding = decidingOf(started.writers);
    for (const { transaction } of started.writers) if (transaction !== deciding) transaction?.keepRedo(folder);
    ({ checkpoint, position } = from);
    return started;
  };

  for (const { batches, crash, committed = 1 } of [...intervals, { batches: [rows.length], crash: null }]) {
    run ??= await start();
    for (const count of batches) {
      for (const writer of count > 0 ? run.writers : []) await writer.write(rows.slice(position, position + count));
      position = Math.min(rows.length, position + count);
    }
    if (crash !== 'writing') {
      const tokens = await Promise.all(run.writers.map(async (writer) => (await writer.prepare?.(checkpoint + 1)) ?? null));
      if (crash !== 'prepared') {
        stored.push({ checkpoint: ++checkpoint, tokens, position });
        const first = decidingOf(run.writers);
        const isFirst = (index: number) => first !== undefined && run!.writers[index]!.transaction === first;
        const order = [...run.writers.keys()].sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
        const count = crash === 'stored' ? 0 : crash === 'half' ? Math.min(committed, order.length) : order.length;
        for (const index of order.slice(0, count)) await run.writers[index]!.commit(checkpoint);
        if (crash === 'half' && count < order.length && (count > 0 || !first)) half?.(sinks[order[count]!]!, tokens[order[count]!]!);
      }
    }
    if (crash === null) continue;
    run.kill();
    run = null;
  }
  await run!.close();
}
