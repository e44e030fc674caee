/** Tries again what fails because a server is away: with growing pauses, and a word to whoever watches. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError, type NotConnected } from '@millrace/kit/errors';
import type { RunContext } from '@millrace/kit/node';

const firstPauseMs = 50;
const longestPauseMs = 5000;
/** Pauses are drawn from half of it up, so that many clients do not come back at the same moment. */
const jitter = 0.5;

/** Does it until it succeeds or fails for another reason than a server that is away, or the signal fires. */
export async function patiently<T>(what: () => Promise<T>, { signal, waits, log }: Pick<RunContext, 'signal' | 'waits' | 'log'>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await what();
      if (attempt > 1) log('info', 'Connected again.');
      waits?.(null);
      return result;
    } catch (error) {
      if (signal.aborted || !isAway(error)) {
        waits?.(null);
        throw error;
      }
      if (attempt === 1) log('warning', `${error.problem.message} Trying again until it answers.`);
      waits?.(`reconnecting, attempt ${attempt}`);
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt - 1, 10));
      await sleep(pause * (1 - jitter * Math.random()), undefined, { signal }).catch(() => {});
    }
  }
}

export function isAway(error: unknown): error is NotConnected {
  return error instanceof MillraceError && (error.problem.code === 'mysql/away' || error.problem.code === 'mysql/refused');
}
