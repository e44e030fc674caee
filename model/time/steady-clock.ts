/** How fast time passes while the wall clock is behind it. */
const slowedPace = 0.9;

/**
 * The wall clock, but never going back. If it is set back, time continues from where it was, a tenth slower, until the clock has caught up,
 * so that waiting for a time always ends. All in milliseconds.
 */
export class SteadyClock {
  readonly #wall: () => number;
  readonly #elapsed: () => number;
  #time: number;
  #since: number;

  /** `elapsed` comes from a monotonic clock. `from`: a time returned before, from which to continue. */
  constructor(wall: () => number, elapsed: () => number, from = Number.NEGATIVE_INFINITY) {
    this.#wall = wall;
    this.#elapsed = elapsed;
    this.#time = from;
    this.#since = elapsed();
  }

  /** Whole milliseconds since 1970; never less than before. */
  now(): number {
    const elapsed = this.#elapsed();
    this.#time = Math.max(this.#wall(), this.#time + (elapsed - this.#since) * slowedPace);
    this.#since = elapsed;
    return Math.floor(this.#time);
  }
}
