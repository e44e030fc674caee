/**
 * What transforms lower to: operations, plain data of a closed set. They can be printed, compared, sent to another process and
 * translated to another engine; how each is done on this machine is in engine/operators, and what follows from each in op-traits.ts.
 */
import type { ColumnType } from '../model/values/types.ts';

/** Users' code by reference. `field`: the path of the param that holds it, for messages. */
export interface CodeRef {
  readonly language: 'typescript';
  readonly source: string;
  readonly field: string;
}

export type Op = FilterOp | ProjectOp | ComputeOp | FlatMapOp | FlattenOp | TakeOp | OrderOp | DistinctOp | NativeOp;
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

/** One row of each key. */
export interface DistinctOp {
  readonly op: 'distinct';
  readonly keys: readonly string[];
  readonly keep: 'first' | 'last';
  /** Rows are the same up to so long after the first of them, in milliseconds of event time; both ends count. Null: for ever, by arrival. */
  readonly within: number | null;
}

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
