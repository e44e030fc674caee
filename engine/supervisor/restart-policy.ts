/** Which failures of a run's process are retried, and when. */

import { behaviourOf } from '../../model/problems/behaviour-of.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { RunJob } from '../protocol/run-api.ts';

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Attempts in a row without a newer checkpoint, for failures that do not pass by themselves. */
  readonly limit: number;
}
export const usualBackOff: BackOff = { firstMs: 1000, mostMs: 60_000, limit: 10 };

/**
 * Milliseconds before attempt `attempt` (0 is the first one after a crash): doubling, with a random half, so that runs that failed
 * together, at a database that all of them use, do not return together.
 */
export function waitBefore(attempt: number, { firstMs, mostMs }: BackOff, random: () => number = Math.random): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + random() / 2));
}

/** No timer is longer: if the other side asks to wait for days, it is asked again after one. */
const longestPauseMs = 24 * 3_600_000;

/** Milliseconds before attempt `attempt`: as `waitBefore`, or the time that the other side has asked for. */
export function pauseBefore({ retryAfterMs }: Pick<Problem, 'retryAfterMs'>, attempt: number, backOff: BackOff): number {
  if (retryAfterMs === undefined) return waitBefore(attempt, backOff);
  return Math.min(longestPauseMs, Math.max(backOff.firstMs, retryAfterMs));
}

/** How one attempt ended: its process was gone (`outOfMemory`: by its own fault), or it reported a failure. */
export type Failure = { readonly kind: 'died'; readonly outOfMemory: boolean } | { readonly kind: 'failed'; readonly problem: Problem };

/** How often a failed attempt is retried: without limit, a limited number in a row, or never. */
export type Worth = 'any-number' | 'some' | 'none';

/**
 * By the problem's behaviour alone (see model/problems/codes/behaviour.ts). `hasWorked`: the run has made a checkpoint, or resumed from
 * one. Before that, what is not connected is more likely a wrong name.
 */
export function worthOf(job: RunJob, failure: Failure, hasWorked: boolean): Worth {
  if (job.options.commits !== 'checkpoint' || job.options.stateFolder === null) return 'none';
  if (failure.kind === 'died') return failure.outOfMemory ? 'none' : 'some';
  const { problem } = failure;
  switch (behaviourOf(problem)) {
    case 'transient':
      return 'any-number';
    case 'crashed':
      return 'some';
    case 'not-connected':
      return hasWorked ? 'any-number' : 'none';
    case 'uncertain':
      return hasWorked && isAtAnEnd(job, problem.node) ? 'some' : 'none';
    default:
      return 'none';
  }
}

function isAtAnEnd({ plan }: RunJob, node: string | undefined): boolean {
  const kind = plan.nodes.find(({ id }) => id === node)?.kind;
  return kind === 'source' || kind === 'sink';
}
