import type { SinkContext, Undo } from '@millrace/kit/node';
import type { Json } from '../../model/values/types.ts';

/** A file to which a sink writes bytes, in two phases: see `SinkContext`. */
export interface CheckpointedFile {
  readonly path: string;
  /** How many bytes after the committed ones were unexpected, and were cut off on opening. */
  readonly cut: number;
  /** The file already has content, and rows are appended. */
  readonly continues: boolean;
  /** Readers see each `write` at once. */
  readonly isLive: boolean;
  /** The first bytes of an existing file, decompressed; null if they can no longer be read. */
  head(length: number): Buffer | null;
  /** True for an existing file whose last line has no end. Unknown, thus false, for a gzip file. */
  endsMidLine(): boolean;
  /** Callers pass large pieces. A gzip file gets one member for each, which every reader takes as one stream. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** The name of a file for a part of the output; absent if no parts can be joined. `index` counts them from 1. */
  part?(index: number): string;
  /** Appends the content of such a file to what was written, and removes it. */
  take?(part: string): void;
  /** Makes what was written durable and returns what is needed to commit it after a crash. */
  prepare(checkpoint: number): Json;
  /** Makes visible what was prepared or, if nothing was, all that was written. */
  commit(): void;
  /** Leaves the target as it was at the last commit. Also right after a commit that failed. */
  abort(): void;
  /** What `abort` would do, for when it can no longer be called. */
  undo(): readonly Undo[];
  /** Rows that were written but not prepared are discarded; prepared rows stay, for a run that resumes. */
  close(): void;
}

export interface FileOptions {
  /** Appends to an existing file; otherwise the file is replaced. */
  readonly append: boolean;
  readonly gzip: boolean;
  readonly lineage?: string;
  readonly resume?: SinkContext<unknown>['resume'];
}
