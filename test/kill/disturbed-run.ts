/** A run of the command line in a process group of its own, to be killed in whole or in part. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type FSWatcher, mkdirSync, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryFile } from '../../engine/processes/entries.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { millrace } from '../command-line.ts';

export class DisturbedRun {
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: readonly string[];
  #child: ChildProcess | null = null;
  #exited: Promise<number | null> = Promise.resolve(null);
  /** What it said on stderr, of all starts. */
  words = '';

  constructor(file: string, dataFolder: string, options: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#file = file;
    this.#options = options;
    this.#env = { ...process.env, MILLRACE_DATA: dataFolder, ...env };
  }

  get isAlive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(...more: readonly string[]): void {
    const child = spawn(process.execPath, [entryFile('cli'), 'run', this.#file, ...this.#options, ...more], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: this.#env,
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.words += text;
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('close', resolve));
  }

  /** The exit code; null where it was killed. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  /** As Ctrl+C. */
  interrupt(): void {
    if (this.isAlive) this.#child!.kill('SIGINT');
  }

  async killGroup(): Promise<void> {
    if (!this.isAlive) return;
    process.kill(-this.#child!.pid!, 'SIGKILL');
    await this.#exited;
  }

  /** Kills the run's own process; the one that keeps it is to start it again. False where there is none just now. */
  killRun(): boolean {
    const pid = this.runPid();
    if (pid === null) return false;
    try {
      process.kill(pid, 'SIGKILL');
      return true;
    } catch {
      return false;
    }
  }

  runPid(): number | null {
    if (!this.isAlive) return null;
    const parent = this.#child!.pid!;
    try {
      const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
      const found = children.find((pid) => / run$/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0/g, ' ').trim()));
      return found === undefined ? null : Number(found);
    } catch {
      return null;
    }
  }

  /** With a checkpoint, or as told. */
  async stop(...how: readonly string[]): Promise<void> {
    const { code, output, errors } = await this.#millrace('runs', 'stop', this.#file, ...how);
    if (code !== 0) throw new Error(`It could not be stopped: ${output}${errors}`);
  }

  /** Rows that a node has put out since the run was first started; 0 while it does not run. */
  async rowsOut(node: string): Promise<number> {
    const { output } = await this.#millrace('runs', '--json');
    const run = (JSON.parse(output || '[]') as RunSummary[]).find(({ endedAt }) => endedAt === null);
    return run?.stats[node]?.out['rows'] ?? 0;
  }

  #millrace(...words: readonly string[]) {
    return millrace(words, dirname(this.#file), this.#env);
  }
}

/** Resolves when something in a folder whose name matches comes or goes, or after so long. */
export async function whenTouched(folder: string, name: RegExp, mostMs: number): Promise<boolean> {
  mkdirSync(folder, { recursive: true });
  let watcher: FSWatcher | null = null;
  try {
    return await Promise.race([
      new Promise<true>((resolve) => {
        watcher = watch(folder, (_, file) => {
          if (file !== null && name.test(file)) resolve(true);
        });
      }),
      sleep(mostMs, false),
    ]);
  } finally {
    (watcher as FSWatcher | null)?.close();
  }
}

/** Waits until something is true; fails with `what` where it takes too long, also on a slow machine. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string, mostMs = 180_000): Promise<void> {
  const deadline = Date.now() + mostMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${mostMs / 1000} s: ${what()}`);
    await sleep(20);
  }
}
