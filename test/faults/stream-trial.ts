/** A pipeline that goes on until it is stopped, run by the real command line with a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPipeline } from '../../engine/document/file.ts';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import type { Json } from '../../engine/schema/types.ts';
import { stateFolder } from '../../engine/store/data-folder.ts';
import { RunHistoryStore } from '../../engine/store/run-history.ts';
import { entryFile } from '../../engine/threads.ts';
import { type RunResult, millrace as startedMillrace } from '../command-line.ts';
import { Trial } from './trial.ts';

export type Nodes = { readonly [id: string]: readonly [type: string, params?: { readonly [name: string]: Json }, onError?: PipelineNode['onError']] };
type Env = { readonly [name: string]: string };

const fileName = 'stream.millrace.json';
/** The exit code of a run that Ctrl+C has stopped with a checkpoint. */
const stopped = 130;

export class StreamTrial extends Trial {
  readonly data = this.at('data');
  readonly #runs: StreamRun[] = [];

  /** Where the checkpoints of the pipeline are. */
  state(name = fileName): string {
    return stateFolder(this.data, this.at(name));
  }

  checkpoints(name = fileName): string[] {
    if (!existsSync(this.state(name))) return [];
    const number = (file: string) => Number(/\d+/.exec(file)?.[0]);
    const files = readdirSync(this.state(name)).filter((file) => /^checkpoint-\d+\.millrace$/.test(file));
    return files.sort((a, b) => number(a) - number(b)).map((file) => join(this.state(name), file));
  }

  /** `edges`: `a -> b`, or with ports `a.late -> b.rows`. */
  pipeline(nodes: Nodes, edges: readonly string[], name = fileName): void {
    const end = (text: string) => {
      const [node = '', port = 'rows'] = text.trim().split('.');
      return { node, port };
    };
    const pipeline = {
      name: name.replace('.millrace.json', ''),
      parameters: {},
      nodes: Object.fromEntries(
        Object.entries(nodes).map(([id, [type, params = {}, onError]]) => [id, { type, typeVersion: 1, params, ...(onError && { onError }) }]),
      ),
      edges: edges.map((edge) => {
        const [from = '', to = ''] = edge.split('->');
        return { from: end(from), to: end(to) };
      }),
      layout: {},
    };
    this.write(name, formatPipeline(pipeline));
  }

  append(name: string, text: string): void {
    appendFileSync(this.at(name), text);
  }

  lines(name: string): string[] {
    return existsSync(this.at(name)) ? readFileSync(this.at(name), 'utf8').split('\n').slice(0, -1) : [];
  }

  json(name: string): Record<string, Json>[] {
    return this.lines(name).map((line) => JSON.parse(line));
  }

  /** A command to its end. `all` is what it said on both streams. */
  async millrace(args: readonly string[], env: Env = {}) {
    const { code, output, errors } = await startedMillrace(args, this.folder, { MILLRACE_DATA: this.data, ...env });
    return { code, output, errors, all: output + errors };
  }

  /** `millrace run` to its end, for pipelines that end or are refused. */
  async runs(options: readonly string[] = [], env: Env = {}): Promise<{ readonly code: number | null; readonly result: RunResult; readonly errors: string }> {
    const { code, output, errors } = await this.millrace(['run', fileName, '--json', ...options], env);
    try {
      return { code, result: JSON.parse(output) as RunResult, errors };
    } catch {
      throw new Error(`It ended with code ${code} and no summary:\n${output}\n${errors}`);
    }
  }

  /** The last run as the history has it. */
  summary(name = fileName): RunSummary {
    const store = RunHistoryStore.open(this.data);
    try {
      const found = store.runs().find(({ path }) => path === this.at(name));
      if (!found) throw new Error(`No run of ${name} is remembered.`);
      return found;
    } finally {
      store.close();
    }
  }

  /** `millrace run`, to be stopped or killed. */
  start(options: readonly string[] = [], env: Env = {}, name = fileName): StreamRun {
    const run = new StreamRun(this, name, ['run', name, '--checkpoint-every', '100ms', ...options], env);
    this.#runs.push(run);
    return run;
  }

  async close(): Promise<void> {
    for (const run of this.#runs) await run.kill();
    this.remove();
  }
}

export class StreamRun {
  readonly #trial: StreamTrial;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  /** What it said, on both streams. */
  words = '';

  constructor(trial: StreamTrial, name: string, args: readonly string[], env: Env) {
    this.#trial = trial;
    this.#name = name;
    this.#child = spawn(process.execPath, [entryFile('cli'), ...args], {
      cwd: trial.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MILLRACE_DATA: trial.data, ...env },
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.words += text;
      });
    }
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the exit code. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  /** Waits until something is true; fails where the run ends before, or it takes too long. */
  async until(isTrue: () => boolean, mostMs = 180_000): Promise<void> {
    const deadline = Date.now() + mostMs;
    while (!isTrue()) {
      if (!this.isAlive) throw new Error(`The run ended: ${this.words}`);
      if (Date.now() > deadline) throw new Error(`Not within ${mostMs / 1000} s. ${this.words}`);
      await sleep(20);
    }
  }

  says(words: RegExp, mostMs?: number): Promise<void> {
    return this.until(() => words.test(this.words), mostMs);
  }

  /** How it ended: with a checkpoint, as Ctrl+C stops it; or, where it is to be drained, as the command does. */
  async stop(...how: readonly string[]): Promise<RunSummary> {
    if (how.length > 0) return this.stopByCommand(...how);
    this.#child.kill('SIGINT');
    const code = await this.#exited;
    if (code !== stopped) throw new Error(`It ended with code ${code}: ${this.words}`);
    return this.#trial.summary(this.#name);
  }

  /** `millrace runs stop`, and how it ended. */
  async stopByCommand(...how: readonly string[]): Promise<RunSummary> {
    const { code, all } = await this.#trial.millrace(['runs', 'stop', this.#name, ...how]);
    if (code !== 0) throw new Error(`It could not be stopped: ${all}\n${this.words}`);
    await this.#exited;
    return this.#trial.summary(this.#name);
  }

  /** All processes of it, at once. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
    await this.#exited;
  }
}

/** A port that is free now, and of those that the system gives to nobody by itself: it stays free until somebody asks for it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
