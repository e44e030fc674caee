/** What follows from what a run says of itself. */

import type { Problem } from '../../model/problems/problem.ts';
import { errorPort } from '../document/pipeline.ts';
import type { RunSummary } from './messages.ts';

/** Rows that a node has sent on: those that failed left by the errors port, and are counted apart. `out`: by port. */
export function rowsSent(out: { readonly [port: string]: number }): number {
  return Object.entries(out).reduce((sum, [port, rows]) => (port === errorPort ? sum : sum + rows), 0);
}

/** The row that ended a run, as its node stops at rows that fail; null where it ended otherwise. Gone on with, the run would read it again. */
export function failedRow({ state, problems }: Pick<RunSummary, 'state' | 'problems'>): Problem | null {
  if (state !== 'failed') return null;
  return problems.find(({ severity, node, row }) => severity === 'error' && node !== undefined && row !== undefined) ?? null;
}
