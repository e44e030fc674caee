/** The contract of sources: discovery, listening and reading. */

import type { RowPosition } from '../model/problems/problem.ts';
import type { Detected } from '../model/schema/detected.ts';
import type { Readings } from '../model/schema/reading.ts';
import type { ColumnType, Json, Row, Schema } from '../model/values/types.ts';
import type { AnyParams } from './fields.ts';
import type { AnySchemas, NodeProblem, OrderCare, RowFailure, RunContext } from './run-context.ts';

/** A checkpoint of a pipeline. */
export interface CheckpointRef {
  /** See `SinkContext.lineage`. */
  readonly lineage: string;
  /** Rises from one to the next. */
  readonly id: number;
  /** The run ends with it in order: drained, or with all input read. */
  readonly isLast?: boolean;
}
export interface SourceContext<P = AnyParams, Out = AnySchemas> extends RunContext<P, Record<never, never>, Out> {
  /** A good number of rows per batch for the engine; a source may deliver fewer. */
  readonly batchSize: number;
  /** Where to resume, as returned by `position()`; null at the start. */
  readonly start: Json;
  /** What to read of the input, as returned by `SourceDefinition.split`; absent for all of it. With it there is no `start`. */
  readonly split?: Json;
  /** Which part of the input to read, where several runs share it: see `SourceDefinition.shares`. Absent for all of it. */
  readonly share?: Share | undefined;
  /** The wall clock, in milliseconds. */
  now(): number;
  /** Milliseconds of a monotonic clock: for durations. */
  elapsed(): number;
  /** The rows are for a preview: return what exists, the newest if there is much, then null. Do not wait, open no port, change nothing. */
  readonly sample: boolean;
  /**
   * A regular expression of the user, by its flags, as a function of texts. It is watched: one that backtracks without end ends the run
   * with a message that names `field`, the path of its param. Throws a SyntaxError for an invalid one.
   */
  pattern(source: string, flags: string, field: string): (text: string) => RegExpExecArray | null;
  readonly order?: OrderCare | undefined;
  /** Counts and reports input that was refused (a request that is not JSON). It ends no run, whatever the policy: the sender still has it. */
  refuse(failure: RowFailure): void;
}
/** One of `count` parts of an input that are read by runs of their own. */
export interface Share {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Rows of one key have to be in one share, in all sources of the run: a row without a key fails. */
  readonly byKey: boolean;
}
export interface WatermarkStep {
  readonly after: number;
  readonly watermark: number;
}
export interface SourceBatch {
  /**
   * Empty if everything that was read failed (the failures are part of the batch, and must not wait for a row that can be read), or if
   * nothing was read and the position has moved all the same.
   */
  readonly rows: readonly Row[];
  /** Where the i-th row of this batch came from. Called for failing rows only, before the next `read`. */
  readonly locate?: (index: number) => RowPosition;
  /**
   * Watermarks that have risen within the batch, in order: `watermark` holds once the first `after` rows are emitted. So whether a row is
   * late because of the rows before it does not depend on how they are split into batches. Not set by sources themselves:
   * event-time-source.ts does.
   */
  readonly watermarks?: readonly WatermarkStep[];
  /** For a source whose parts (files, for example) each have an order of their own: the part of these rows, by its `id` in `Reader.parts`. */
  readonly part?: string;
}
export interface Part {
  readonly id: string;
  /** More of it can be read, or nobody knows: the watermark waits for it. */
  readonly isWaiting: boolean;
  /** There is no watermark yet: it has not been read as far as it was when the run began, and others are to wait for that. */
  readonly isReadFirst?: boolean;
}
export interface Backlog {
  readonly waiting: number;
  /** Input that existed and was gone before it could be read, as far as known, since the pipeline began. Absent if there is none. */
  readonly lost?: number;
  readonly unit: 'bytes' | 'rows';
}
export interface Reader {
  /**
   * The next batch (never empty), or null at the end. Not called again before it has settled. A source without rows for now returns a
   * promise; it ends within a second of `signal` or `close`, and its result is then ignored.
   */
  read(): SourceBatch | null | Promise<SourceBatch | null>;
  /** The position after the last row that `read` has returned, without rows read ahead: serialisable. Checkpoints store it. */
  position(): Json;
  /**
   * Called about ten times a second while a `read` is pending: the effect of time without rows. `idle` means that no watermark should wait
   * for this source. Not set by sources themselves: event-time-source.ts does.
   */
  waiting?(): { readonly watermark?: number; readonly idle?: boolean };
  /** A checkpoint with this position is durable: the source may drop what lies before it (an inbox its rows). */
  committed?(position: Json, checkpoint: CheckpointRef): void | Promise<void>;
  /** The parts that are read in parallel: the watermark is the minimum over them, without those that have had nothing to read for a while. */
  parts?(): Iterable<Part>;
  /** Input that waits to be read, as far as known: rows in an inbox, bytes after the position in a file. */
  backlog?(): Backlog | null;
  /** For a reader with a split, once `read` has returned null: see `SplitEnd`. */
  splitEnd?(): SplitEnd;
  /** After that, `read` continues after the end of the split, to the end of the input, as if there had been none. */
  readOn?(): void;
  /** Reading progress; `total` is null if unknown. */
  progress?(): { readonly done: number; readonly total: number | null; readonly unit: 'bytes' | 'rows' };
  close(): void | Promise<void>;
}
/** How the input of a source is to be split: see `SourceDefinition.split`. */
export interface SplitSize {
  /** The maximum number of stretches. */
  readonly most: number;
  /** About how many bytes are worth a reader of their own. */
  readonly leastBytes: number;
  /** Bytes, about, that the first of them has more than each other: its reader begins earlier. Default 0. */
  readonly lead?: number;
}
export interface SplitEnd {
  /** The next row of the input begins where the split ends: no row continues across it. */
  readonly isBetweenRows: boolean;
  /** What affects how the next rows are read, for `SourceDefinition.joinSplits`. */
  readonly told: Json;
}
export interface DiscoverContext<P> {
  readonly params: P;
  path(path: string): string;
  readonly connection?: RunContext['connection'];
  readonly signal: AbortSignal;
  /** For a run, which does not show the format of its input: `detected` is omitted. */
  readonly brief?: boolean;
}
export interface Discovery {
  readonly schema: Schema | null;
  readonly problems?: readonly NodeProblem[];
  /** By column, for those that the params mention: cells of the sample, and the values read from them. */
  readonly readings?: Readings;
  /** Files whose change makes this discovery stale; absolute paths. */
  readonly dependsOn?: readonly string[];
  /** The detected format of the input, in the order in which to show it; for each column why it has its type. */
  readonly detected?: readonly Detected[];
}

export interface ListenContext<P> {
  readonly params: P;
  readonly signal: AbortSignal;
  /** Reports a request that cannot be a sample. The source continues to wait. */
  refuse(failure: RowFailure): void;
}
/** The content of a first request. */
export interface Heard {
  /** Its declared content type; empty if it has none. */
  readonly type: string;
  readonly bytes: number;
  /** The body as text, cut where it is long. */
  readonly body: string;
  /** What its rows may be, the most likely first; at least one. */
  readonly choices: readonly HeardRows[];
}
export interface HeardRows {
  /** Where they are: a path such as `data.items`, or empty for the body itself. */
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** The resulting params, to be set over those of the node. */
  readonly params: { readonly [name: string]: Json };
}
