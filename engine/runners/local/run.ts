import type { Undo } from '@millrace/kit/node';
import { MillraceError, type Problem } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { Redactor } from '../../processes/redaction.ts';
import { problemOf } from '../../protocol/connection.ts';
import type { LogLine, RunSummary } from '../../protocol/messages.ts';
import { type CodePlace, type RunJob, type StopMode, startingSummary } from '../../protocol/run-api.ts';
import { lockStateFolder } from '../../store/checkpoints-lock.ts';
import { unlockOutputs } from '../../store/output-locks.ts';
import { refuseUnfinishedReplays } from '../../store/unfinished-replays.ts';
import type { DataThread } from './data-thread-handle.ts';
import { memoryLimit } from './memory-limits.ts';
import { type Activity, type Monitor, readMonitor } from './monitor.ts';
import { Rates } from './rates.ts';
import type { KeptRows, Outcome, Snapshot, ToControl } from './run-messages.ts';
import { undoAll } from './undo.ts';
import { Watchdog } from './watchdog.ts';

/** How long the data thread has to stop by itself before it is ended. */
const stopGraceMs = 700;
const inspectWaitMs = 5000;
const keptProblems = 100;

/** How long one call of users' code may take. */
function callLimit(): number {
  return Number(process.env['MILLRACE_CALL_LIMIT_MS']) || 5000;
}

export interface RunListeners {
  onChanged(summary: RunSummary): void;
  onLogged(line: LogLine): void;
  onAt(place: CodePlace): void;
}

/** One run, from the control thread: starting -> running -> (stopping) -> done, failed or stopped, and no further. */
export class Run {
  readonly #job: RunJob;
  readonly #thread: DataThread;
  readonly #listeners: RunListeners;
  /** The data thread, and those of instances by their numbers. */
  readonly #data: WatchedThread;
  readonly #instances = new Map<number, WatchedThread>();
  readonly #redactor: Redactor;
  readonly #rates = new Rates();
  readonly #undos = new Map<NodeId, readonly Undo[]>();
  /** By question: what takes the answer; without one it looks into what was kept. */
  readonly #inspections = new Map<number, (rows?: KeptRows | null) => void>();
  #kept: { readonly [node: NodeId]: KeptRows } | null = null;
  #summary: RunSummary;
  /** The first failures of rows. */
  #failures: readonly Problem[] = [];
  /** By question: what takes the answer. */
  readonly #checkpoints = new Map<number, (answer: { readonly checkpoint: number | null; readonly problem: Problem | null }) => void>();
  #unlock: () => void = () => {};
  readonly #outputLocks: string[] = [];
  #stopping: StopMode | null = null;
  #endsAfterCommit = false;
  #isCommitting = false;
  /** What the thread says from now on does not count. */
  #isEnding = false;
  #nextQuestion = 1;

  constructor(job: RunJob, thread: DataThread, listeners: RunListeners) {
    this.#job = job;
    this.#redactor = new Redactor(Object.values(job.secrets ?? {}));
    this.#thread = thread;
    this.#listeners = listeners;
    this.#summary = startingSummary(job);
    this.#data = this.#watch(
      thread.monitor,
      job.plan.nodes.map(({ id }) => id),
    );
    thread.listen({
      onMessage: (message) => this.#receive(message),
      onError: (error) => void this.#lost(this.#problemOfError(error, this.#data)),
      onExit: () => void this.#lost({ code: 'run/lost', severity: 'error', message: 'The thread of the run ended unexpectedly.', hint: 'Run it again.' }),
    });
    this.#change({});
    try {
      const { stateFolder, locks = [] } = job.options;
      const folders = stateFolder === null ? locks : [stateFolder, ...locks];
      this.#lock(folders);
      for (const folder of folders) refuseUnfinishedReplays(folder, stateFolder ?? '');
      thread.post({ kind: 'start', job });
    } catch (error) {
      void this.#terminate({ state: 'failed', problem: problemOf(error) });
    }
  }

  #watch(monitor: Monitor, nodes: readonly NodeId[]): WatchedThread {
    const codes = new Map<number, CodePlace>();
    const watchdog = new Watchdog(monitor, callLimit(), {
      onEndless: (activity) => void this.#endless(activity, codes),
      onOverMemory: () => void this.#lost(this.#overMemory(this.#busiest())),
      hasCode: () => codes.size > 0,
      onCode: (code) => {
        const place = codes.get(code);
        if (place) this.#listeners.onAt(place);
      },
      onSilent: (node, ms) => this.#listeners.onLogged(this.#silence(nodes[node], ms)),
    });
    return { monitor, nodes, codes, watchdog };
  }

  /**
   * `cancel` ends the run within a second, unless its outputs are being committed: then that is done first. The other ways take
   * their time, and may be followed by `cancel`. See `StopMode`.
   */
  stop(how: StopMode): void {
    if (this.#isEnding || this.#stopping === 'cancel') return;
    const mode = how === 'checkpoint' && this.#job.options.commits === 'end' ? 'cancel' : how;
    if (this.#stopping !== null && mode !== 'cancel') return;
    this.#stopping = mode;
    this.#change({ state: mode === 'drain' ? 'draining' : 'stopping' });
    this.#thread.post({ kind: 'stop', how: mode });
    if (mode === 'cancel') this.#endSoon();
  }

  pause(): void {
    if (this.#isEnding || this.#stopping !== null) throw ended();
    this.#thread.post({ kind: 'pause' });
    this.#change({ state: 'paused' });
  }

  resume(): void {
    if (this.#isEnding || this.#stopping !== null) throw ended();
    if (this.#summary.state !== 'paused') return;
    this.#thread.post({ kind: 'resume' });
    this.#change({ state: 'running' });
  }

  /** Resolves with the number of a checkpoint that was made for this, once it is committed. */
  checkpoint(): Promise<number> {
    if (this.#isEnding) return Promise.reject(ended());
    const id = this.#nextQuestion++;
    return new Promise((resolve, reject) => {
      this.#checkpoints.set(id, ({ checkpoint, problem }) => {
        this.#checkpoints.delete(id);
        if (checkpoint === null) reject(problem ? new MillraceError(problem) : ended());
        else resolve(checkpoint);
      });
      this.#thread.post({ kind: 'checkpoint', id });
    });
  }

  #endSoon(): void {
    setTimeout(() => {
      // A commit is waited for; what comes after it is not.
      if (this.#isCommitting) this.#endsAfterCommit = true;
      else void this.#terminate({ state: 'stopped' });
    }, stopGraceMs).unref();
  }

  /** The rows that a sink keeps, at any time; with `port` the latest ones that left there, as long as the run goes on. */
  async inspect(node: NodeId, limit: number, port: string | null = null): Promise<KeptRows> {
    if (port !== null) {
      const latest = this.#kept ? null : await this.#ask(node, limit, port);
      if (latest) return latest;
      const hint = 'You can view them while it runs.';
      throw new MillraceError({ code: 'run/noRows', message: `The run keeps no rows of "${node}" any more.`, hint, node });
    }
    const rows = this.#kept ? this.#kept[node] : await this.#ask(node, limit, null);
    if (!rows) {
      throw new MillraceError({ code: 'run/noRows', message: `Node "${node}" keeps no rows.`, hint: 'Connect an inspect node to see rows of a run.', node });
    }
    return { schema: rows.schema, rows: rows.rows.slice(-limit) };
  }

  #ask(node: NodeId, limit: number, port: string | null): Promise<KeptRows | null> {
    const id = this.#nextQuestion++;
    return new Promise((resolve) => {
      // Resolved by the answer, or by the end of the run; a thread that is busy for long has no rows to show.
      const timer = setTimeout(() => answer(), inspectWaitMs);
      const answer = (rows = port === null ? (this.#kept?.[node] ?? null) : null) => {
        clearTimeout(timer);
        this.#inspections.delete(id);
        resolve(rows);
      };
      this.#inspections.set(id, answer);
      this.#thread.post({ kind: 'inspect', id, node, port, limit });
    });
  }

  /** All of these state folders, or none: throws where another run has one. */
  #lock(folders: readonly string[]): void {
    const locked: (() => void)[] = [];
    this.#unlock = () => {
      for (const unlock of locked.splice(0)) unlock();
    };
    for (const folder of folders) locked.push(lockStateFolder(folder));
  }

  #silence(at: NodeId | undefined, ms: number): LogLine {
    const sources = this.#job.plan.nodes.filter(({ kind }) => kind === 'source');
    const node = at ?? (sources.length === 1 ? sources[0]?.id : undefined);
    const message = `It has been at one step for ${Math.round(ms / 1000)} s, such as a slow query. It continues; the run can be stopped.`;
    return { at: Date.now(), level: 'info', message, ...(node !== undefined && { node }) };
  }

  #receive(message: ToControl): void {
    this.#keepBooks(message);
    if (this.#isEnding) return;
    switch (message.kind) {
      case 'code':
        this.#threadOf(message.instance)?.codes.set(message.number, { node: message.node, field: message.field });
        break;
      case 'instance':
        this.#instances.set(message.instance, this.#watch(message.monitor, message.nodes));
        break;
      case 'instanceEnded':
        this.#instances.get(message.instance)?.watchdog.stop();
        this.#instances.delete(message.instance);
        break;
      case 'instanceLost':
        void this.#lost(this.#problemOfInstance(message));
        break;
      case 'resumed':
        this.#change({ resumedFrom: message.checkpoint });
        break;
      case 'startedOver':
        this.#failures = [];
        break;
      case 'committed':
        if (message.checkpoint) this.#change({ checkpoint: message.checkpoint });
        if (this.#endsAfterCommit && message.more) this.#endSoon();
        break;
      case 'checkpointed':
        this.#checkpoints.get(message.id)?.(message);
        break;
      case 'log':
        this.#listeners.onLogged(message.line);
        break;
      case 'inspected':
        this.#inspections.get(message.id)?.(message.rows);
        break;
      case 'stats':
        // Outputs that are slow to open may be refused yet.
        this.#change({ state: this.#summary.state === 'starting' && message.stateUse !== null ? 'running' : this.#summary.state, ...this.#told(message) });
        break;
      case 'ended':
        this.#isEnding = true;
        this.#finish(message.outcome, this.#told(message), message.kept);
        break;
    }
  }

  /** What has to be known when the thread is ended, and may arrive while that happens. */
  #keepBooks(message: ToControl): void {
    if (message.kind === 'guard') {
      const { node, undo } = message;
      this.#undos.set(node, 'length' in undo ? undo : [...(this.#undos.get(node) ?? []), undo]);
    } else if (message.kind === 'locked') this.#outputLocks.push(...message.locks);
    else if (message.kind === 'committing') this.#isCommitting = true;
    else if (message.kind === 'committed') this.#isCommitting = !message.more;
  }

  #told(snapshot: Snapshot): Pick<RunSummary, 'stats' | 'outputs' | 'problems' | 'stateUse'> {
    this.#failures = [...this.#failures, ...snapshot.failures].slice(0, keptProblems);
    const problems = [...snapshot.warnings, ...this.#failures].slice(0, keptProblems);
    const stateUse = snapshot.stateUse && withPeaks(snapshot.stateUse, this.#summary.stateUse);
    return { stats: this.#rates.stats(snapshot, performance.now()), outputs: snapshot.outputs, problems, ...(stateUse && { stateUse }) };
  }

  #endless({ code, call }: Activity, codes: ReadonlyMap<number, CodePlace>): Promise<void> {
    const seconds = callLimit() / 1000;
    // Without a call it is what a promise does later.
    const place = codes.get(code) ?? onlyCode(codes);
    const when = code < 0 ? 'in what a promise does later' : call > 0 ? `in its ${thousands(call)}${ordinal(call)} call` : 'before its first call';
    return this.#terminate({
      state: 'failed',
      problem: {
        code: 'code/endless',
        severity: 'error',
        message: `The code did not end within ${seconds} s ${when}, and was stopped.`,
        hint: 'Look for a loop that never ends, or a pattern such as (a+)+ that tries too much, and try the rows around there in the preview.',
        ...place,
      },
    });
  }

  /** Ends the thread by force, and leaves the outputs as they were. */
  async #terminate(outcome: Outcome): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    await this.#thread.terminate();
    for (const message of this.#isCommitting ? [] : undoAll([...this.#undos.values()].flat())) {
      this.#listeners.onLogged({ at: Date.now(), level: 'warning', message: this.#redactor.text(`Undoing what was written failed: ${message}`) });
    }
    this.#finish(outcome, {}, {});
  }

  #finish(outcome: Outcome, told: Partial<RunSummary>, kept: { readonly [node: NodeId]: KeptRows }): void {
    for (const { watchdog } of [this.#data, ...this.#instances.values()]) watchdog.stop();
    this.#kept = kept;
    for (const answer of this.#inspections.values()) answer();
    for (const answer of this.#checkpoints.values()) answer({ checkpoint: null, problem: null });
    this.#unlock();
    unlockOutputs(this.#outputLocks);
    const problems = told.problems ?? this.#summary.problems;
    this.#change({
      ...told,
      state: outcome.state,
      endedAt: Date.now(),
      problems: outcome.state === 'failed' ? [outcome.problem, ...problems].slice(0, keptProblems) : problems,
    });
  }

  #change(change: Partial<RunSummary>): void {
    this.#summary = { ...this.#summary, ...change };
    this.#listeners.onChanged(this.#summary);
  }

  #lost(problem: Problem): Promise<void> {
    return this.#terminate({ state: 'failed', problem });
  }

  #threadOf(instance: number | undefined): WatchedThread | undefined {
    return instance === undefined ? this.#data : this.#instances.get(instance);
  }

  #problemOfError(error: Error & { code?: string }, thread: WatchedThread): Problem {
    return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? this.#overMemory(thread) : { ...this.#redactor.data(problemOf(error)), ...placeIn(thread) };
  }

  #problemOfInstance({ instance, code, message }: Extract<ToControl, { readonly kind: 'instanceLost' }>): Problem {
    const thread = this.#threadOf(instance) ?? this.#data;
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') return this.#overMemory(thread, `Instance ${instance + 1}`);
    const text = `The thread of instance ${instance + 1} ended unexpectedly${message === '' ? '' : `: ${message}`}.`;
    return { code: 'run/lost', severity: 'error', message: text, hint: 'Run it again.', ...placeIn(thread) };
  }

  /** Where the process as a whole has too much, a thread in users' code is the likeliest cause. */
  #busiest(): WatchedThread {
    return [this.#data, ...this.#instances.values()].find(({ monitor }) => readMonitor(monitor).code >= 0) ?? this.#data;
  }

  #overMemory(thread: WatchedThread, who = 'The run'): Problem {
    return {
      code: 'run/memory',
      severity: 'error',
      message: `${who} needed more than ${memoryLimit()} MB of memory and was stopped.`,
      hint: 'Look for code that keeps or creates too much data, or for a node that holds all its rows, such as a sort or a join.',
      ...this.#holder(thread),
    };
  }

  /** Who may hold the memory: the node at work, but sources and sinks hold little, and the last straw may fall between nodes. */
  #holder(thread: WatchedThread): { readonly node?: NodeId; readonly field?: string } {
    const place = placeIn(thread);
    const isTransform = this.#job.plan.nodes.some(({ id, kind }) => id === place.node && kind === 'transform');
    return isTransform ? place : (onlyCode(thread.codes) ?? place);
  }
}

/** A thread in which rows flow. */
interface WatchedThread {
  readonly monitor: Monitor;
  /** By the numbers that the monitor has. */
  readonly nodes: readonly NodeId[];
  /** By the numbers that the monitor has. */
  readonly codes: Map<number, CodePlace>;
  readonly watchdog: Watchdog;
}

/** Whose code it is can be told where there is but one piece. */
function onlyCode(codes: ReadonlyMap<number, CodePlace>): CodePlace | undefined {
  return codes.size === 1 ? [...codes.values()][0] : undefined;
}

/** Where a thread is, or was when it ended. */
function placeIn({ monitor, nodes, codes }: WatchedThread): { readonly node?: NodeId; readonly field?: string } {
  const { node: index, code } = readMonitor(monitor);
  const node = nodes[index];
  return codes.get(code) ?? (node === undefined ? {} : { node });
}

function withPeaks(now: NonNullable<Snapshot['stateUse']>, before: RunSummary['stateUse']): NonNullable<RunSummary['stateUse']> {
  const { inMemory, onDisk } = now;
  return { ...now, mostInMemory: Math.max(inMemory, before?.mostInMemory ?? 0), mostOnDisk: Math.max(onDisk, before?.mostOnDisk ?? 0) };
}

function ended(): MillraceError {
  return new MillraceError({ code: 'run/ended', message: 'The run has ended, or is about to.' });
}

function ordinal(n: number): string {
  if (n % 100 >= 11 && n % 100 <= 13) return 'th';
  return ['th', 'st', 'nd', 'rd'][n % 10] ?? 'th';
}
