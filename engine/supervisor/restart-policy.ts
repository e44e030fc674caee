/** Which ends of a run's process are worth another attempt, and when. */

import { outlookOf } from '../../model/problems/outlook.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { RunJob } from '../protocol/run-api.ts';

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Attempts in a row without a newer checkpoint, for what does not pass by itself. */
  readonly limit: number;
}
export const usualBackOff: BackOff = { firstMs: 1000, mostMs: 60_000, limit: 10 };

/**
 * Milliseconds before attempt `attempt` (0 is the first one after a crash): doubling, with a random half, so that runs that
 * failed together, at a database that all of them use, do not come back together.
 */
export function waitBefore(attempt: number, { firstMs, mostMs }: BackOff, random: () => number = Math.random): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + random() / 2));
}

/** How one attempt ended: its process was gone (`outOfMemory`: by its own doing), or it said that it failed. */
export type Failure = { readonly kind: 'died'; readonly outOfMemory: boolean } | { readonly kind: 'failed'; readonly problem: Problem };

/** What a failed attempt is worth: as many more as it takes, a limited number in a row, or none. */
export type Worth = 'any-number' | 'some' | 'none';

/**
 * See outlook.ts. Told at once where the run never worked (`hasWorked`: it has made a checkpoint, or went on from one), unless it is
 * surely about the machine: there it is more likely a wrong name.
 */
export function worthOf(job: RunJob, failure: Failure, hasWorked: boolean): Worth {
  if (job.options.commits !== 'checkpoint' || job.options.stateFolder === null) return 'none';
  if (failure.kind === 'died') return failure.outOfMemory ? 'none' : 'some';
  const { problem } = failure;
  if (problem.code === 'run/lost') return 'some';
  const outlook = outlookOf(problem);
  if (outlook === 'passing') return 'any-number';
  if (!hasWorked || outlook === 'final') return 'none';
  if (outlook === 'absent') return 'any-number';
  const kind = job.plan.nodes.find(({ id }) => id === problem.node)?.kind;
  return kind === 'source' || kind === 'sink' ? 'some' : 'none';
}
