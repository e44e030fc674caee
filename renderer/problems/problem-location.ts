import type { Problem } from '../../engine/protocol/messages.ts';

/** Where a problem is, in a few words: `where, line 3, column 7`, `readings.csv, line 1204`. Empty when it is nowhere in particular. */
export function locationOf(problem: Problem): string {
  const parts: string[] = [];
  if (problem.field) parts.push(problem.field);
  else if (problem.port && !problem.message.toLowerCase().includes(`"${problem.port.toLowerCase()}"`)) parts.push(`port ${problem.port}`);
  if (problem.range) parts.push(`line ${problem.range.line}, column ${problem.range.column}`);
  if (problem.position) {
    const { source, line, toLine } = problem.position;
    parts.push(source);
    if (line !== undefined) parts.push(toLine !== undefined && toLine !== line ? `lines ${line} to ${toLine}` : `line ${line}`);
  }
  return parts.join(', ');
}
