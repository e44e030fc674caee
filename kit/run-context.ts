/** The contract between nodes and the engine while a pipeline runs: what every node gets, and what it reports. */
import type { ProblemCode } from '../model/problems/codes/index.ts';
import type { EntryFix, Fix, Problem, RowPosition } from '../model/problems/problem.ts';
import type { Row, Schema } from '../model/values/types.ts';
import type { Connection } from './connection.ts';
import type { AnyParams } from './fields.ts';

/** A problem of one node: the engine adds which one. */
export type NodeProblem = Omit<Problem, 'node' | 'edge'>;

/** By port. */
export type AnySchemas = { readonly [port: string]: Schema };

/** What every running node gets from the engine. */
export interface RunContext<P = AnyParams, In = AnySchemas, Out = AnySchemas> {
  readonly params: P;
  /** The schemas that `infer` promised, by port. */
  readonly inputs: In;
  readonly outputs: Out;
  /** An absolute path for a path of the params (relative ones are relative to the pipeline's file). */
  path(path: string): string;
  /** Fires when the run is cancelled; long waits must end within a second of it. */
  readonly signal: AbortSignal;
  log(level: 'info' | 'warning', message: string): void;
  /**
   * Reports a row that this node could not handle. Under the policy "stop" this throws and ends the run; otherwise the row is counted, sent
   * to the error port if the policy says so, and the node continues with the next one.
   */
  fail(failure: RowFailure): void;
  /** The connection that the node names in its field of that kind, secrets filled in: see `connectionOf`. */
  readonly connection?: Connection | undefined;
  /** Shows what the node waits for (`reconnecting, attempt 3`) until it is called with null. */
  waits?(reason: string | null): void;
  /** One instance of an expensive resource (a database connection) for all nodes of this run; closed by the engine at its end. */
  shared<T extends { close(): void }>(key: string, open: () => T): T;
  /**
   * What to undo if the run's thread is ended before this node's `commit` or `abort`, when none of its code can run any more (because of an
   * endless loop, or code that takes all memory, in a snippet). A single one is added to those of the node; a list replaces all of them,
   * and an empty one clears them. A sink that commits more than once gives a new list at the end of each `commit`.
   */
  guard?(undo: Undo | readonly Undo[]): void;
}
/** Removes an unfinished file, or cuts one to its previous size. */
export type Undo = { readonly remove: string } | { readonly truncate: string; readonly size: number };
/** A problem of a connection (see `mayPass`) ends the run whatever the policy: the row is not at fault. */
export interface RowFailure extends Pick<Problem, 'behaviour' | 'retryAfterMs'> {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
  readonly field?: string;
  readonly range?: Problem['range'];
  /** The row, or for a source the raw text as far as it could be read. */
  readonly row?: Row;
  readonly position?: RowPosition;
  readonly fix?: Fix;
  /** All cells of the row that do not fit their columns, if that is why it failed. The message is about the first. */
  readonly misfits?: readonly Misfit[];
}
export interface Misfit {
  readonly column: string;
  /** As it is in the input. */
  readonly text: string;
  /** Why it does not fit, without a full stop. */
  readonly message: string;
  /** The next wider type that takes it; absent if a user has set the type. */
  readonly fix?: EntryFix;
}

/**
 * How a bounded input keeps all of its rows whatever their order: no watermark may rise above a row that is still to come. Absent if the
 * input never ends, or nothing depends on its watermark: rows behind it are late then.
 */
export interface OrderCare {
  /** How far, in milliseconds, its rows are known to be out of order; Infinity: its watermark waits for its end. Null: that is not known yet. */
  readonly disorder: number | null;
  /**
   * If a row behind the watermark is found, `OutOfOrder` is thrown, and the run starts over. If it cannot start over, `disorder` must be
   * determined in advance.
   */
  readonly startsOver: boolean;
}
