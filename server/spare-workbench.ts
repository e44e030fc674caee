import type { EngineProcess } from '../engine/processes/engine-process.ts';

/** A page that was loaded without the token connects never. */
const wantedWithinMs = 30_000;

/** The workbench of a window whose page is being loaded: it starts meanwhile. At most one, whoever loads pages. */
export class SpareWorkbench {
  readonly #fork: () => EngineProcess;
  #process: EngineProcess | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(fork: () => EngineProcess) {
    this.#fork = fork;
  }

  prepare(): void {
    if (this.#process) return;
    const process = this.#fork();
    this.#process = process;
    process.onExit(() => {
      if (this.#process === process) this.take();
    });
    this.#timer = setTimeout(() => this.end(), wantedWithinMs).unref();
  }

  /** Null where there is none. */
  take(): EngineProcess | null {
    clearTimeout(this.#timer);
    const process = this.#process;
    this.#process = null;
    return process;
  }

  end(): void {
    this.take()?.end();
  }
}
