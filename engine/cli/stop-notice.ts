/** What `millrace runs stop` says while the run has not ended yet. */

import { behaviourOf, mayPass } from '../../model/problems/behaviour-of.ts';
import { visible } from '../../model/text/visible-text.ts';
import type { RunSummary } from '../protocol/messages.ts';
import type { StopMode } from '../protocol/run-api.ts';
import { describeState } from './run-report.ts';

const doing: { readonly [how in StopMode]: string } = { drain: 'writing what it holds', checkpoint: 'making its checkpoint', cancel: 'ending' };

/**
 * Why a run that was told to stop goes on, and how to end it all the same; null where it has not been told to wait for anything and
 * `isLong` is false.
 */
export function stopNotice(summary: RunSummary, how: StopMode, isLong: boolean): string | null {
  const [problem] = summary.problems;
  const isWaiting = summary.state === 'restarting' && problem !== undefined;
  if (summary.endedAt !== null || (!isWaiting && !isLong)) return null;
  const id = summary.id.slice(0, 8);
  const why = isWaiting
    ? `${visible(problem.message.replace(/[.]$/, ''))}. It retries${mayPass(behaviourOf(problem)) ? ' until this works' : ''}`
    : describeState(summary);
  const wayOut = how === 'cancel' ? '' : ` "millrace runs stop ${id} --cancel" ends it now, at its last checkpoint.`;
  return `${visible(summary.pipeline)} is still ${doing[how]}: ${why}. Ctrl+C leaves it running.${wayOut}`;
}
