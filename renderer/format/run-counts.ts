import { errorPort } from '../../engine/document/pipeline.ts';
import type { NodeStats, RunSummary } from '../../engine/protocol/messages.ts';
import { formatCount } from './run-text.ts';

/**
 * A node's row counts: the rows that it sent on, in all and per second; for a sink, those that it took. Late and failed rows are counted
 * apart.
 */
export function handledBy({ in: taken, out, late, rate, outRate }: NodeStats): { readonly rows: number; readonly rate: number; readonly isTaken: boolean } {
  const ports = Object.keys(out).filter((port) => port !== errorPort);
  if (ports.length === 0) return { rows: taken, rate, isTaken: true };
  const sum = (counts: { readonly [port: string]: number }) => ports.reduce((total, port) => total + (counts[port] ?? 0), 0);
  return { rows: Math.max(0, sum(out) - late), rate: outRate ? sum(outRate) : 0, isTaken: false };
}

/** A summary has only the first problems of a run (see `RunSummary.problems`). */
const keptProblems = 100;

/** How many errors and warnings a run had, and how many of both it can show. */
export function problemCount({ problems, stats }: Pick<RunSummary, 'problems' | 'stats'>): ProblemCount {
  const shown = problems.length;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = shown - errors.length;
  if (shown < keptProblems) return { errors: errors.length, warnings, shown };
  const ofRows = Object.values(stats).reduce((sum, { failed }) => sum + failed, 0);
  const others = errors.filter(({ row, position }) => row === undefined && position === undefined).length;
  return { errors: Math.max(errors.length, ofRows + others), warnings, shown };
}
interface ProblemCount {
  readonly errors: number;
  readonly warnings: number;
  readonly shown: number;
}

/** The label of their view: `Errors (3)`, `Warnings (1)`, `Errors (3), warnings (1)`. */
export function problemsLabel({ errors, warnings }: ProblemCount): string {
  if (warnings === 0) return errors > 0 ? `Errors (${formatCount(errors)})` : 'Errors';
  return errors > 0 ? `Errors (${formatCount(errors)}), warnings (${formatCount(warnings)})` : `Warnings (${formatCount(warnings)})`;
}
