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
}
export interface SourceContext<P = AnyParams, Out = AnySchemas> extends RunContext<P, Record<never, never>, Out> {
  /** Rows per batch that suit the engine; a source may deliver fewer. */
  readonly batchSize: number;
  /** Where to resume, as returned by `position()`; null at the start. */
  readonly start: Json;
  /** What to read of the input, as `SourceDefinition.split` gave it; absent for all of it. With it there is no `start`. */
  readonly split?: Json;
  /** The wall clock, in milliseconds. */
  now(): number;
  /** Milliseconds of a monotonic clock: for durations. */
  elapsed(): number;
  /** The rows are for a preview: give what is there, the newest where there is much, then null. Wait for nothing, open no port, change nothing. */
  readonly sample: boolean;
  /**
   * A regular expression of the user, by its flags, as a function of texts. It is watched: one that backtracks without end ends the run
   * with a message that names `field`, the path of the param that holds it. Throws a SyntaxError for one that cannot be.
   */
  pattern(source: string, flags: string, field: string): (text: string) => RegExpExecArray | null;
  readonly order?: OrderCare | undefined;
  /** Counts and tells what was turned away at the door (a request that is no JSON). It ends no run, whatever the policy: whoever sent it has it still. */
  refuse(failure: RowFailure): void;
}
export interface WatermarkStep {
  readonly after: number;
  readonly watermark: number;
}
export interface SourceBatch {
  /** Empty if all that was read failed: the failures travel with the batch, and must not wait for a row that can be read. */
  readonly rows: readonly Row[];
  /** Where the i-th row of this batch came from. Called for failing rows only, before the next `read`. */
  readonly locate?: (index: number) => RowPosition;
  /**
   * Watermarks that have risen within the batch, in order: `watermark` holds once the first `after` rows are out. A row that is late by
   * the rows before it is so however they are split into batches. Sources themselves leave this out: event-time-source.ts sets it.
   */
  readonly watermarks?: readonly WatermarkStep[];
  /** Of a source whose parts (files, for instance) have each an order of their own: the part that these rows are of, by its `id` in `Reader.parts`. */
  readonly part?: string;
}
export interface Part {
  readonly id: string;
  /** More of it is there to be read. */
  readonly isWaiting: boolean;
}
export interface Backlog {
  readonly waiting: number;
  /** What was there and was gone before it could be read, as far as that is known, since the pipeline began. Absent where there is none. */
  readonly lost?: number;
  readonly unit: 'bytes' | 'rows';
}
export interface Reader {
  /**
   * The next batch (never empty), or null at the end. Not called again before it has settled. A source without rows for now
   * gives a promise; it ends within a second of `signal` or `close`, and then its result is not used.
   */
  read(): SourceBatch | null | Promise<SourceBatch | null>;
  /** The position after the last row that `read` has returned, not of those read ahead: serialisable. Checkpoints store it. */
  position(): Json;
  /**
   * Asked about ten times a second while a `read` is under way: what time does without rows. `idle` means that no watermark
   * should wait for this source. Sources themselves leave it out: event-time-source.ts gives it.
   */
  waiting?(): { readonly watermark?: number; readonly idle?: boolean };
  /** A checkpoint that holds this position is durable: the source may forget what lies before it (an inbox its rows). */
  committed?(position: Json, checkpoint: CheckpointRef): void | Promise<void>;
  /** The parts that are read side by side: the watermark is the least over them, those left out that have had nothing to read for a while. */
  parts?(): Iterable<Part>;
  /** Input that waits to be read, as far as known: rows in an inbox, bytes after the position in a file. */
  backlog?(): Backlog | null;
  /** Of a reader with a split, once `read` has given null: see `SplitEnd`. */
  splitEnd?(): SplitEnd;
  /** After that: `read` goes on behind the end of the split, to the end of the input, as if there had been none. */
  readOn?(): void;
  /** Reading progress; `total` is null if unknown. */
  progress?(): { readonly done: number; readonly total: number | null; readonly unit: 'bytes' | 'rows' };
  close(): void | Promise<void>;
}
/** How the input of a source is to be split: see `SourceDefinition.split`. */
export interface SplitSize {
  /** How many there are to be at most. */
  readonly most: number;
  /** Bytes, about, that are worth a reader of their own. */
  readonly leastBytes: number;
  /** Bytes, about, that the first of them has more than each other: its reader begins earlier. Default 0. */
  readonly lead?: number;
}
export interface SplitEnd {
  /** The next row of the input begins where the split ends: nothing is left of a row that goes on behind it. */
  readonly isBetweenRows: boolean;
  /** What how the next rows are read depends on, for `SourceDefinition.joinSplits`. */
  readonly told: Json;
}
export interface DiscoverContext<P> {
  readonly params: P;
  path(path: string): string;
  readonly signal: AbortSignal;
  /** For a run, which does not show the format of its input: `detected` is left out. */
  readonly brief?: boolean;
}
export interface Discovery {
  readonly schema: Schema | null;
  readonly problems?: readonly NodeProblem[];
  /** By column, for those about which the params say something: cells of the sample, and what they are read as. */
  readonly readings?: Readings;
  /** Files whose change makes this discovery stale; absolute paths. */
  readonly dependsOn?: readonly string[];
  /** What was found out about how the input is written, in the order in which to show it; of each column why it has its type. */
  readonly detected?: readonly Detected[];
}

export interface ListenContext<P> {
  readonly params: P;
  readonly signal: AbortSignal;
  /** Reports a request that cannot be a sample. The source keeps waiting. */
  refuse(failure: RowFailure): void;
}
/** What a first request carried. */
export interface Heard {
  /** What it says it is: a content type; empty where it says nothing. */
  readonly type: string;
  readonly bytes: number;
  /** The body as text, cut where it is long. */
  readonly body: string;
  /** What its rows may be, the likeliest first; at least one. */
  readonly choices: readonly HeardRows[];
}
export interface HeardRows {
  /** Where they are: a path such as `data.items`, or empty for the body itself. */
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** The params that follow, to be set over those of the node. */
  readonly params: { readonly [name: string]: Json };
}
