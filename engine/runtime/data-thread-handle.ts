import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { entryFile } from '../threads.ts';
import { newMonitor } from './monitor.ts';
import type { ToControl, ToData } from './run-messages.ts';

const mebibyte = 1024 * 1024;

/** How much the rows and the users' code of a run may take, in MB. */
export function memoryLimit(): number {
  return Number(process.env['MILLRACE_RUN_MEMORY_MB']) || Math.min(4096, Math.floor(totalmem() / mebibyte / 2));
}

/** The data thread as its owner sees it. It waits for `start`. */
export class DataThread {
  readonly monitor = newMonitor();
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(entryFile('data-thread'), {
      workerData: { monitor: this.monitor },
      resourceLimits: { maxOldGenerationSizeMb: memoryLimit() },
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
