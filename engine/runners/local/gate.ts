/**
 * Keeps rows from moving: closed for a checkpoint, which waits for what is under way, or shut while the run is paused. Who
 * pushes rows asks `isOpen` first, and encloses whatever does not end at once in `enter` and `leave`.
 */
export class Gate {
  #closed = 0;
  #isPaused = false;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #closing: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#closed === 0 && !this.#isPaused;
  }

  get isClosed(): boolean {
    return this.#closed > 0;
  }

  enter(): void {
    this.#inside++;
  }

  leave(): void {
    this.#inside--;
    if (this.#inside === 0) for (const done of this.#closing.splice(0)) done();
  }

  /** Resolves when nothing is inside; each call wants one of `open`. */
  async close(): Promise<void> {
    this.#closed++;
    while (this.#inside > 0) await new Promise<void>((resolve) => this.#closing.push(resolve));
  }

  open(): void {
    this.#closed--;
    this.wake();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.wake();
  }

  /** Who waits looks again. */
  wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when the gate is open or `wake` was called: look again. */
  async passed(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
