import { type Entry, entryFile } from './entries.ts';
import { Redactor } from './redaction.ts';
import { WorkerEnded, WorkerProcess } from './worker-process.ts';

export interface PoolOptions<Job = unknown> {
  /** Texts of a job that must not be in what is said of its end: the last words of a process are its own. */
  readonly secrets?: (job: Job) => { readonly [reference: string]: string } | undefined;
  /** The entry of the process, or the path of its file. */
  readonly entry: Entry | { readonly file: string };
  /** How long a job may take, in ms. */
  readonly limitMs: number;
  /** The memory that the process may use (its resident set, not only V8's heap), in MB. */
  readonly memoryMb: number;
  /** The maximum number of processes; 1 by default. A job waits for a busy one for a moment before another one is started. */
  readonly most?: number;
  /** A process without a job for this long is ended, in ms. */
  readonly idleMs?: number;
}

export interface RunOptions {
  /** Rejects with a WorkerEnded of reason `cancelled`, at once. */
  readonly signal?: AbortSignal;
  /** For how long a cancelled job may continue before its process is killed, in ms: a warm process is worth keeping. */
  readonly graceMs?: number;
  /** The progress that the job reports. */
  readonly onProgress?: (progress: unknown) => void;
}

interface Waiting {
  readonly job: unknown;
  readonly graceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: unknown) => void) | undefined;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Shorter than a process takes to start. */
const patienceMs = 100;
const defaultIdleMs = 60_000;

/**
 * Runs jobs in processes of their own, which have limits of time and memory and can be killed whatever they are doing. A process has one
 * job at a time, so what happens to one job affects no other.
 */
export class WorkerPool<Job, Result> {
  readonly #options: PoolOptions<Job>;
  readonly #processes = new Set<WorkerProcess>();
  readonly #queue: Waiting[] = [];
  readonly #idle = new Map<WorkerProcess, NodeJS.Timeout>();
  #more: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PoolOptions<Job>) {
    this.#options = options;
  }

  get memoryMb(): number {
    return this.#options.memoryMb;
  }

  get limitMs(): number {
    return this.#options.limitMs;
  }

  /** Starts a process ahead of the first job. */
  prepare(): void {
    if (this.#processes.size === 0 && !this.#closed) this.#add();
  }

  /** Rejects with the MillraceError that the job threw, or with a WorkerEnded. */
  run(job: Job, { signal, graceMs = 0, onProgress }: RunOptions = {}): Promise<Result> {
    if (this.#closed || signal?.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.#queue.indexOf(waiting);
        if (at !== -1) this.#queue.splice(at, 1);
        reject(cancelled());
      };
      signal?.addEventListener('abort', leave, { once: true });
      const left = () => signal?.removeEventListener('abort', leave);
      const waiting: Waiting = {
        job,
        graceMs,
        signal,
        onProgress,
        resolve(result) {
          left();
          resolve(result as Result);
        },
        reject(error) {
          left();
          reject(error);
        },
      };
      this.#queue.push(waiting);
      this.#next();
    });
  }

  /** Ends all processes; jobs are rejected as cancelled. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#more);
    for (const timer of this.#idle.values()) clearTimeout(timer);
    for (const { reject } of this.#queue.splice(0)) reject(cancelled());
    for (const process of this.#processes) process.kill(cancelled());
  }

  #next(): void {
    clearTimeout(this.#more);
    const [next] = this.#queue;
    if (this.#closed || !next) return;
    const free = [...this.#processes].find((process) => !process.isBusy);
    if (free) {
      this.#queue.shift();
      void this.#do(next, free);
      this.#next();
    } else if (this.#processes.size === 0) {
      this.#add();
      this.#next();
    } else if (this.#processes.size < (this.#options.most ?? 1)) {
      this.#more = setTimeout(() => {
        if (this.#queue.length > 0) this.#add();
        this.#next();
      }, patienceMs);
    }
  }

  async #do({ job, signal, graceMs, onProgress, resolve, reject }: Waiting, process: WorkerProcess): Promise<void> {
    clearTimeout(this.#idle.get(process));
    let grace: NodeJS.Timeout | undefined;
    const cancel = () => {
      grace = setTimeout(() => process.kill(cancelled()), graceMs);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      resolve(await process.run(job, this.#options.limitMs, onProgress));
    } catch (error) {
      const redactor = new Redactor(Object.values(this.#options.secrets?.(job as Job) ?? {}));
      reject(redactor.error(error as Error));
    } finally {
      clearTimeout(grace);
      signal?.removeEventListener('abort', cancel);
      if (this.#processes.has(process)) {
        const idle = setTimeout(() => process.kill(cancelled()), this.#options.idleMs ?? defaultIdleMs);
        this.#idle.set(process, idle.unref());
      }
      this.#next();
    }
  }

  #add(): void {
    const { entry, memoryMb } = this.#options;
    const process: WorkerProcess = new WorkerProcess(typeof entry === 'string' ? entryFile(entry) : entry.file, memoryMb, () => {
      clearTimeout(this.#idle.get(process));
      this.#idle.delete(process);
      this.#processes.delete(process);
      this.#next();
    });
    this.#processes.add(process);
  }
}

function cancelled(): WorkerEnded {
  return new WorkerEnded('cancelled', 'it was cancelled');
}
