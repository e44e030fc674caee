import { type FSWatcher, watch } from 'node:fs';
import { itemAt } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { problemOf } from '../protocol/connection.ts';
import type { LogLine, RunSummary } from '../protocol/messages.ts';
import type { RunControl, RunJob, StopMode } from '../protocol/run-api.ts';
import { runsFolder } from '../store/data-folder.ts';
import { makePrivateFolder } from '../store/private-files.ts';
import { type Attachment, attach, bury, notResponding } from './attachment.ts';
import { forkKeeper, type KeeperProcess } from './fork-keeper.ts';
import { hasKeeper, type RunEntry, readEntries } from './registry.ts';

/** Ended runs that stay attached, so that their keepers stay and their inspect sinks can still be queried. */
const keptAttached = 3;
const keptRuns = 50;
const keptLogLines = 2000;
/** Folders are watched; this is for file systems that do not report changes. */
const lookEveryMs = 2000;
const prepareAgainMs = 2000;
/** For answers that a keeper gives at once; a checkpoint may take long. */
const answersWithinMs = 10_000;
const checkpointWithinMs = 10 * 60_000;
/** A keeper that closed its socket is gone a moment later. */
const goneWithinMs = 100;

interface Run {
  summary: RunSummary;
  readonly entry: RunEntry;
  attachment: Attachment | null;
  readonly logs: LogLine[];
}

/**
 * The runs of one data folder, for one host: starts runs and observes all current ones, whoever started them. They belong to their keepers:
 * when this host ends, they continue.
 */
export class Supervisor implements RunControl {
  readonly #data: string;
  readonly #fork: (data: string) => KeeperProcess;
  readonly #runs = new Map<string, Run>();
  readonly #changed = new Set<(summary: RunSummary) => void>();
  readonly #logged = new Set<(runId: string, line: LogLine) => void>();
  /** Runs to which it is attaching. */
  readonly #attaching = new Map<string, Promise<Run | null>>();
  /** Ended runs that are no longer shown, although their keepers may still serve others: not to be attached to again. */
  readonly #forgotten = new Set<string>();
  #spare: KeeperProcess | null = null;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isDisposed = false;

  constructor(options: { readonly dataFolder: string; readonly fork?: (data: string) => KeeperProcess }) {
    this.#data = options.dataFolder;
    this.#fork = options.fork ?? forkKeeper;
  }

  /** Detects runs that others start, until `dispose`. */
  watch(): void {
    const folder = runsFolder(this.#data);
    try {
      makePrivateFolder(folder);
      this.#watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
      this.#watcher.on('error', () => {});
    } catch {
      // Periodic checks have to suffice.
    }
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref();
    void this.#look();
  }

  /** Forks the processes of the next `start` in advance, for a faster start. */
  prepare(): void {
    if (this.#spare || this.#isDisposed) return;
    const spare = this.#fork(this.#data);
    this.#spare = spare;
    spare.onExit(() => {
      if (this.#spare === spare) this.#spare = null;
    });
  }

  async start(job: RunJob): Promise<RunSummary> {
    const keeper = this.#spare ?? this.#fork(this.#data);
    const wasPrepared = this.#spare !== null;
    this.#spare = null;
    const entry = await keeper.start(job);
    const run = await this.#attach(entry);
    // Must not slow down the run that begins now.
    if (wasPrepared) setTimeout(() => this.prepare(), prepareAgainMs).unref();
    if (run) return run.summary;
    throw new MillraceError({
      code: 'run/keeper',
      message: 'The run was started, but its keeper does not answer.',
      hint: 'Before you start it again, check in the list of runs whether it is still running.',
    });
  }

  async stop(runId: string, how: StopMode): Promise<void> {
    const run = await this.#find(runId);
    if (run.summary.endedAt !== null) return;
    try {
      await this.#ask(run, (client) => client.request('stop', { how }, { answersWithinMs }));
    } catch (error) {
      // The run may have ended, and its keeper with it, before the answer was sent: its end is reported as for any run.
      if (problemOf(error).code !== 'engine/gone') throw error;
    }
  }

  async pause(runId: string): Promise<void> {
    await this.#ask(await this.#find(runId), (client) => client.request('pause', {}, { answersWithinMs }));
  }

  async resume(runId: string): Promise<void> {
    await this.#ask(await this.#find(runId), (client) => client.request('resume', {}, { answersWithinMs }));
  }

  async checkpoint(runId: string): Promise<{ readonly id: number }> {
    return this.#ask(await this.#find(runId), (client) => client.request('checkpoint', {}, { answersWithinMs: checkpointWithinMs }));
  }

  /** Current runs, and those that ended while this looked; newest first. */
  async list(): Promise<readonly RunSummary[]> {
    await this.#look();
    return [...this.#runs.values()].map((run) => run.summary).sort((a, b) => b.startedAt - a.startedAt);
  }

  async logs(runId: string): Promise<readonly LogLine[]> {
    return (await this.#find(runId)).logs;
  }

  async inspect(runId: string, node: string, limit: number, port?: string) {
    const run = await this.#find(runId);
    if (run.attachment) {
      const params = { node, limit, ...(port !== undefined && { port }) };
      return this.#ask(run, (client) => client.request('inspect', params, { answersWithinMs }));
    }
    throw new MillraceError({ code: 'run/forgotten', message: 'The rows of this run are no longer kept.', hint: 'Run the pipeline again.' });
  }

  onChanged(listener: (summary: RunSummary) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  onLogged(listener: (runId: string, line: LogLine) => void): () => void {
    this.#logged.add(listener);
    return () => this.#logged.delete(listener);
  }

  /** How many of the known runs are in progress. */
  get running(): number {
    return [...this.#runs.values()].filter((run) => run.summary.endedAt === null).length;
  }

  /** The nodes of a run in the order of its plan, as long as its keeper exists. */
  async attachment(runId: string): Promise<Attachment | null> {
    return (await this.#find(runId)).attachment;
  }

  /** Detaches from all runs; they continue. */
  dispose(): void {
    this.#isDisposed = true;
    this.#spare?.end();
    this.#watcher?.close();
    if (this.#timer) clearInterval(this.#timer);
    for (const run of this.#runs.values()) run.attachment?.client.close();
  }

  /** Attaches to new runs, and removes killed ones. */
  async #look(): Promise<void> {
    if (this.#isDisposed) return;
    const entries = readEntries(this.#data).filter(({ id }) => !this.#runs.get(id)?.attachment && !this.#hasEnded(id));
    const looks = entries.map((entry) => ({ entry, done: hasKeeper(entry) ? this.#attach(entry) : this.#bury(entry) }));
    // Those that were silent before are asked again, but not waited for a second time.
    await Promise.all(looks.filter(({ entry }) => !this.#isSilent(entry.id)).map(({ done }) => done));
  }

  #lookSoon(): void {
    // The folder exists before its entry.
    for (const wait of [20, 100, 400]) setTimeout(() => void this.#look(), wait).unref();
  }

  #isSilent(id: string): boolean {
    return this.#runs.get(id)?.summary.state === 'not responding';
  }

  #hasEnded(id: string): boolean {
    return this.#forgotten.has(id) || (this.#runs.get(id)?.summary.endedAt ?? null) !== null;
  }

  /** Only once: the caller that starts a run and the watcher of the folder may both find it. */
  #attach(entry: RunEntry): Promise<Run | null> {
    const known = this.#runs.get(entry.id);
    if (known?.attachment) return Promise.resolve(known);
    const before = this.#attaching.get(entry.id);
    if (before) return before;
    const attaching = this.#attachAnew(entry).finally(() => this.#attaching.delete(entry.id));
    this.#attaching.set(entry.id, attaching);
    return attaching;
  }

  async #attachAnew(entry: RunEntry): Promise<Run | null> {
    const attachment = await attach(entry);
    if (this.#isDisposed) {
      if (typeof attachment !== 'string') attachment.client.close();
      return null;
    }
    if (attachment === 'silent') this.#keepSilent(entry);
    if (typeof attachment === 'string') return null;
    const { summary, logs } = attachment.run;
    const run: Run = { summary, entry, attachment, logs: [...logs] };
    this.#runs.set(entry.id, run);
    attachment.client.on('changed', (changed) => this.#change(run, changed));
    attachment.client.on('logged', (line) => {
      run.logs.push(line);
      if (run.logs.length > keptLogLines) run.logs.shift();
      for (const listener of this.#logged) listener(entry.id, line);
    });
    attachment.onClose(() => this.#closed(run));
    this.#change(run, summary);
    this.#forgetOld();
    return run;
  }

  /** It continues, as far as known: it is shown, and attached to once it answers. */
  #keepSilent(entry: RunEntry): void {
    if (this.#isSilent(entry.id)) return;
    const run: Run = { summary: notResponding(this.#data, entry), entry, attachment: null, logs: [...(this.#runs.get(entry.id)?.logs ?? [])] };
    this.#runs.set(entry.id, run);
    this.#change(run, run.summary);
  }

  #closed(run: Run): void {
    run.attachment = null;
    if (run.summary.endedAt !== null || this.#isDisposed) return;
    // Gone without having reported that the run has ended: killed, unless it still exists.
    const check = (left: number) => {
      if (this.#isDisposed || run.attachment) return;
      const buried = bury(this.#data, run.entry);
      if (buried) this.#change(run, buried);
      else if (left > 0) setTimeout(() => check(left - 1), goneWithinMs).unref();
    };
    check(20);
  }

  async #bury(entry: RunEntry): Promise<void> {
    const summary = bury(this.#data, entry);
    if (!summary) return;
    const run = this.#runs.get(entry.id) ?? { summary, entry, attachment: null, logs: [] };
    this.#runs.set(entry.id, run);
    this.#change(run, summary);
  }

  #change(run: Run, summary: RunSummary): void {
    run.summary = summary;
    for (const listener of this.#changed) listener(summary);
  }

  async #find(runId: string): Promise<Run> {
    if (!this.#runs.has(runId)) await this.#look();
    const run = this.#runs.get(runId);
    if (run) return run;
    throw new MillraceError({
      code: 'run/unknown',
      message: `There is no run "${runId}" now.`,
      hint: 'It has ended; its record is in the list of runs.',
    });
  }

  /** A request to the keeper of a run, with a deadline. */
  async #ask<T>(run: Run, question: (client: Attachment['client']) => Promise<T>): Promise<T> {
    try {
      return await question(this.#client(run));
    } catch (error) {
      if (problemOf(error).code !== 'engine/silent') throw error;
      throw new MillraceError({ ...itemAt(notResponding(this.#data, run.entry).problems, 0), severity: 'error' });
    }
  }

  #client(run: Run): Attachment['client'] {
    if (run.attachment) return run.attachment.client;
    if (this.#isSilent(run.entry.id)) throw new MillraceError({ ...itemAt(run.summary.problems, 0), severity: 'error' });
    throw new MillraceError({ code: 'run/gone', message: 'The run has ended.', hint: 'Run the pipeline again.' });
  }

  #forgetOld(): void {
    const ended = [...this.#runs.values()].filter((run) => run.summary.endedAt !== null);
    for (const run of ended.slice(0, Math.max(0, ended.length - keptAttached + 1))) run.attachment?.client.close();
    for (const run of ended.slice(0, Math.max(0, this.#runs.size - keptRuns))) {
      this.#runs.delete(run.entry.id);
      this.#forgotten.add(run.entry.id);
    }
    // Runs that are gone from the registry cannot be found again.
    if (this.#forgotten.size > keptRuns) {
      const there = new Set(readEntries(this.#data).map(({ id }) => id));
      for (const id of this.#forgotten) if (!there.has(id)) this.#forgotten.delete(id);
    }
  }
}
