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

/** How much the rows and the users' code of a run may take, in MB. */
export function memoryLimit(): number {
  return Number(process.env['MILLRACE_RUN_MEMORY_MB']) || Math.min(4096, Math.floor(totalmem() / mebibyte / 2));
}

/** Whether the process holds so much that it is over the limit, whatever it consists of: V8 limits objects, but not buffers. */
export function isOverMemory(): boolean {
  return process.memoryUsage.rss() > (memoryLimit() + overheadMb) * mebibyte;
}

/** The data thread as its owner sees it. It waits for `start`. */
export class DataThread {
  readonly monitor = newMonitor();
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(entryFile('data-thread'), {
      workerData: { monitor: this.monitor },
      resourceLimits: { maxOldGenerationSizeMb: memoryLimit(), maxYoungGenerationSizeMb: youngMb },
    });
    // Kept until somebody listens: an error before the start must not end the process.
    this.#worker.on('error', () => {});
  }

  listen(listeners: { onMessage(message: ToControl): void; onError(error: Error & { code?: string }): void; onExit(): void }): void {
    this.#worker.on('message', listeners.onMessage);
    this.#worker.on('error', listeners.onError);
    this.#worker.on('exit', listeners.onExit);
  }

  post(message: ToData): void {
    this.#worker.postMessage(message);
  }

  /** Ends it wherever it is; resolves when it is gone, its files and databases closed. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
