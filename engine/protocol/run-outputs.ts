import type { RunOutput } from './messages.ts';

/** What an output contains of a run's rows, what was removed, and what earlier runs have written. */
export function rowsOf({ rows, committed, committedRows = committed ? rows : 0, earlierRows = 0 }: RunOutput) {
  return { written: committedRows, takenBack: rows - committedRows, earlier: Math.min(earlierRows, committedRows) };
}
