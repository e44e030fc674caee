import type { CodeTable } from '../model/problems/codes/behaviour.ts';
import type { Problem } from '../model/problems/problem.ts';
import type { Column, ColumnType, Json, Row, Schema, State, Value } from '../model/values/types.ts';
import type { AnyParams, Fields, ParamsOf } from './fields.ts';
import type { IconName } from './icons.ts';
import type { EarlierInstance, KeyedState, Owns } from './keyed-state.ts';
import { type Loaded, loadingCode } from './loaded.ts';
import type { Migration } from './migration.ts';
import type { Op } from './ops.ts';
import type { ByPort, PortSchemas, Ports } from './ports.ts';
import type { AnySchemas, NodeProblem, OrderCare, RowFailure, RunContext } from './run-context.ts';
import type { CheckpointRef, DiscoverContext, Discovery, Heard, ListenContext, Reader, SourceContext, SplitSize } from './source.ts';

export type * from './migration.ts';
export type * from './ports.ts';
export type * from './run-context.ts';
export type * from './source.ts';

export type NodeKind = 'source' | 'transform' | 'sink';
export const categories = ['Files', 'Databases', 'Network', 'Generate', 'Rows', 'Columns', 'Reshape', 'Combine', 'Aggregate', 'Code', 'Inspect'] as const;
export type Category = (typeof categories)[number];

export interface Identity {
  /** kebab-case, equal to the file's name; unique in the catalogue. */
  readonly type: string;
  readonly kind: NodeKind;
  readonly title: string;
  /** At most 100 characters; what the palette shows. */
  readonly summary: string;
  readonly category: Category;
  readonly icon: IconName;
  /** Rises by one with each migration; starts at 1. */
  readonly version: number;
  /** Rises by one when the form of the node's state in a checkpoint changes: older state is then refused. Default 1. */
  readonly stateVersion?: number;
  readonly keywords?: readonly string[];
  /** The engine adds it to runs; users do not choose it, so neither the palette nor the docs list it. */
  readonly hidden?: boolean;
  /** For measuring engines, not for users' data: the palette shows it only in a search by name, and the docs list it separately. */
  readonly forBenchmarks?: boolean;
}

/** Static analysis of users' code. Total: never throws. */
export interface CodeAnalysis {
  /** The type of an expression over `row`. */
  expression(source: string, input: Schema): AnalysedExpression;
  /** The columns that a snippet's default function returns, or null if they cannot be determined. `declared` columns take precedence over the code. */
  snippet(source: string, input: Schema, declared?: readonly Column[]): { readonly schema: Schema | null; readonly problem?: CodeProblem };
  /** The same for what `onRow` and `onTimer` of a keyed module return; `warning` does not prevent a run. */
  keyed(
    source: string,
    input: Schema,
    keys: readonly string[],
    declared?: readonly Column[],
  ): { readonly schema: Schema | null; readonly problem?: CodeProblem; readonly warning?: CodeProblem };
}
export interface AnalysedExpression extends Pick<Column, 'nullable' | 'nulls'> {
  /** Null if it cannot be determined. */
  readonly type: ColumnType | null;
  readonly problem?: CodeProblem;
  /** Where null may occur. */
  readonly warnings?: readonly (CodeProblem & Pick<Problem, 'severity'>)[];
  /** Columns that are not null in rows for which it is true. */
  readonly notNull?: readonly string[];
}
export type CodeProblem = Pick<Problem, 'code' | 'message' | 'hint' | 'range' | 'fix'>;

export interface InferContext<P = AnyParams, I extends Ports = Ports> {
  readonly params: P;
  /** By input port: the schema that arrives there, or null while unknown. For a port that takes many edges, see `inputLists`. */
  readonly inputs: ByPort<I, Schema | null>;
  readonly inputLists: ByPort<I, readonly (Schema | null)[]>;
  /** Sources: what `discover` found, or null while unknown. */
  readonly discovered: Schema | null;
  readonly analyse: CodeAnalysis;
}
export interface Inference<O extends Ports = Ports> {
  /** By output port; null or absent while unknown. */
  readonly outputs: Partial<ByPort<O, Schema | null>>;
  readonly problems?: readonly NodeProblem[];
}

// ---- Transforms

/** The time of a node's output, if the node makes it. The watermark of its inputs is then not passed on (see `outputWatermark`). */
export interface OutputTime {
  advance(watermark: number): void;
  /** Whether rows have stopped arriving, so that no watermark waits for them. */
  idle(isIdle: boolean): void;
  /** Call it when rows arrive. */
  order(): OrderCare | undefined;
}
/** What the runner gives to an operation. */
export interface OperatorContext<In = AnySchemas, Out = AnySchemas> extends Omit<RunContext<unknown, In, Out>, 'params'> {
  /**
   * The clock of the run, in milliseconds since 1970: it never goes back, not even in a run that resumes from a checkpoint (see
   * `SteadyClock`), so state may contain its times. In previews and tests it is virtual. Prefer event time if rows have one.
   */
  now(): number;
  /** This machine's clock, in milliseconds since 1970: it may be set forward and back. In previews and tests the same as `now`. */
  wallTime(): number;
  /**
   * State by key that the engine keeps for this node: part of every checkpoint, on disk if it outgrows memory, and measured. `name`
   * distinguishes several. `snapshot` must not repeat such state.
   */
  state<V extends State>(name: string): KeyedState<V>;
  /**
   * Bytes, as estimated by `stateSize`, that the operator may hold in plain memory. Anything more belongs in `state`, which spills to disk:
   * results must not depend on this limit, and a snapshot contains everything that is held here.
   */
  readonly memory: number;

  /** For nodes with `setsEventTime`. */
  readonly outputTime: OutputTime;
  /** Sends rows on. `rows` belongs to the receiver from then on. */
  emit(port: keyof Out & string, rows: readonly Row[]): void;
  /**
   * Call it repeatedly in a `finish` that emits more than fits in memory, and await a promise that it returns: sinks process what was
   * emitted, or other work gets its turn. Afterwards `signal` says whether to continue.
   */
  yieldNow(): void | Promise<void>;
  /**
   * Users' code as a function, confined. `field` is the path of its param, for error messages. The engine reports errors that the function
   * throws with line and column of the snippet; do not catch them.
   */
  expression(source: string, field: string): (row: Row) => unknown;
  snippet(source: string, field: string): (row: Row) => unknown;
  /** What a keyed module exports. */
  keyed(source: string, field: string): KeyedCode;
  /**
   * What users' code threw, with its place in the snippet, as the start of a failure: for operators that process whole batches, where only
   * they know the row. Total.
   */
  explain(thrown: unknown): Pick<RowFailure, 'code' | 'message' | 'hint' | 'field' | 'range'>;
}
/** What a native operator gets. */
export interface TransformContext<P = AnyParams, In = AnySchemas, Out = AnySchemas> extends OperatorContext<In, Out> {
  readonly params: P;
}
/** Users' functions over the rows of one key. Everything that is passed to them besides the row must be frozen, or theirs to change. */
export interface KeyedCode {
  /** The state of a key before its first row: a value, or a function that returns it. */
  readonly initial: unknown;
  readonly onRow: (row: Row, state: unknown, context: object) => unknown;
  readonly onTimer: ((timer: object, state: unknown, context: object) => unknown) | null;
}
/**
 * What a transform does with rows. The first three are stateless and work row by row: the engine fuses chains of them into one loop, and an
 * error is a failure of that row alone. `process` receives whole batches.
 */
export type Operator =
  /** One row in, one row out (to the first output). */
  | { readonly map: (row: Row) => Row }
  /** True sends the row on to the first output, false to the second. */
  | { readonly test: (row: Row) => boolean }
  /** One row in, any number out (to the first output). */
  | { readonly expand: (row: Row) => readonly Row[] }
  | StatefulOperator;
export interface StatefulOperator {
  process(rows: readonly Row[], port: string): void;
  /**
   * The watermark over all inputs (the minimum of those that are not idle) has moved to this time: see event-time.ts. Emit here what is now
   * complete, in the order of event time; nodes downstream get it before the watermark. Called with `endOfTime` once, before `finish`.
   */
  advance?(watermark: number): void;
  /** The watermark to send on, if rows still to be emitted may be older than the inputs' watermark: at most that. */
  outputWatermark?(watermark: number): number;
  /** Called about ten times a second, with the time of `now`, for what must happen without rows (early firings, rates). Never in previews. */
  tick?(now: number): void;
  /** An input port has ended: no more rows arrive there. Called again after a `restore`, for each port that had ended before. */
  ended?(port: string): void;
  /** All inputs have ended: emit all held rows. Called once. */
  finish?(): void | Promise<void>;
  /** True once no further row can change the output: the engine may then stop pulling what only this node needs. Called after each `process`. */
  done?(): boolean;
  /**
   * `snapshot` returns the state, `restore` restores it into a new operator before its first row. The returned state must not change
   * afterwards.
   */
  snapshot?(): State;
  restore?(state: State): void;
  /**
   * Called in place of `restore` if keys are divided among instances in another way than before: takes over what the earlier instances kept
   * for the keys that this one owns, including keyed state, which is still empty here. All operations whose rows may be split by keys have
   * it. The earlier instances stopped at one cut, no key was in two of them, and the order within a key is kept.
   */
  takeOver?(earlier: readonly EarlierInstance[], owns: Owns): void;
  /** How many keys, windows or rows the state contains, and about how many bytes: shown during the run. Must be cheap. */
  stateSize?(): { readonly entries: number; readonly bytes: number };
}

// ---- Sinks

/**
 * Sinks commit in two phases, so that several of them and the sources' positions are one consistent cut:
 *
 * 1. `prepare(n)` on every writer: all rows written so far become durable, but not yet visible.
 * 2. Checkpoint n is stored with the token that each `prepare` returned. From here on it will be committed, whatever happens.
 * 3. `commit(n)` on every writer makes them visible.
 *
 * A run that resumes from checkpoint n gives each writer its token as `resume`: the writer first ensures that n is committed (step 3 may
 * have been done, half done, or not at all) and that everything after n is gone.
 *
 * A database cannot promise in step 1 that it will commit in step 3 after a crash. So if writers have a `transaction`, that of the first
 * such writer decides: it is committed first, with its number n in it, and checkpoint n counts only if `committedCheckpoint` finds that
 * number. Further transactions of the run keep a redo log instead (`keepRedo`).
 */
export interface SinkContext<P = AnyParams, In = AnySchemas> extends RunContext<P, In, Record<never, never>> {
  /**
   * `end`: all or nothing. Rows become visible at the end of the run, by one `prepare` and `commit`; until then the output is as it was
   * before. `checkpoint`: with every checkpoint, many times; rows follow a commit.
   */
  readonly commits: 'end' | 'checkpoint';
  /**
   * What to resume from, or null for a run that starts from scratch (the first of its lineage, or one that failed before its first
   * checkpoint: undo what an earlier attempt of the same lineage left). With commits `end` there is no resuming: `run` ensures that the
   * checkpoint is committed, and the next call is `close`. `isOlder`: later checkpoints were committed, and are given up; remove what they
   * wrote if possible. Otherwise, whatever follows this checkpoint in an output that others may write to is theirs.
   */
  readonly resume: { readonly checkpoint: number; readonly token: Json; readonly isOlder?: boolean } | null;
  /** Identifies this pipeline's output across all restarts of one start from scratch: a marker in a database is stored under it. */
  readonly lineage: string;
}
export interface Writer {
  write(rows: readonly Row[]): void | Promise<void>;
  /**
   * Phase one. Absent if nothing outlives the process (rows kept in memory). Rows may be written right afterwards, and belong to the next
   * checkpoint.
   */
  prepare?(checkpoint: number): Json | Promise<Json>;
  /** Phase two: makes all prepared rows visible; everything written, if there was no `prepare`. */
  commit(checkpoint?: number): void | Promise<void>;
  /** Undoes everything since the last commit. Not called once a checkpoint is decided. */
  abort(): void | Promise<void>;
  /** Always called last, after commit or abort. */
  close(): void | Promise<void>;
  /** What this writer wrote, for the summary and the result view. */
  output(): Output;
  /**
   * For sinks with `takesParts`, in runs that commit at their end: the place for the rows of a part, or null if this output accepts none
   * after all. `index` counts them from 1. Called before the first row; leftovers of a killed run must not be in the way.
   */
  part?(index: number): Json | null;
  /**
   * Joins the rows of a part, by the result of `PartWriter.finish`, after all rows up to now. Called once for each part, in order, before
   * the commit.
   */
  join?(finished: Json): void | Promise<void>;
  /** Writers that become visible in one atomic step of their own (tables of one database) share one of these. */
  readonly transaction?: Transaction;
}
/**
 * Writes some of the rows of an output aside, in another thread: they become visible with the commit of the writer that joins them. `close`
 * removes them if that writer has not joined them.
 */
export interface PartWriter {
  write(rows: readonly Row[]): void | Promise<void>;
  /** All rows are written, and what is needed to join them is in place. Called once. */
  finish(): Json | Promise<Json>;
  /** Always last. After `finish` it leaves the rows where they are. */
  close(): void | Promise<void>;
}
export interface PartContext<P = AnyParams, In = AnySchemas> extends RunContext<P, In, Record<never, never>> {
  /** What `Writer.part` gave. */
  readonly part: Json;
}
export interface Transaction {
  /**
   * This transaction does not decide: from now on it records in `folder` what is needed to write the prepared rows once more, durable by
   * the end of `prepare`. Called before the first row.
   */
  keepRedo(folder: string): void;
  /** Everything is committed, and nothing will resume from it: records of checkpoints are removed, unless another program prevents it. */
  forget?(): void | Promise<void>;
}
export type Output =
  | { readonly kind: 'sqlite'; readonly path: string; readonly table: string }
  /** `isPattern`: several files, which become visible one after the other; `path` contains `*`. */
  | { readonly kind: 'file'; readonly path: string; readonly isPattern?: boolean }
  /** Rows that were printed to standard output. */
  | { readonly kind: 'printed' }
  /** Messages in a topic of a server. */
  | { readonly kind: 'topic'; readonly topic: string }
  /** A table of a server. `path`: where, for people. */
  | { readonly kind: 'table'; readonly path: string; readonly table: string }
  | { readonly kind: 'memory'; readonly rows: readonly Row[]; readonly schema: Schema };

// ---- The definition

/** A function of params in the definition of any node: as with methods, that of one node is assignable to that of any node. */
type OfParams<P, T> = { of(params: P): T }['of'];

type ExampleParams<P> = { readonly [K in keyof P]?: P[K] extends readonly (infer I)[] ? readonly (I extends object ? Partial<I> : I)[] : P[K] };
export interface Example<P = AnyParams, I extends Ports = Ports, O extends Ports = Ports> {
  readonly title: string;
  /** Params that differ from the defaults, also in the items of lists. */
  readonly params: ExampleParams<P>;
  readonly inputs?: Partial<ByPort<I, readonly Row[]>>;
  /** Needed if `inputs` has no rows from which to infer types. */
  readonly inputSchemas?: Partial<ByPort<I, Schema>>;
  /** Files to put beside the pipeline before the run, by relative path. */
  readonly files?: { readonly [path: string]: string | Uint8Array | { /** Bytes, deflated without a header, as base64. */ readonly deflated: string } };
  readonly outputs?: Partial<ByPort<O, readonly Row[]>>;
  /** Sinks: relative path -> expected text of the file, or for a SQLite file the rows per table. */
  readonly writes?: { readonly [path: string]: string | { readonly [table: string]: readonly { readonly [column: string]: Value }[] } };
  /** Expected messages (or parts of them) of the failures or problems, in order. */
  readonly failures?: readonly string[];
}
interface Definition<F extends Fields, I extends Ports, O extends Ports> extends Identity {
  /** Markdown: what it does, when to use it, its rules for null and errors. */
  readonly docs: string;
  readonly params: F;
  /** One line for the canvas card: `temperature > 30`. */
  card?(params: ParamsOf<F>): string;
  /** Total and cheap: called at each edit, with inputs that may still be unknown. Never throws, does no I/O. */
  infer(context: InferContext<ParamsOf<F>, I>): Inference<O>;
  readonly migrations?: readonly Migration[];
  /** The node's own codes, by what follows `type/`: see `nodeCodes`. */
  readonly codes?: CodeTable;
  readonly examples: readonly Example<ParamsOf<F>, I, O>[];
  /**
   * What it would touch if it ran, shown before a pipeline from elsewhere is trusted. File params count by themselves; everything else has
   * to be declared here. Pure. Paths as in the params.
   */
  reads?(params: ParamsOf<F>): readonly string[];
  writes?(params: ParamsOf<F>): readonly string[];
  /** Addresses at which it listens, with their port: `http://127.0.0.1:8700/rows`. */
  listens?(params: ParamsOf<F>): readonly string[];
  /** Addresses that it connects to beside those of its connection. Nodes can open nothing else: see `ConnectionDefinition.reaches`. */
  reaches?(params: ParamsOf<F>): readonly string[];
}
export interface OpensFiles {
  /** Without the dot, in lower case. `gz` may follow each. */
  readonly extensions: readonly string[];
  /** Whether a file begins like such a file. `head` is its beginning, decompressed: at most 64 KB. Takes precedence over the extension. */
  recognises(head: Uint8Array): boolean;
  /** The params with which such a source reads a file. `path` is the path for the params, `file` where the file is. */
  params(path: string, file: string): { readonly [name: string]: Json };
}
/** The code of a source or sink: see loaded.ts. */
interface CarriedOut {
  /**
   * Absent if all that it needs is in its own file. It is loaded before `opens.params`, `discover`, `run` and all others that do I/O are
   * called.
   */
  readonly code?: Loaded;
}
export interface SourceDefinition<F extends Fields = Fields, O extends Ports = Ports> extends Definition<F, readonly [], O>, CarriedOut {
  readonly kind: 'source';
  readonly outputs: O;
  /** False for a source that never ends by itself; a function if that depends on its params. */
  readonly bounded: boolean | OfParams<ParamsOf<F>, boolean>;
  /**
   * The column with these rows' event time, which the editor offers first. `simulated`: these times are unrelated to this machine's clock,
   * so none of them is too far ahead of it.
   */
  readonly eventTime?: { readonly column: string; readonly simulated?: boolean };
  /** Its input can be read only once. Absent: it can be opened again and gives the same rows, as long as the input does not change. */
  readonly readsOnce?: boolean;
  /** While it has no rows, its watermark does not move. Not set by sources themselves: event-time-source.ts does. */
  holdsBack?(params: ParamsOf<F>): boolean;
  /** Its rows have the time at which they are read. Not set by sources themselves: event-time-source.ts does. */
  timesByReading?(params: ParamsOf<F>): boolean;
  /**
   * For a source that can read one `Share` of its input: the column by whose values rows are in shares, or null where they are in any. Null
   * in place of that: not with these params.
   */
  shares?(params: ParamsOf<F>): { readonly key: string | null } | null;
  /** Reads the schema from the outside world: a file's first rows, a table's columns. Cached by the engine. */
  discover?(context: DiscoverContext<ParamsOf<F>>): Promise<Discovery>;
  /**
   * For a source that records commits outside of checkpoints: called with a durable position of which `Reader.committed` may not have been
   * notified because the run was killed, before anything resumes from there, and before it is forgotten.
   */
  acknowledge?(
    context: Pick<SourceContext<ParamsOf<F>>, 'params' | 'connection' | 'path' | 'signal' | 'log'>,
    position: Json,
    checkpoint: CheckpointRef,
  ): Promise<void>;
  /**
   * Called whenever a run resumes, before `acknowledge`, for each such source that has run since the start from scratch, in its plan or
   * not, with the checkpoint resumed from. Its records of later ones of that lineage are void. May be called twice.
   */
  rewind?(context: Pick<SourceContext<ParamsOf<F>>, 'params' | 'connection' | 'path' | 'signal' | 'log'>, checkpoint: CheckpointRef): Promise<void>;
  /** It reads rows that were kept in the errors table: see engine/plan/errors-table.ts. */
  readonly replaysErrors?: boolean;
  /**
   * What happens to failed rows, here and at every node that it feeds, if the pipeline does not say. Absent: the run stops. A source that
   * accepts what anybody sends has `keep`: one bad row of a stranger must not end the stream.
   */
  readonly onError?: 'skip' | 'keep';
  /** The address to which programs send rows while it runs, to be shown and copied: `http://127.0.0.1:8700/rows`. */
  address?(params: ParamsOf<F>): string;
  /**
   * Waits at its address for a first request, and returns the params that fit it, so that an editor learns the columns that programs send.
   * Nothing of it is kept, and its sender is told so. Ends at once when the signal fires.
   */
  listen?(context: ListenContext<ParamsOf<F>>): Promise<Heard>;
  /** The files that people may open or drop to get such a source. */
  readonly opens?: OpensFiles;
  /**
   * It reads text, and can give the cells of this column as they are written: no type was set for it. Columns are then planned as strings
   * with `asWritten`. See engine/plan/as-written.ts.
   */
  readsText?(params: ParamsOf<F>, column: Column): boolean;
  /** It may be read to its end at any time, and its failures then say what does not fit: the editor offers that. It has `Reader.progress`. */
  readonly scans?: boolean;
  /**
   * Stretches of the input, in order, that together are all of it, for several readers at once; one if it is small or cannot be split.
   * Their beginnings are guesses: the previous reader finds out whether a row begins there, and reads on if none does, or if `joinSplits`
   * says so. So rows, failures and places are always those of one reader. Absent if there can be only one.
   */
  split?(context: Pick<SourceContext<ParamsOf<F>>, 'params' | 'connection' | 'path' | 'signal'>, wanted: SplitSize): readonly Json[] | Promise<readonly Json[]>;
  /** What two consecutive stretches say together (`SplitEnd.told`); null if one reader of both would have read rows of the second differently. */
  joinSplits?(first: Json, second: Json): Json | null;
  run(context: SourceContext<ParamsOf<F>, PortSchemas<O>>): Reader | Promise<Reader>;
}
export interface TransformDefinition<F extends Fields = Fields, I extends Ports = Ports, O extends Ports = Ports> extends Definition<F, I, O> {
  readonly kind: 'transform';
  readonly inputs: I;
  readonly outputs: O;
  /** What it does, as data: see ops.ts. Total, pure and cheap. Inputs whose columns are not known yet have none. */
  lower(context: LowerContext<ParamsOf<F>, I>): Op;
  /** For a native operation only: its code. */
  run?(context: TransformContext<ParamsOf<F>, PortSchemas<I>, PortSchemas<O>>): Operator;
}
export interface LowerContext<P = AnyParams, I extends Ports = Ports> {
  readonly params: P;
  readonly inputs: ByPort<I, Schema>;
}
export interface SinkDefinition<F extends Fields = Fields, I extends Ports = Ports> extends Definition<F, I, readonly []>, CarriedOut {
  readonly kind: 'sink';
  readonly inputs: I;
  /** It keeps the rows that failed at nodes under the policy "keep": see engine/plan/errors-table.ts. */
  readonly keepsErrors?: boolean;
  /**
   * It writes strings unchanged into cells of that column, null as an empty one, and does nothing else with them. See
   * engine/plan/as-written.ts.
   */
  writesText?(params: ParamsOf<F>, column: string): boolean;
  /** The params with which it adds to existing rows, for rows that are replayed. Absent if it never replaces anything. */
  adding?(params: ParamsOf<F>): ParamsOf<F>;
  /**
   * The part of these files that it needs exclusively, if that is less than all of them: a table, for example. `isShared`: any number of
   * runs may write there at the same time, if all say so.
   */
  locks?(params: ParamsOf<F>): readonly { readonly path: string; readonly part?: string; readonly isShared?: boolean }[];
  /** Several runs may write into one output at the same time, each with checkpoints of its own. */
  readonly takesShares?: boolean;
  /** Whether rows of its output can be written in several threads, as far as the params say: see `PartWriter`. Absent: never. */
  takesParts?(params: ParamsOf<F>): boolean;
  openPart?(context: PartContext<ParamsOf<F>, PortSchemas<I>>): PartWriter | Promise<PartWriter>;
  run(context: SinkContext<ParamsOf<F>, PortSchemas<I>>): Writer | Promise<Writer>;
  /**
   * For sinks whose writers have a `transaction`: the number of the checkpoint that was committed last under this lineage, or null. Changes
   * nothing. `mustExist`: a checkpoint refers to this output, so if it is gone, an error with a code that says so is thrown.
   */
  committedCheckpoint?(
    context: Pick<SinkContext<ParamsOf<F>>, 'params' | 'connection' | 'path' | 'lineage' | 'signal'> & { readonly mustExist?: boolean },
  ): number | null | Promise<number | null>;
}
/** Any node of the catalogue, without the types of its params and ports. */
export type NodeDefinition = SourceDefinition | TransformDefinition | SinkDefinition;

/**
 * Declares a node; returns its argument, changed so that its code is loaded before it is used. The types of its params, and of everything
 * by port, follow from `params`, `inputs` and `outputs`.
 */
export function defineNode<const F extends Fields, const O extends Ports>(definition: SourceDefinition<F, O>): SourceDefinition<F, O>;
export function defineNode<const F extends Fields, const I extends Ports, const O extends Ports>(
  definition: TransformDefinition<F, I, O>,
): TransformDefinition<F, I, O>;
export function defineNode<const F extends Fields, const I extends Ports>(definition: SinkDefinition<F, I>): SinkDefinition<F, I>;
export function defineNode(definition: NodeDefinition): object {
  return definition.kind === 'transform' ? definition : loadingCode(definition);
}
