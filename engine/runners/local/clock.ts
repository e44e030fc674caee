/** The clocks that the operators of a run ask. */
import type { OperatorContext } from '@millrace/kit/node';
import { SteadyClock } from '../../../model/time/steady-clock.ts';

export type Clock = Pick<OperatorContext, 'now' | 'wallTime'>;

/** `given`: a clock in place of this machine's, that never goes back. `from`: the time of the checkpoint that the run goes on from. */
export function clockOf(given: (() => number) | undefined, from: number | undefined): Clock {
  if (given) return { now: given, wallTime: given };
  const wallTime = () => Date.now();
  const steady = new SteadyClock(wallTime, () => performance.now(), from);
  return { now: () => steady.now(), wallTime };
}
