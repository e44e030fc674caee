import { Client } from '../protocol/connection.ts';
import type { LogLine, RunSummary } from '../protocol/messages.ts';
import { type RunControl, type RunJob, type RunProtocol, type StopMode, startingSummary } from '../protocol/run-api.ts';
import { MillraceError } from '../schema/problem.ts';
import type { EngineProcess } from './engine-process.ts';

/** Ended runs whose processes are kept, so that their inspect sinks can still be looked at. */
const keptProcesses = 3;
const keptRuns = 50;
const keptLogLines = 2000;

interface Run {
  summary: RunSummary;
  process: EngineProcess | null;
  client: Client<RunProtocol> | null;
  readonly logs: LogLine[];
}

/**
 * Starts and watches run processes, one per running pipeline. Plain Node: how to fork is given. Runs belong to the host, not to a
 * window: they go on when an editor closes and are listed when it comes back.
 */
export class Supervisor implements RunControl {
  readonly #fork: () => EngineProcess;
  readonly #runs = new Map<string, Run>();
  readonly #changed = new Set<(summary: RunSummary) => void>();
  readonly #logged = new Set<(runId: string, line: LogLine) => void>();
  #spare: EngineProcess | null = null;

  constructor(options: { readonly fork: (role: 'run') => EngineProcess }) {
    this.#fork = () => options.fork('run');
  }

  /** Forks a process ahead of the next `start`, which then begins sooner. */
  prepare(): void {
    if (this.#spare) return;
    const spare = this.#fork();
    this.#spare = spare;
    spare.onExit(() => {
      if (this.#spare === spare) this.#spare = null;
    });
  }

  async start(job: RunJob): Promise<RunSummary> {
    const process = this.#spare ?? this.#fork();
    this.#spare = null;
    const client = new Client<RunProtocol>(process.port);
    const summary = startingSummary(job);
    const run: Run = { summary, process, client, logs: [] };
    this.#runs.set(job.id, run);
    client.on('changed', (changed) => this.#change(run, changed));
    client.on('logged', (line) => {
      run.logs.push(line);
      if (run.logs.length > keptLogLines) run.logs.shift();
      for (const listener of this.#logged) listener(job.id, line);
    });
    process.onExit((_code, reason) => this.#exited(run, reason));
    this.#forgetOld();
    this.#change(run, summary);
    await client.request('start', job);
    return run.summary;
  }

  async stop(runId: string, how: StopMode): Promise<void> {
    const run = this.#find(runId);
    if (!hasEnded(run.summary)) await run.client?.request('stop', { how });
  }

  async pause(runId: string): Promise<void> {
    await this.#find(runId).client?.request('pause', {});
  }

  async resume(runId: string): Promise<void> {
    await this.#find(runId).client?.request('resume', {});
  }

  /** Newest first. */
  async list(): Promise<readonly RunSummary[]> {
    return [...this.#runs.values()].map((run) => run.summary).reverse();
  }

  async logs(runId: string): Promise<readonly LogLine[]> {
    return this.#find(runId).logs;
  }

  async inspect(runId: string, node: string, limit: number) {
    const run = this.#find(runId);
    if (!run.client) throw new MillraceError({ code: 'run/forgotten', message: 'The rows of this run are no longer kept.', hint: 'Run the pipeline again.' });
    return run.client.request('inspect', { node, limit });
  }

  onChanged(listener: (summary: RunSummary) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  onLogged(listener: (runId: string, line: LogLine) => void): () => void {
    this.#logged.add(listener);
    return () => this.#logged.delete(listener);
  }

  get hasRunning(): boolean {
    return [...this.#runs.values()].some((run) => !hasEnded(run.summary));
  }

  /** Ends every process at once; runs under way leave their outputs as they were. */
  dispose(): void {
    this.#spare?.kill();
    for (const run of this.#runs.values()) run.process?.kill();
  }

  #change(run: Run, summary: RunSummary): void {
    run.summary = summary;
    for (const listener of this.#changed) listener(summary);
  }

  #exited(run: Run, reason: string): void {
    run.process = null;
    run.client = null;
    if (hasEnded(run.summary)) return;
    const problem = {
      code: 'engine/crashed',
      severity: 'error' as const,
      message: `The run's process ended unexpectedly: ${reason}.`,
      hint: 'Outputs are as they were before the run. Run it again; if it ran out of memory, look for code that keeps rows.',
    };
    const outputs = run.summary.outputs.map((output) => ({ ...output, committed: false }));
    this.#change(run, { ...run.summary, state: 'failed', endedAt: Date.now(), problems: [...run.summary.problems, problem], outputs });
  }

  #find(runId: string): Run {
    const run = this.#runs.get(runId);
    if (!run) throw new MillraceError({ code: 'run/unknown', message: `There is no run "${runId}".`, hint: 'It may be from before Millrace was started.' });
    return run;
  }

  #forgetOld(): void {
    const ended = [...this.#runs.entries()].filter(([, run]) => hasEnded(run.summary));
    for (const [, run] of ended.slice(0, Math.max(0, ended.length - keptProcesses + 1))) run.process?.kill();
    for (const [id] of ended.slice(0, Math.max(0, this.#runs.size - keptRuns))) this.#runs.delete(id);
  }
}

function hasEnded(summary: RunSummary): boolean {
  return summary.state === 'done' || summary.state === 'failed' || summary.state === 'stopped';
}
