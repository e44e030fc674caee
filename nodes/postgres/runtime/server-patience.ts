/** Waits for a server that is away: with growing pauses, and a word to whoever watches. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunContext } from '@millrace/kit/node';
import { behaviourOf } from '../../../model/problems/behaviour-of.ts';
import { MillraceError } from '../../../model/problems/problem.ts';

const firstPauseMs = 50;
const longestPauseMs = 5000;
/** Pauses are drawn from half of it up, so that many clients do not come back at the same moment. */
const jitter = 0.5;

/** Whether an error says that the other side is away. */
export function isAway(error: unknown): boolean {
  return error instanceof MillraceError && ['not-connected', 'transient'].includes(behaviourOf(error.problem));
}

/** Does it until the server is there again. Rejects with anything else, and when the signal fires. `error` is why it is tried. */
export async function reconnected<T>(what: () => Promise<T>, error: unknown, { signal, waits, log }: Pick<RunContext, 'signal' | 'waits' | 'log'>): Promise<T> {
  log('warning', `${(error as Error).message} Trying again until it answers.`);
  try {
    for (let attempt = 1; ; attempt++) {
      waits?.(`reconnecting, attempt ${attempt}`);
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
      await sleep(pause * (1 - jitter * Math.random()), undefined, { signal });
      try {
        const result = await what();
        log('info', 'Connected again.');
        return result;
      } catch (error) {
        if (signal.aborted || !isAway(error)) throw error;
      }
    }
  } finally {
    waits?.(null);
  }
}
