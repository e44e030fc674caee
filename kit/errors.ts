/**
 * Errors that say what may be done about them: a source or a sink throws them when the other side is at fault, not a row. This alone
 * decides whether runs are restarted, not the wording of the error: see model/problems/codes/behaviour.ts. The problem carries it between
 * threads and processes.
 */
import type { Behaviour, CodeTable } from '../model/problems/codes/behaviour.ts';
import type { NodeCode } from '../model/problems/codes/index.ts';
import { MillraceError, type Problem } from '../model/problems/problem.ts';

export { crashed, endOfInput, notConnected, notice, permanent, row, transient, uncertain } from '../model/problems/codes/behaviour.ts';
export { MillraceError };

type Told = Omit<Problem, 'severity' | 'behaviour' | 'retryAfterMs'>;

/** The other side is away: a refused connection, a drive, a broker. A run that had worked reconnects until it succeeds. */
export class NotConnected extends MillraceError {
  constructor(problem: Told, options?: ErrorOptions) {
    super({ ...problem, behaviour: 'not-connected' }, options);
  }
}

/** The other side asks to wait, as with HTTP's `Retry-After`: retried after `ms` milliseconds, and not before. */
export class RetryAfter extends MillraceError {
  /** Throws a RangeError unless `ms` is a finite number of at least 0. */
  constructor(ms: number, problem: Told, options?: ErrorOptions) {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`${ms} is no time to wait`);
    super({ ...problem, behaviour: 'transient', retryAfterMs: ms }, options);
  }
}

/** Fails again until somebody changes something: a wrong password, a topic that does not exist. Never retried. */
export class Permanent extends MillraceError {
  constructor(problem: Told, options?: ErrorOptions) {
    super({ ...problem, behaviour: 'permanent' }, options);
  }
}

/** The other side has no more rows. Thrown by `run` or `read` of a source, it ends the source as null does. */
export class EndOfInput extends MillraceError {
  constructor(message = 'The other side has no more rows.', options?: ErrorOptions) {
    super({ code: 'source/ended', severity: 'info', message, behaviour: 'end-of-input' }, options);
  }
}

export type NodeCodes<T extends string, C extends CodeTable> = {
  readonly [what in keyof C & string]: { readonly code: `${T}/${what}` & NodeCode; readonly behaviour: Behaviour };
};

/**
 * The codes that a node declares for itself, which begin with its type. Spread them into a problem, so that their behaviour is part of the
 * problem:
 *
 *     const codes = { 'no-topic': permanent('The topic does not exist.', 'Create it.') } as const satisfies CodeTable;
 *     const raised = nodeCodes('my-source', codes);
 *     export default defineNode({ type: 'my-source', codes, … });
 *     throw new MillraceError({ ...raised['no-topic'], message: `There is no topic "${topic}".` });
 */
export function nodeCodes<const T extends string, const C extends CodeTable>(type: T, declared: C): NodeCodes<T, C> {
  const raised = Object.entries(declared).map(([what, { behaviour }]) => [what, { code: `${type}/${what}`, behaviour }]);
  return Object.fromEntries(raised) as NodeCodes<T, C>;
}
