import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import type { EngineProcess } from '../processes/engine-process.ts';
import { Redactor } from '../processes/redaction.ts';
import { Client, problemOf } from '../protocol/connection.ts';
import type { LogLine, RunState, RunSummary } from '../protocol/messages.ts';
import { type CodePlace, type RunJob, type RunProtocol, type StopMode, startingSummary } from '../protocol/run-api.ts';
import { type BackOff, type Failure, pauseBefore, usualBackOff, worthOf } from './restart-policy.ts';

const keptLogLines = 2000;
const keptProblems = 100;
/** For the run's process to confirm that it is to stop, not for it to have stopped. */
const stopsWithinMs = 5000;

export interface KeeperOptions {
  readonly fork: () => EngineProcess;
  readonly backOff?: BackOff;
  /** The lineage of a state folder, see `SinkContext.lineage`: a run that starts from scratch begins a new one. */
  readonly lineage?: (stateFolder: string) => string | null;
}

/** One process that executes the run, from its start to its end or crash. */
interface Attempt {
  readonly process: EngineProcess;
  readonly client: Client<RunProtocol>;
  isOver: boolean;
  /** The users' code that was last seen running. */
  at: CodePlace | null;
}

/**
 * Keeps one run: starts its process, restarts it from the latest checkpoint after a crash, and records its messages. It belongs to no
 * window and no host; any number of them may attach to the same keeper.
 */
export class Keeper {
  readonly job: RunJob;
  readonly #options: KeeperOptions;
  readonly #backOff: BackOff;
  readonly #changed = new Set<(summary: RunSummary) => void>();
  readonly #logged = new Set<(line: LogLine) => void>();
  readonly #logs: LogLine[] = [];
  #summary: RunSummary;
  /** A run never ends before it has begun, even if this machine's clock is changed meanwhile. */
  readonly #clock: SteadyClock;
  #attempt: Attempt | null = null;
  #timer: NodeJS.Timeout | null = null;
  #restarts = 0;
  /** Restarts since the last checkpoint, and those of them that count against the limit. */
  #inARow = 0;
  #fruitless = 0;
  /** By node: rows that were in its output before this run. */
  #earlier: ReadonlyMap<string, number> | null = null;
  #asked: StopMode | null = null;
  #isPaused = false;
  readonly #lineageBefore: string | null;
  readonly #redactor: Redactor;

  constructor(job: RunJob, options: KeeperOptions) {
    this.job = job;
    this.#options = options;
    this.#redactor = new Redactor(Object.values(job.secrets ?? {}));
    this.#backOff = options.backOff ?? usualBackOff;
    this.#summary = startingSummary(job);
    this.#clock = new SteadyClock(
      () => Date.now(),
      () => performance.now(),
      this.#summary.startedAt,
    );
    this.#lineageBefore = this.#lineage();
  }

  get summary(): RunSummary {
    return this.#summary;
  }

  get logs(): readonly LogLine[] {
    return this.#logs;
  }

  get hasEnded(): boolean {
    return this.#summary.endedAt !== null;
  }

  /** Resolves when the run is in progress; `process` is one that was forked in advance, for a faster start. */
  async start(process?: EngineProcess): Promise<RunSummary> {
    this.#change({});
    await this.#launch(this.job, process);
    return this.#summary;
  }

  /** A run that has ended, or waits to be restarted, is stopped at once. */
  async stop(how: StopMode): Promise<void> {
    if (this.hasEnded) return;
    this.#asked = how;
    if (this.#timer) {
      this.#end('stopped');
      return;
    }
    const attempt = this.#attempt;
    try {
      await attempt?.client.request('stop', { how }, { answersWithinMs: stopsWithinMs });
    } catch (error) {
      const { code } = problemOf(error);
      // It has ended meanwhile, and is not started again.
      if (code === 'engine/gone') return;
      // A process that was suspended, or is stuck: ending it leaves the same state as cancelling.
      if (how !== 'cancel' || code !== 'engine/silent') throw error;
      attempt?.process.kill();
    }
  }

  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#running()?.client.request('pause', {});
  }

  async resume(): Promise<void> {
    this.#isPaused = false;
    await this.#running()?.client.request('resume', {});
  }

  async checkpoint(): Promise<{ readonly id: number }> {
    const attempt = this.#running();
    if (attempt) return attempt.client.request('checkpoint', {});
    throw new MillraceError({ code: 'run/not-running', message: 'The run has ended: there is nothing to make a checkpoint of.' });
  }

  async inspect(node: string, limit: number, port?: string) {
    if (this.#attempt) return this.#attempt.client.request('inspect', { node, limit, ...(port !== undefined && { port }) });
    throw new MillraceError({ code: 'run/forgotten', message: 'The rows of this run are no longer kept.', hint: 'Run the pipeline again.' });
  }

  onChanged(listener: (summary: RunSummary) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  onLogged(listener: (line: LogLine) => void): () => void {
    this.#logged.add(listener);
    return () => this.#logged.delete(listener);
  }

  /** A line of the keeper's own in the run's log. */
  log(level: LogLine['level'], message: string): void {
    this.#takeLine({ at: Date.now(), level, message });
  }

  /** Ends the process at once. What it has committed stays, and everything else is as it was before. */
  dispose(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#attempt) this.#attempt.isOver = true;
    this.#attempt?.process.kill();
  }

  async #launch(job: RunJob, prepared?: EngineProcess): Promise<void> {
    const process = prepared ?? this.#options.fork();
    const client = new Client<RunProtocol>(process.port);
    const attempt: Attempt = { process, client, isOver: false, at: null };
    this.#attempt = attempt;
    client.on('changed', (summary) => this.#take(attempt, summary));
    client.on('logged', (line) => this.#takeLine(line));
    client.on('at', (place) => {
      attempt.at = place;
    });
    process.onExit((_code, reason) => this.#died(attempt, this.#redactor.text(reason)));
    try {
      await client.request('start', job);
      if (this.#isPaused) await client.request('pause', {});
      if (this.#asked && this.#restarts > 0) await client.request('stop', { how: this.#asked });
    } catch (error) {
      const problem = problemOf(error);
      // The exit of a process reports that it is gone.
      if (problem.code !== 'engine/gone') this.#failed(attempt, { kind: 'failed', problem });
    }
  }

  #take(attempt: Attempt, said: RunSummary): void {
    if (attempt.isOver) return;
    const newer = said.checkpoint !== null && said.checkpoint.id > (this.#summary.checkpoint?.id ?? 0);
    if (newer) this.#inARow = this.#fruitless = 0;
    if (said.state === 'failed') {
      this.#failed(attempt, { kind: 'failed', problem: said.problems[0] ?? unexplained }, said);
      return;
    }
    if (said.endedAt !== null) attempt.isOver = true;
    const { startedAt, restarts, resumedFrom } = this.#summary;
    const isRestarted = this.#restarts > 0;
    const state = isRestarted && said.state === 'starting' ? 'restarting' : said.state;
    const { retryAt: _over, ...summary } = said;
    this.#earlier ??= said.outputs.length > 0 ? new Map(isRestarted ? [] : said.outputs.map(({ node, earlierRows }) => [node, earlierRows ?? 0])) : null;
    // An attempt knows what existed before it; the run, what existed before the first.
    const outputs = isRestarted ? said.outputs.map((output) => ({ ...output, earlierRows: this.#earlier?.get(output.node) ?? 0 })) : said.outputs;
    this.#set({
      ...summary,
      outputs,
      state,
      startedAt,
      endedAt: said.endedAt === null ? null : this.#clock.now(),
      restarts,
      resumedFrom: resumedFrom ?? (this.#summary.checkpoint === null ? said.resumedFrom : null),
      checkpoint: said.checkpoint ?? this.#summary.checkpoint,
    });
  }

  #died(attempt: Attempt, reason: string): void {
    if (this.#attempt === attempt) this.#attempt = null;
    if (attempt.isOver) return;
    const outOfMemory = reason.includes('out of memory');
    const problem = crashed(reason, this.job);
    this.#failed(attempt, { kind: 'died', outOfMemory }, undefined, outOfMemory ? { ...problem, ...attempt.at } : problem);
  }

  /** What follows a failed attempt: another one, or the end of the run. */
  #failed(attempt: Attempt, failure: Failure, said?: RunSummary, problem = failure.kind === 'failed' ? failure.problem : unexplained): void {
    if (attempt.isOver) return;
    attempt.isOver = true;
    const told = said ?? this.#summary;
    const problems = [problem, ...told.problems.filter((other) => other !== problem)].slice(0, keptProblems);
    const outputs = told.outputs.map((output) => (failure.kind === 'died' && !commitsOnItsWay(this.job) ? { ...output, committed: false } : output));
    const checkpoint = told.checkpoint ?? this.#summary.checkpoint;
    const change = { stats: told.stats, problems, outputs, checkpoint };
    if (this.#asked === 'cancel' && failure.kind === 'died') {
      this.#end('stopped', { ...change, problems: told.problems });
      return;
    }
    const hasWorked = checkpoint !== null || this.#summary.resumedFrom !== null || (said?.resumedFrom ?? null) !== null;
    // A drain that was cut off is completed; after other stops there is nothing left to do.
    const isStopping = this.#asked !== null && this.#asked !== 'drain';
    const worth = worthOf(this.job, failure, hasWorked);
    if (isStopping || worth === 'none') {
      this.#end('failed', change);
      return;
    }
    if (worth === 'some' && ++this.#fruitless > this.#backOff.limit) {
      const message = `The run failed ${this.#fruitless} times in a row without a new checkpoint, and is not restarted. ${problem.message}`;
      const hint = `${problem.hint ? `${problem.hint} ` : ''}When you start it again, it resumes from its last checkpoint.`;
      this.#end('failed', { ...change, problems: [{ ...problem, message, hint }, ...problems.slice(1)] });
      return;
    }
    attempt.process.kill();
    const wait = pauseBefore(problem, this.#inARow++, this.#backOff);
    this.#restarts++;
    this.#change({ ...change, state: 'restarting', restarts: this.#restarts, retryAt: Date.now() + wait });
    const where = problem.node === undefined ? '' : `"${problem.node}": `;
    const attempts = worth === 'some' ? ` (${this.#fruitless} of ${this.#backOff.limit})` : ', until it works';
    const when = `It is tried again in ${Math.max(0.1, wait / 1000).toFixed(1)} s${attempts}.`;
    this.log('warning', [`${where}${problem.message}`, when, problem.hint].filter(Boolean).join(' '));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#launch({ ...this.job, options: { ...this.job.options, from: this.#from() } });
    }, wait);
  }

  /**
   * An attempt that was cut off before it began must not resume from checkpoints that it was told to ignore; one that had begun must, even
   * if it could not report them.
   */
  #from(): RunJob['options']['from'] {
    const { from } = this.job.options;
    const hasBegun = this.#summary.checkpoint !== null || this.#summary.resumedFrom !== null || (from === 'scratch' && this.#lineage() !== this.#lineageBefore);
    return hasBegun ? 'latest' : from;
  }

  #lineage(): string | null {
    const { stateFolder } = this.job.options;
    return stateFolder === null ? null : (this.#options.lineage?.(stateFolder) ?? null);
  }

  #running(): Attempt | null {
    return this.#attempt && !this.#attempt.isOver ? this.#attempt : null;
  }

  #end(state: RunState, change: Partial<RunSummary> = {}): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#change({ ...change, state, endedAt: this.#clock.now() });
  }

  #change(change: Partial<RunSummary>): void {
    const { retryAt: _over, ...summary } = this.#summary;
    this.#set({ ...summary, ...change });
  }

  #set(summary: RunSummary): void {
    this.#summary = summary;
    for (const listener of this.#changed) listener(summary);
  }

  #takeLine(line: LogLine): void {
    this.#logs.push(line);
    if (this.#logs.length > keptLogLines) this.#logs.shift();
    for (const listener of this.#logged) listener(line);
  }
}

const unexplained: Problem = { code: 'run/failed', severity: 'error', message: 'The run failed without a reason.', hint: 'See its log.' };

function commitsOnItsWay(job: RunJob): boolean {
  return job.options.commits === 'checkpoint';
}

function crashed(reason: string, job: RunJob): Problem {
  return {
    code: 'engine/crashed',
    severity: 'error',
    message: `The run's process ended unexpectedly: ${reason}.`,
    hint: commitsOnItsWay(job)
      ? 'What its last checkpoint holds is written. When you start it again, the run resumes from there.'
      : 'Outputs are as they were before the run. Run it again; if it ran out of memory, look for code that keeps rows.',
  };
}
