/** What follows from what a run says of itself. */

import type { Problem } from '../../model/problems/problem.ts';
import { errorPort } from '../document/pipeline.ts';
import type { RunSummary } from './messages.ts';

/** Rows that a node has sent on: failed ones left by the errors port, and are counted apart. `out`: by port. */
export function rowsSent(out: { readonly [port: string]: number }): number {
  return Object.entries(out).reduce((sum, [port, rows]) => (port === errorPort ? sum : sum + rows), 0);
}

/**
 * The row that ended a run, because its node stops at rows that fail; null if it ended for another reason. If the run is resumed, it reads
 * that row again.
 */
export function failedRow({ state, problems }: Pick<RunSummary, 'state' | 'problems'>): Problem | null {
  if (state !== 'failed') return null;
  return problems.find(({ severity, node, row }) => severity === 'error' && node !== undefined && row !== undefined) ?? null;
}
