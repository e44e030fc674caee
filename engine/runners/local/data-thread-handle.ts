import { Worker } from 'node:worker_threads';
import { entryFile } from '../../processes/entries.ts';
import { memoryLimit } from './memory-limits.ts';
import { newMonitor } from './monitor.ts';
import type { ToControl, ToData } from './run-messages.ts';

/** Rows die young: less than this and they are copied before they die, more only costs memory. */
const youngMb = 32;
/** How long it is waited for what ends at once if anything of ours runs; longer where files that are still open cannot be removed. */
const endsWithinMs = process.platform === 'win32' ? 3000 : 250;

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

  /**
   * Ends it wherever it is; resolves to true when it is gone, its files and databases closed. To false where it is within a call that
   * is no JavaScript, such as a query: it runs nothing of ours any more, and goes with the process, which has to be killed.
   */
  async terminate(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, endsWithinMs, false);
    });
    const isGone = await Promise.race([this.#worker.terminate().then(() => true), late]);
    clearTimeout(timer);
    return isGone;
  }
}
