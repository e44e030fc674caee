/** Which ends of a run's process are worth another attempt, and when. */

import type { RunJob } from '../protocol/run-api.ts';
import type { Problem } from '../schema/problem.ts';

export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Attempts in a row without a newer checkpoint. */
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

/** Families of codes of what happens again at the same row, or is wrong with the pipeline. Each is produced somewhere: see test/architecture. */
export const finalFamilies = ['code', 'column', 'columns', 'param', 'params', 'node'] as const;

/**
 * Whether the same may go well the next time. What users' code does, or a row that cannot be written, happens again at the same
 * row; an output that another program has changed stays so until somebody puts it back. What is wrong with a file, a database or
 * a connection otherwise may pass, but is told at once where the run never worked (`hasWorked`: it has made a checkpoint, or
 * went on from one): there it is more likely a wrong name.
 */
export function isWorthAnotherAttempt(job: RunJob, failure: Failure, hasWorked: boolean): boolean {
  if (job.options.commits !== 'checkpoint' || job.options.stateFolder === null) return false;
  if (failure.kind === 'died') return !failure.outOfMemory;
  const { code, node, row } = failure.problem;
  if (code === 'run/lost') return true;
  if (!hasWorked || row !== undefined || finalFamilies.some((family) => code.startsWith(`${family}/`))) return false;
  if (/\/(changed|other-columns)$/.test(code)) return false;
  if (code.startsWith('checkpoint/')) return code === 'checkpoint/not-written';
  const kind = job.plan.nodes.find(({ id }) => id === node)?.kind;
  return kind === 'source' || kind === 'sink';
}
