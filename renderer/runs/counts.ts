import { errorPort } from '../../engine/document/pipeline.ts';
import type { NodeStats, RunSummary } from '../../engine/protocol/messages.ts';

/**
 * What a node has to show for itself: the rows that it sent on, in all and per second; of a sink, those that it took in. Rows
 * that came too late or failed are told apart from them.
 */
export function handledBy({ in: taken, out, late, rate, outRate }: NodeStats): { readonly rows: number; readonly rate: number; readonly isTaken: boolean } {
  const ports = Object.keys(out).filter((port) => port !== errorPort);
  if (ports.length === 0) return { rows: taken, rate, isTaken: true };
  const sum = (counts: { readonly [port: string]: number }) => ports.reduce((total, port) => total + (counts[port] ?? 0), 0);
  return { rows: Math.max(0, sum(out) - late), rate: outRate ? sum(outRate) : 0, isTaken: false };
}

/** Of the problems of a run a summary holds the first (see `RunSummary.problems`). */
const keptProblems = 100;

/** How many errors a run had, and how many of them it can show. */
export function errorCount({ problems, stats }: Pick<RunSummary, 'problems' | 'stats'>): { readonly total: number; readonly shown: number } {
  const shown = problems.length;
  if (shown < keptProblems) return { total: shown, shown };
  const ofRows = Object.values(stats).reduce((sum, { failed }) => sum + failed, 0);
  const others = problems.filter(({ row, position }) => row === undefined && position === undefined).length;
  return { total: Math.max(shown, ofRows + others), shown };
}
