/** The outer side of a worker process: see serve.ts for the inner one. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { nodeBinary, nodeEnvironment } from './fork-node.ts';
import { findLastWords, type LastWords, type StopReason } from './last-words.ts';

export interface JobMessage {
  readonly job: unknown;
  readonly limitMs: number;
}
export type Reply = { readonly result: unknown } | { readonly problem: Problem } | { readonly progress: unknown };

/** A job ended without an answer. */
export class WorkerEnded extends Error {
  /** `cancelled` by the caller; `crashed` for every unintended cause: the message says what is known about it. */
  readonly reason: StopReason | 'cancelled' | 'crashed';
  /** What the job was doing when a limit stopped it. */
  readonly activity: readonly number[];
  readonly notes: readonly unknown[];

  constructor(reason: WorkerEnded['reason'], message: string, words?: LastWords) {
    super(message);
    this.reason = reason;
    this.activity = words?.activity ?? [];
    this.notes = words?.notes ?? [];
  }
}

const stderrTail = 16_384;
/** The guard in the process stops a job at its limit. If it does not, as when the process cannot even start, the process is killed from here. */
const startMs = 30_000;

/** One process, for one job at a time. While it has none, it keeps no process alive. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #memoryMb: number;
  #stderr = '';
  #waiting: { resolve(result: unknown): void; reject(error: Error): void; onProgress?: ((progress: unknown) => void) | undefined } | null = null;
  #timer: NodeJS.Timeout | undefined;
  #onEnd: (() => void) | null;

  /** `file` calls `serveJobs`. `onEnd` is called once, when the process ends or is to end, after the current job was rejected. */
  constructor(file: string, memoryMb: number, onEnd: () => void) {
    this.#memoryMb = memoryMb;
    this.#onEnd = onEnd;
    const binary = nodeBinary();
    this.#child = fork(file, [String(memoryMb)], {
      execPath: binary,
      // The heap may take all of the memory: so the guard, which says what took it, acts first.
      execArgv: [`--max-old-space-size=${memoryMb}`, '--expose-gc', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: nodeEnvironment(binary),
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrTail);
      if (process.env['MILLRACE_DEBUG']) process.stderr.write(text);
    });
    this.#child.on('message', (reply: Reply) => this.#take(reply));
    this.#child.on('error', (error) => this.#end(new WorkerEnded('crashed', error.message)));
    // Not at `exit`: its last words may still arrive.
    this.#child.on('close', (code, signal) => this.#end(this.#cause(code, signal)));
    this.#unref();
  }

  get isBusy(): boolean {
    return this.#waiting !== null;
  }

  /** Rejects with a MillraceError that the job threw, or a WorkerEnded. */
  run(job: unknown, limitMs: number, onProgress?: (progress: unknown) => void): Promise<unknown> {
    this.#child.ref();
    this.#child.channel?.ref();
    this.#timer = setTimeout(() => this.kill(new WorkerEnded('time', 'it did not answer')), limitMs + startMs);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, onProgress };
      const message: JobMessage = { job, limitMs };
      this.#child.send(message as object, (error) => {
        if (error) this.kill(new WorkerEnded('crashed', error.message));
      });
    });
  }

  /** The current job, if any, is rejected with `cause` at once. */
  kill(cause: WorkerEnded): void {
    // A process that waits for a disk may end only later, or never: nothing waits for it.
    this.#child.kill('SIGKILL');
    this.#end(cause);
  }

  #take(reply: Reply): void {
    if ('progress' in reply) {
      this.#waiting?.onProgress?.(reply.progress);
      return;
    }
    const waiting = this.#settle();
    if ('problem' in reply) waiting?.reject(new MillraceError(reply.problem));
    else waiting?.resolve(reply.result);
  }

  #end(cause: WorkerEnded): void {
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    this.#settle()?.reject(cause);
    onEnd?.();
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = null;
    clearTimeout(this.#timer);
    this.#unref();
    return waiting;
  }

  #unref(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as Socket | null)?.unref();
  }

  #cause(code: number | null, signal: string | null): WorkerEnded {
    const words = findLastWords(this.#stderr);
    if (words) return new WorkerEnded(words.reason, `it was stopped at its limit of ${words.reason}`, words);
    // Faster than the guard's checks: a single allocation that exceeds the limit.
    if (/heap out of memory|Allocation failed|ERR_WORKER_OUT_OF_MEMORY/.test(this.#stderr)) {
      return new WorkerEnded('memory', `it needed more than ${this.#memoryMb} MB`);
    }
    const how = signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
    const last = this.#stderr.trim().split('\n').at(-1);
    return new WorkerEnded('crashed', last ? `${how} (${last})` : how);
  }
}
