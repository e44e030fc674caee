import type { Behaviour } from './codes/behaviour.ts';
import { entryOf } from './codes/index.ts';
import type { Problem } from './problem.ts';

/** What may be done about a problem: its own behaviour first; a row at fault fails again; otherwise its code decides. */
export function behaviourOf({ code, behaviour, row }: Pick<Problem, 'code' | 'behaviour' | 'row'>): Behaviour {
  if (behaviour !== undefined) return behaviour;
  return row === undefined ? (entryOf(code)?.behaviour ?? 'uncertain') : 'row';
}

/** Whether the cause lies outside the pipeline, and no row, setting or code is at fault: the same works once the cause is gone. */
export function mayPass(behaviour: Behaviour): boolean {
  return behaviour === 'transient' || behaviour === 'not-connected';
}

/** What a failed run waits for, to be followed by the time of the retry; empty if unknown. */
export function waitsFor(problem: Problem | undefined): string {
  if (problem === undefined) return '';
  if (problem.retryAfterMs !== undefined) return 'told to wait, ';
  const behaviour = behaviourOf(problem);
  if (behaviour === 'not-connected') return 'not connected, ';
  return behaviour === 'transient' ? 'waiting until it passes, ' : '';
}
