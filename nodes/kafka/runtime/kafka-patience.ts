/** Tries again what fails because a broker is away: with growing pauses, and a word to whoever watches. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunContext } from '@millrace/kit/node';
import type { KafkaClient } from './kafka-client.ts';
import { faultOf, passes } from './kafka-errors.ts';

const firstPauseMs = 20;
const longestPauseMs = 5000;
/** Pauses are drawn from half of it up, so that many clients do not come back at the same moment. */
const jitter = 0.5;
/** Short disturbances, such as a leader that moves, are nobody's concern. */
const quietMs = 1000;
/** What is missing right after a broker has come back may be there a moment later. */
const missingForMs = 10_000;

export class Patience {
  readonly #client: KafkaClient;
  readonly #signal: AbortSignal;
  readonly #context: Pick<RunContext, 'waits' | 'log'>;
  readonly #waitsAtStart: boolean;
  #hasWorked = false;
  #isWaiting = false;

  /** `waitsAtStart`: also for brokers that were never there, as a run without end does that is started before them. */
  constructor(client: KafkaClient, signal: AbortSignal, context: Pick<RunContext, 'waits' | 'log'>, { waitsAtStart = false } = {}) {
    this.#client = client;
    this.#signal = signal;
    this.#context = context;
    this.#waitsAtStart = waitsAtStart;
  }

  /**
   * Does it, as often as it takes once something has worked, or where brokers are waited for; before that, only what passes within seconds is
   * waited for. Rejects with a
   * MillraceError where trying again would not help, and when the signal fires.
   */
  async of<T>(what: () => Promise<T>): Promise<T> {
    const since = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await what();
        this.#hasWorked = true;
        this.#settle();
        return result;
      } catch (error) {
        if (this.#signal.aborted || this.#client.isClosed) throw this.#client.problem(error);
        const lasted = performance.now() - since;
        if (!this.#mayPass(error, lasted)) {
          this.#settle();
          throw this.#client.problem(error);
        }
        if (lasted > quietMs) this.#tell(attempt, error);
        const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
        await sleep(pause * (1 - jitter * Math.random()), undefined, { signal: this.#signal }).catch(() => {});
      }
    }
  }

  #mayPass(error: unknown, lastedMs: number): boolean {
    const { answers, codes } = faultOf(error);
    if (answers.has('UNKNOWN_TOPIC_OR_PARTITION')) return this.#hasWorked && lastedMs < missingForMs;
    if (!passes(error)) return false;
    if (this.#hasWorked) return true;
    // A name that nobody knows is more likely wrong than early.
    if (this.#waitsAtStart && answers.size === 0) return !codes.has('ENOTFOUND') && !codes.has('EAI_AGAIN');
    return answers.size > 0 && lastedMs < missingForMs;
  }

  #tell(attempt: number, error: unknown): void {
    this.#context.waits?.(`reconnecting, attempt ${attempt}`);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#context.log('warning', `${this.#client.problem(error).problem.message} Trying again until it answers.`);
  }

  #settle(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#context.waits?.(null);
    this.#context.log('info', 'Connected again.');
  }
}
