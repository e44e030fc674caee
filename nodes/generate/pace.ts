const tickMs = 50;

/** Hands out rows at an even rate. */
export class Pace {
  readonly #rate: number;
  readonly #signal: AbortSignal;
  readonly #started = performance.now();
  #dealt = 0;
  #timer: NodeJS.Timeout | null = null;
  #wake: (() => void) | null = null;

  /** `rate` in rows a second. */
  constructor(rate: number, signal: AbortSignal) {
    this.#rate = rate;
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** Waits until at least one row is due; returns how many are, at most `most`. 0 once it was stopped. */
  async next(most: number): Promise<number> {
    for (;;) {
      if (this.#signal.aborted) return 0;
      // The first row is due at once, the second after one interval.
      const due = Math.floor(((performance.now() - this.#started) / 1000) * this.#rate) + 1 - this.#dealt;
      if (due > 0) {
        const rows = Math.min(due, most);
        this.#dealt += rows;
        return rows;
      }
      const waitMs = Math.max(tickMs, ((this.#dealt / this.#rate) * 1000 - (performance.now() - this.#started)) | 0);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#timer = setTimeout(resolve, waitMs);
      });
    }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#stop();
  }

  #stop = (): void => {
    if (this.#timer) clearTimeout(this.#timer);
    this.#wake?.();
  };
}
