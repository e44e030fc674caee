import type { SinkContext, Undo } from '@millrace/kit/node';
import type { Json } from '../../model/values/types.ts';

/** A file that a sink writes bytes to, in two phases: see `SinkContext`. */
export interface CheckpointedFile {
  readonly path: string;
  /** How many bytes after the committed ones were cut off on opening, although they should not have been there. */
  readonly cut: number;
  /** The file has content already, and rows are appended. */
  readonly continues: boolean;
  /** Readers see each `write` at once. */
  readonly isLive: boolean;
  /** The first bytes of a file that is continued, unpacked; null where they cannot be read any more. */
  head(length: number): Buffer | null;
  /** True for a continued file whose last line has no end. Unknown, thus false, for a gzip file. */
  endsMidLine(): boolean;
  /** Callers hand in large pieces. A gzip file gets one member for each, which every reader takes as one stream. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** The name of a file for a part of what is to be written; absent where none can be taken up. `index` counts them from 1. */
  part?(index: number): string;
  /** Puts the content of such a file behind what was written, and removes it. */
  take?(part: string): void;
  /** Makes what was written durable and gives what it takes to commit it after a crash. */
  prepare(checkpoint: number): Json;
  /** Shows what was prepared, or where nothing was, all that was written. */
  commit(): void;
  /** Leaves the target as it was at the last commit. Also right after a commit that failed. */
  abort(): void;
  /** What `abort` would do, for when it cannot be called any more. */
  undo(): readonly Undo[];
  /** Rows that were written and not prepared are discarded; prepared rows stay, for a run that resumes. */
  close(): void;
}

export interface FileOptions {
  /** Appends to an existing file; otherwise the file is replaced. */
  readonly append: boolean;
  readonly gzip: boolean;
  readonly lineage?: string;
  readonly resume?: SinkContext<unknown>['resume'];
}
