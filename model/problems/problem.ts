import type { Value } from '../values/types.ts';
import type { Behaviour } from './codes/behaviour.ts';
import type { ProblemCode } from './codes/index.ts';

/** A place in a text, 1-based, as editors show it. */
export interface TextRange {
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** Where a row came from: a file's line, or a table's row number. `toLine` is set when only a range is known. */
export interface RowPosition {
  readonly source: string;
  readonly line?: number;
  readonly toLine?: number;
}

/** One edit of the node's params that fixes a problem. */
export type Fix = ParamFix | RemoveFix | EntryFix | CodeFix;
interface Titled {
  /** What it does, as the label of a button: `Read column "zip" as text`. */
  readonly title: string;
}
/** `value` becomes that of the param. */
export interface ParamFix extends Titled {
  readonly param: string;
  readonly value: string | number | boolean;
}
/** The entry of that name is removed, from the params or from the object at `within`, a path: `columns.2`. */
export interface RemoveFix extends Titled {
  readonly remove: string;
  readonly within?: string;
}
/** `entry` is added to the list that the param `list` is, replacing the entry with the same `key`. */
export interface EntryFix extends Titled {
  readonly list: string;
  readonly key: string;
  readonly entry: FixEntry;
  /** Further entries for the list, each added in the same way. */
  readonly more?: readonly FixEntry[];
}
/** `text` replaces `before` in the code of the problem's `field`. Not a fix any more if `before` is not there. */
export interface CodeFix extends Titled {
  /** The offset in the code, in UTF-16 code units. */
  readonly at: number;
  readonly before: string;
  readonly text: string;
}
export type FixEntry = { readonly [name: string]: string | boolean };

/**
 * Something the user should know, as data: every error, warning and row failure of Millrace has this shape,
 * in the editor, on the command line and in an error port.
 */
export interface Problem {
  /** Stable and machine-readable, `area/what`: `file/missing`, `pipeline/cycle`, `code/syntax`. All are declared in codes/. */
  readonly code: ProblemCode;
  /** What may be done about it, if it differs from its code's behaviour. */
  readonly behaviour?: Behaviour;
  /** Milliseconds before which a retry is useless, if the other side has said so. */
  readonly retryAfterMs?: number;
  readonly severity: 'error' | 'warning' | 'info';
  /** What happened, one sentence, without the node's name (which is shown with it). */
  readonly message: string;
  /** What to do next, one sentence. */
  readonly hint?: string;
  readonly node?: string;
  readonly port?: string;
  /** `from.port->to.port` */
  readonly edge?: string;
  /** A param, as a path: `where`, `columns.2.expression`. */
  readonly field?: string;
  /** Within the snippet or expression that `field` names. */
  readonly range?: TextRange;
  readonly position?: RowPosition;
  /** Needs `node`; one of code, `field` too. */
  readonly fix?: Fix;
  readonly row?: { readonly [column: string]: Value };
}

/** Thrown by nodes and engine for errors that the user can act on; anything else that is thrown is a bug of ours. */
export class MillraceError extends Error {
  /** Total: users' code may throw a proxy, which would run code of its own when asked for its prototype. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null || !(#isOurs in value)) return false;
    // biome-ignore lint/complexity/noThisInStatic: a subclass asks by the same method.
    return this === MillraceError || Function.prototype[Symbol.hasInstance].call(this, value);
  }

  readonly #isOurs = true;
  readonly problem: Problem;
  constructor(problem: Omit<Problem, 'severity'> & { severity?: Problem['severity'] }, options?: ErrorOptions) {
    super(problem.message, options);
    this.name = 'MillraceError';
    this.problem = { severity: 'error', ...problem };
  }
}
