/**
 * What transforms lower to: operations, plain data of a closed set. They can be printed, compared, sent to another process and translated
 * to another engine. engine/operators has their implementations on this machine, op-traits.ts what is derived from each.
 */

import type { CalendarUnit } from '../model/time/calendar.ts';
import type { ColumnType, Value } from '../model/values/types.ts';
import type { RowOp } from './row-ops.ts';
import type { ColumnTime } from './sources/time-values.ts';

/** Users' code by reference. `field`: the path of the param that holds it, for messages. */
export interface CodeRef {
  readonly language: 'typescript';
  readonly source: string;
  readonly field: string;
}

export type Op =
  | FilterOp
  | ProjectOp
  | ComputeOp
  | FlatMapOp
  | FlattenOp
  | TakeOp
  | OrderOp
  | RowOp
  | KeyedOp
  | DistinctOp
  | LookupOp
  | CoGroupOp
  | AssignTimeOp
  | CombineOp
  | PivotOp
  | RunningAggregateOp
  | TopOp
  | NativeOp;
export type OpOf<Kind extends Op['op']> = Extract<Op, { readonly op: Kind }>;

/** Rows for which the expression is true leave by the first output, all others by the second. */
export interface FilterOp {
  readonly op: 'filter';
  readonly test: CodeRef;
  /** The code was generated from rules, so it returns true, false or null. */
  readonly isRule: boolean;
}
/** Columns are picked, renamed, put in order and cast. */
export interface ProjectOp {
  readonly op: 'project';
  readonly columns: readonly ProjectedColumn[];
}
export interface ProjectedColumn {
  readonly name: string;
  readonly from: string;
  readonly cast: Cast | null;
}
export interface Cast {
  readonly from: ColumnType;
  readonly to: ColumnType;
  /** What happens to a value that has no meaning in the new type. */
  readonly unfit: 'fail' | 'null';
  readonly field: string;
}
/** Columns are added, or replaced in their places, from top to bottom: each expression sees the columns above it. */
export interface ComputeOp {
  readonly op: 'compute';
  readonly columns: readonly { readonly name: string; readonly expression: CodeRef }[];
}
/** One row in, any number out. */
export interface FlatMapOp {
  readonly op: 'flatMap';
  readonly code: CodeRef;
}
/** The rows of all inputs, in the columns of the output. */
export interface FlattenOp {
  readonly op: 'flatten';
}
/** Passes `count` rows after the first `offset` ones, then ends. */
export interface TakeOp {
  readonly op: 'take';
  readonly count: number;
  readonly offset: number;
}
/** All rows, in order, once the input has ended. */
export interface OrderOp {
  readonly op: 'order';
  readonly by: readonly { readonly column: string; readonly direction: 'asc' | 'desc' }[];
}

// ---- Row by row within a key

export type KeyedOp = StatefulOp | LagOp | AnomalyOp | FillOp | RateLimitOp | EveryNthOp | SampleOp;

interface ByKey {
  /** Each combination of their values is processed separately. None: all rows together. */
  readonly keys: readonly string[];
  /** Milliseconds without a row after which a key starts over; null: never. By event time if rows have one, otherwise by the wall clock. */
  readonly ttl: number | null;
}
/** Users' functions over the rows of each key, with a state and timers: Beam's stateful ParDo. Its keys expire by event time only. */
export interface StatefulOp extends ByKey {
  readonly op: 'stateful';
  readonly code: CodeRef;
  readonly hasTimers: boolean;
}
/** Columns are added with the values that others had in earlier rows of the key. */
export interface LagOp extends ByKey {
  readonly op: 'lag';
  readonly columns: readonly LaggedColumn[];
  /** Rows that equal the key's previous row in all of these are dropped. Empty: no row is. */
  readonly onlyChangesOf: readonly string[];
}
export interface LaggedColumn {
  readonly column: string;
  /** So many rows before. */
  readonly offset: number;
  readonly name: string;
  /** The name of a column for the row's value minus the earlier one; null: there is none. */
  readonly change: string | null;
  readonly field: string;
}
/** Columns are added with the value expected of a number from the earlier ones of its key, and its distance from that. */
export interface AnomalyOp extends ByKey {
  readonly op: 'anomaly';
  readonly column: string;
  /** The values that count: those of the last rows, of the last milliseconds of event time, or all, weighted by half after each `halfLife` rows. */
  readonly against:
    | { readonly kind: 'rows'; readonly rows: number }
    | { readonly kind: 'duration'; readonly duration: number }
    | { readonly kind: 'weighted'; readonly halfLife: number };
  /** In standard deviations. */
  readonly threshold: number;
  /** Values of a key before the first score. */
  readonly warmup: number;
}
/** Nulls are filled, from the first of the items to the last: a column may have several. */
export interface FillOp extends ByKey {
  readonly op: 'fill';
  readonly columns: readonly FilledColumn[];
  /** Text of nothing but white space is filled too. */
  readonly blanks: boolean;
}
export interface FilledColumn {
  readonly column: string;
  /** As text, read in the column's type. Null: the last value of the key that was not missing. */
  readonly constant: string | null;
}
/**
 * The first `count` rows of each key and interval of `per` milliseconds (aligned to 1970) leave by the first output, all others by the
 * second. By event time if rows have one, otherwise by the wall clock.
 */
export interface RateLimitOp extends Pick<ByKey, 'keys'> {
  readonly op: 'rateLimit';
  readonly count: number;
  readonly per: number;
}
/** The first row of each key and then every nth row leave by the first output, all others by the second. */
export interface EveryNthOp extends ByKey {
  readonly op: 'everyNth';
  readonly every: number;
}
/** A random share leaves by the first output, all others by the second. With keys, keys are selected: all rows of a key go the same way. */
export interface SampleOp extends Pick<ByKey, 'keys'> {
  readonly op: 'sample';
  readonly percent: number;
  readonly seed: number;
}

// ----
/** One row of each key. */
export interface DistinctOp {
  readonly op: 'distinct';
  readonly keys: readonly string[];
  readonly keep: 'first' | 'last';
  /** Rows are duplicates up to this long after the first of them, in milliseconds of event time, both ends included. Null: forever, by arrival. */
  readonly within: number | null;
}

/** Columns that must be equal: one of the left rows and one of the right. Null equals nothing. */
export interface KeyPair {
  readonly left: string;
  readonly right: string;
}
/** The sides of which rows without a match are emitted too. */
export type JoinKind = 'inner' | 'left' | 'right' | 'outer';

/** Rows (the left ones) are looked up in a second input (the right ones), whose columns are added to them. */
export interface LookupOp {
  readonly op: 'lookup';
  readonly kind: Extract<JoinKind, 'inner' | 'left'>;
  readonly keys: readonly KeyPair[];
  /** The columns to add, and their columns in the second input. */
  readonly columns: readonly { readonly name: string; readonly from: string }[];
  /**
   * Null: the second input is read to its end first. Otherwise its rows are versions of their keys, each valid from its event time until a
   * newer one; how far rows may be behind the watermark, in milliseconds; the column that says that the key is gone;
   * and whether the first version of a key that comes before any watermark counts from the beginning.
   */
  readonly versions: { readonly lateness: number; readonly deleted: string | null; readonly initial: boolean } | null;
}

/** Rows of two inputs with the same key and matching times become one row, once for each such pair. */
export interface CoGroupOp {
  readonly op: 'coGroup';
  readonly kind: JoinKind;
  readonly keys: readonly KeyPair[];
  readonly match: TimeMatch;
  /** By input: the column of the time, and milliseconds to add to it. */
  readonly times: { readonly [side in 'left' | 'right']: { readonly column: string; readonly shift: number } };
  /** How far rows may be behind the watermark, in milliseconds. */
  readonly lateness: number;
  /** Names of the columns that come first: the event time, or a window's start and end. */
  readonly stamps: readonly string[];
  readonly columns: readonly PairedColumn[];
}
/** Which rows match in time. All lengths in milliseconds. */
export type TimeMatch =
  /** The right row's time is between the left one's minus `before` and the left one's plus `after`, both ends included. */
  | { readonly kind: 'range'; readonly before: number; readonly after: number }
  /** Both are in one window [start, start + length); windows begin every `every`, aligned to the epoch plus `offset`. */
  | { readonly kind: 'windows'; readonly length: number; readonly every: number; readonly offset: number }
  /** Both are in one session of their key: rows each less than `gap` after the one before. */
  | { readonly kind: 'sessions'; readonly gap: number };
/** A column, and those that its value is read from: the left one if there is a left row that has it, otherwise the right one. */
export interface PairedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly left: string | null;
  readonly right: string | null;
}

/** A column becomes the event time, and a new watermark is generated, as by sources. */
export interface AssignTimeOp extends ColumnTime {
  readonly op: 'assignTime';
}

/** The rows of each key, in each window, become one: the window's bounds, the keys, then a column for each aggregate. */
export interface CombineOp {
  readonly op: 'combine';
  readonly keys: readonly string[];
  readonly aggregates: readonly Aggregate[];
  readonly window: Windowing | null;
}
/** As `combine`, with a column for each listed value of a column; rows with another value leave by the output `others`. */
export interface PivotOp {
  readonly op: 'pivot';
  readonly keys: readonly string[];
  /** The column whose values name the columns. */
  readonly column: string;
  /** Those that become columns. */
  readonly values: readonly { readonly name: string; readonly value: Value }[];
  /** How a cell is computed from its values. `only`: it may have one at most. */
  readonly function: AggregateFunction | 'only';
  /** Null for a count of rows. */
  readonly valueColumn: string | null;
  /** For percentile, 0 to 100; null for all other functions. */
  readonly percent: number | null;
  /** What happens to rows whose value is not among those. */
  readonly unlisted: 'warn' | 'leave' | 'fail';
  readonly window: Windowing | null;
}
export interface Aggregate {
  readonly name: string;
  readonly function: AggregateFunction;
  /** Null for a count of rows. */
  readonly column: string | null;
  /** For percentile, 0 to 100; null for all other functions. */
  readonly percent: number | null;
}
/** Each row as it came, with aggregates of the rows of its key up to and including this one. */
export interface RunningAggregateOp {
  readonly op: 'runningAggregate';
  readonly keys: readonly string[];
  /** `field`: the param that names the column, for messages. */
  readonly aggregates: readonly (Omit<Aggregate, 'function' | 'percent'> & { readonly function: RunningFunction; readonly field: string })[];
  readonly over: RunningSpan | null;
  /** A key without a row for this many milliseconds starts over; null: never. */
  readonly ttl: number | null;
}
export type RunningFunction = Exclude<AggregateFunction, 'percentile'>;
/** Which rows count, if not all so far: the last ones, or those whose event time is less than this many milliseconds before the latest one. */
export type RunningSpan = { readonly rows: number } | { readonly duration: number };
/** The first rows of each key (in each window) in an order, ranked from 1. */
export interface TopOp {
  readonly op: 'top';
  readonly keys: readonly string[];
  readonly by: { readonly column: string; readonly direction: 'asc' | 'desc' };
  readonly count: number;
  /** Tumbling windows of event time, with this length in milliseconds and aligned to 1970-01-01T00:00Z; null: all rows. */
  readonly every: number | null;
}
export type AggregateFunction = 'count' | 'sum' | 'average' | 'min' | 'max' | 'first' | 'last' | 'distinctCount' | 'percentile';
/** How rows are grouped by time; all times in milliseconds. */
export interface Windowing {
  readonly spec: WindowSpec;
  /** The column whose value counts, or null for the rows' event time. */
  readonly column: string | null;
  /** The param that names that column, for messages. */
  readonly field: string;
  /** How long a window outlives its end. */
  readonly lateness: number;
  /** Wall-clock time between early results; null: there are none. */
  readonly early: number | null;
  /** Whether empty windows are emitted too, for windows that do not overlap. */
  readonly empty: boolean;
}
/** Windows are half-open. */
export type WindowSpec = RegularWindows | CalendarWindows | SessionWindows;
/** Aligned to 1970-01-01T00:00Z plus the offset; a new one starts every `every` (tumbling if it equals `length`). */
export interface RegularWindows {
  readonly every: number;
  readonly length: number;
  readonly offset: number;
}
export interface CalendarWindows {
  readonly unit: CalendarUnit;
  /** A name of the IANA database, or an offset. */
  readonly zone: string;
}
/** A session ends once its key has had no row for `gap`. */
export interface SessionWindows {
  readonly gap: number;
}

/** The node's own `run`, in one instance on this machine. */
export interface NativeOp {
  readonly op: 'native';
  /** In one line, why no other operation can express it. */
  readonly why: string;
  readonly traits: OpTraits;
}

/** What the engine has to know about an operation. See op-traits.ts. */
export interface OpTraits {
  /** The output for a row depends on other rows: it cannot be given a single one again later. */
  readonly isStateful: boolean;
  /**
   * Inputs that are read to their end before the others deliver anything. This is impossible only if one source feeds both: the operator
   * then holds back what arrives too early.
   */
  readonly first: readonly string[];
  /** Inputs whose rows are held until they end, so that they have to end. */
  readonly bounded: readonly string[];
  /** Inputs of which something is held until the watermark has passed it: forever, if none rises. */
  readonly awaits: readonly AwaitedInput[];
  /** Its outputs end even if its inputs do not. */
  readonly ends: boolean;
  /** It makes the event time and the watermark of its output, whatever those of its input are: see `OutputTime`. */
  readonly setsEventTime: boolean;
  /**
   * By input: the columns by whose values rows may be spread over instances; those of several inputs correspond by position. `any`: in any
   * way. Null: one instance takes all.
   */
  readonly partition: 'any' | { readonly [input: string]: readonly string[] } | null;
}
export interface AwaitedInput {
  readonly port: string;
  /** The column that it uses, which then has to be the event time, or null if it needs none. */
  readonly time: string | null;
  /** The param that names that column. */
  readonly field?: string;
}
