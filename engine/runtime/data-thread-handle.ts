import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { entryFile } from '../threads.ts';
import { newMonitor } from './monitor.ts';
import type { ToControl, ToData } from './run-messages.ts';

const mebibyte = 1024 * 1024;
/** Rows die young: less than this and they are copied before they die, more only costs memory. */
const youngMb = 32;
/** What the process needs besides what is limited: its own code, buffers of files, caches of databases. */
const overheadMb = 512;

/** How much the rows and the users' code of a run may take, in MB. A limit that Node was started with holds for threads, too. */
export function memoryLimit(): number {
  const own = Number(process.env['MILLRACE_RUN_MEMORY_MB']) || Math.min(4096, Math.floor(totalmem() / mebibyte / 2));
  const flags = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' ');
  const nodes = Number(/--max[-_]old[-_]space[-_]size[= ](\d+)/.exec(flags)?.[1]) || own;
  return Math.min(own, nodes);
}

/** Whether the process holds so much that it is over the limit, whatever it consists of: V8 limits objects, but not buffers. */
export function isOverMemory(): boolean {
  return process.memoryUsage.rss() > (memoryLimit() + overheadMb) * mebibyte;
}

interface Listeners {
  onMessage(message: ToControl): void;
  onError(error: Error & { code?: string }): void;
  onExit(): void;
}

/** The data thread as its owner sees it. It waits for `start`. */
export class DataThread {
  readonly monitor = newMonitor();
  readonly #worker: Worker;
  /** How the thread ended, as long as nobody listened. */
  readonly #early: ((listeners: Listeners) => void)[] = [];
  #listeners: Listeners | null = null;

  constructor(threadFile = entryFile('data-thread')) {
    this.#worker = new Worker(threadFile, {
      workerData: { monitor: this.monitor },
      resourceLimits: { maxOldGenerationSizeMb: memoryLimit(), maxYoungGenerationSizeMb: youngMb },
    });
    this.#worker.on('message', (message: ToControl) => this.#listeners?.onMessage(message));
    this.#worker.on('error', (error: Error & { code?: string }) => this.#tell((listeners) => listeners.onError(error)));
    this.#worker.on('exit', () => this.#tell((listeners) => listeners.onExit()));
  }

  /** Tells of a thread that failed before, too: it may not even have loaded. */
  listen(listeners: Listeners): void {
    this.#listeners = listeners;
    for (const event of this.#early.splice(0)) event(listeners);
  }

  #tell(event: (listeners: Listeners) => void): void {
    if (this.#listeners) event(this.#listeners);
    else this.#early.push(event);
  }

  post(message: ToData): void {
    this.#worker.postMessage(message);
  }

  /** Ends it wherever it is; resolves when it is gone, its files and databases closed. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
