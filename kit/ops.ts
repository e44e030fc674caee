/**
 * What transforms lower to: operations, plain data of a closed set. They can be printed, compared, sent to another process and
 * translated to another engine; how each is done on this machine is in engine/operators, and what follows from each in op-traits.ts.
 */
import type { ColumnType } from '../model/values/types.ts';
import type { RowOp } from './row-ops.ts';

/** Users' code by reference. `field`: the path of the param that holds it, for messages. */
export interface CodeRef {
  readonly language: 'typescript';
  readonly source: string;
  readonly field: string;
}

export type Op = FilterOp | ProjectOp | ComputeOp | FlatMapOp | FlattenOp | TakeOp | OrderOp | RowOp | KeyedOp | NativeOp;
export type OpOf<Kind extends Op['op']> = Extract<Op, { readonly op: Kind }>;

/** Rows for which the expression is true leave by the first output, all others by the second. */
export interface FilterOp {
  readonly op: 'filter';
  readonly test: CodeRef;
  /** The code follows from rules, so it gives true, false or null. */
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
  /** What becomes of a value that has no meaning in the new type. */
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
/** So many rows after the first ones; then it ends. */
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

// ---- Row after row within a key

export type KeyedOp = StatefulOp | LagOp | AnomalyOp | FillOp | RateLimitOp | EveryNthOp | SampleOp;

interface ByKey {
  /** Each combination of their values is looked at on its own; none: all rows together. */
  readonly keys: readonly string[];
  /** Milliseconds without a row after which a key starts anew; null: never. By event time where rows have one, else by the wall clock. */
  readonly ttl: number | null;
}
/** Users' functions over the rows of each key, with a state and timers: Beam's stateful ParDo. Its keys are forgotten by event time only. */
export interface StatefulOp extends ByKey {
  readonly op: 'stateful';
  readonly code: CodeRef;
  readonly hasTimers: boolean;
}
/** Columns are added with the values that others had in earlier rows of the key. */
export interface LagOp extends ByKey {
  readonly op: 'lag';
  readonly columns: readonly LaggedColumn[];
  /** Rows that are as the key's row before in all of these are left out. Empty: none is. */
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
/** Columns are added that say what was expected of a number after those before it in its key, and how far it is from that. */
export interface AnomalyOp extends ByKey {
  readonly op: 'anomaly';
  readonly column: string;
  /** The values that count: of the last rows, of the last milliseconds of event time, or of all, weighted by half after each `halfLife` rows. */
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
 * The first `count` rows of each key and stretch of `per` milliseconds (aligned to 1970) leave by the first output, all others by the
 * second. By event time where rows have one, else by the wall clock.
 */
export interface RateLimitOp extends Pick<ByKey, 'keys'> {
  readonly op: 'rateLimit';
  readonly count: number;
  readonly per: number;
}
/** The first row of each key and then every n-th one leave by the first output, all others by the second. */
export interface EveryNthOp extends ByKey {
  readonly op: 'everyNth';
  readonly every: number;
}
/** A random share leaves by the first output, all others by the second. With keys it is these that are drawn: all rows of one go the same way. */
export interface SampleOp extends Pick<ByKey, 'keys'> {
  readonly op: 'sample';
  readonly percent: number;
  readonly seed: number;
}

// ----

/** The node's own `run`, in one instance on this machine. */
export interface NativeOp {
  readonly op: 'native';
  /** Why no other operation says it, in a line. */
  readonly why: string;
  readonly traits: OpTraits;
}

/** What the engine has to know of an operation. See op-traits.ts. */
export interface OpTraits {
  /** What comes out for a row depends on other rows: it cannot be given a single one again later. */
  readonly isStateful: boolean;
  /**
   * Inputs that are read to their end before the others deliver anything. Only where one source feeds both is that impossible: the
   * operator then holds back what comes too early.
   */
  readonly first: readonly string[];
  /** Inputs whose rows are held until they end, so that they have to end. */
  readonly bounded: readonly string[];
  /** Inputs of which something is held until the watermark has passed it: where none rises, for ever. */
  readonly awaits: readonly AwaitedInput[];
  /** Its outputs end even where its inputs do not. */
  readonly ends: boolean;
  /** It makes the event time and the watermark of what it sends on, whatever those of its input are: see `OutputTime`. */
  readonly setsEventTime: boolean;
  /** By input: the columns by whose values rows may be spread over instances. `any`: in any way. Null: one instance takes all. */
  readonly partition: 'any' | { readonly [input: string]: readonly string[] } | null;
}
export interface AwaitedInput {
  readonly port: string;
  /** The column that it goes by, and that then has to be the event time, or null where it needs none. */
  readonly time: string | null;
  /** The param that names that column. */
  readonly field?: string;
}
