/**
 * Regular expressions of users. They have to run as users' code (`TransformContext.expression`), since the watchdog must be able to end one
 * that backtracks without end. So they become source for that, and are never run here over rows.
 */

import type { NodeProblem } from '../node.ts';
import { escapeRefused } from './source-escapes.ts';

/** The errors of a pattern, for the param `field`. */
export function patternProblems(pattern: string, field: string): NodeProblem[] {
  if (pattern === '') return [];
  try {
    new RegExp(pattern, 'u');
    return [];
  } catch (error) {
    const message = `This is not a regular expression: ${(error as Error).message}`;
    return [{ code: 'pattern/syntax', severity: 'error', message, hint: 'Write \\ before characters that should stand for themselves.', field }];
  }
}

/** The pattern as a source literal. */
export function patternSource(pattern: string, flags: string): string {
  return escapeRefused(new RegExp(pattern, flags).toString());
}

/** For a valid pattern: the names of its groups in order, and how many groups it has in all, named or not. */
export function patternGroups(pattern: string): { readonly names: readonly string[]; readonly count: number } {
  // The empty alternative at the start matches at once, so the pattern itself is never tried.
  const found = new RegExp(`|${pattern}`, 'u').exec('');
  return { names: Object.keys(found?.groups ?? {}), count: (found?.length ?? 1) - 1 };
}

/** The errors of a pattern whose named groups are to become columns. */
export function namedGroupProblems(pattern: string, field: string): NodeProblem[] {
  const problems = patternProblems(pattern, field);
  if (problems.length > 0 || pattern === '' || patternGroups(pattern).names.length > 0) return problems;
  const hint = 'Write (?<name>…) around what is to become a column.';
  return [{ code: 'pattern/no-groups', severity: 'error', message: 'The pattern has no named group', hint, field }];
}
