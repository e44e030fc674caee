/** What becomes of an error of the server: it is waited out, with growing pauses and a word to whoever watches, or thrown. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunContext } from '@millrace/kit/node';
import { behaviourOf } from '../../../model/problems/behaviour-of.ts';
import { MillraceError } from '../../../model/problems/problem.ts';

const firstPauseMs = 50;
const longestPauseMs = 5000;
/** Pauses are drawn from half of it up, so that many clients do not come back at the same moment. */
const jitter = 0.5;
/** Short disturbances are nobody's concern. */
const quietMs = 1000;

/** Whether an error says that the other side is away. */
export function isAway(error: unknown): boolean {
  return error instanceof MillraceError && ['not-connected', 'transient'].includes(behaviourOf(error.problem));
}

type Context = Pick<RunContext, 'signal' | 'log' | 'waits'>;

export class Patience {
  readonly #context: Context;
  #attempt = 0;
  #since = 0;
  #isTold = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** How long nothing has worked, in milliseconds. */
  get lasted(): number {
    return this.#attempt === 0 ? 0 : performance.now() - this.#since;
  }

  /** Resolves when it is time to try again. Throws the error if that would not help: `mayPass` says so of one that is no lost connection. */
  async after(error: unknown, mayPass: (error: unknown) => boolean = () => false): Promise<void> {
    if (!isAway(error) && !mayPass(error)) {
      this.settle();
      throw error;
    }
    if (this.#attempt++ === 0) this.#since = performance.now();
    if (this.lasted > quietMs) this.#tell(error);
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#attempt - 1, 10));
    await sleep(pause * (1 - jitter * Math.random()), undefined, { signal: this.#context.signal }).catch(() => {});
  }

  /** It works again. */
  settle(): void {
    this.#attempt = 0;
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#context.waits?.(null);
    this.#context.log('info', 'Connected again.');
  }

  #tell(error: unknown): void {
    this.#context.waits?.(`reconnecting, attempt ${this.#attempt}`);
    if (this.#isTold) return;
    this.#isTold = true;
    this.#context.log('warning', `${error instanceof Error ? error.message : String(error)} Trying again until it answers.`);
  }
}
