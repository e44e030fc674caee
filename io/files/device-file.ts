import { closeSync, constants, openSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Undo } from '@millrace/kit/node';
import type { Json } from '../../model/values/types.ts';
import { terminalFilter } from '../text/terminal-text.ts';
import type { CheckpointedFile, FileOptions } from './checkpointed-file.ts';
import { writable } from './file-commit.ts';
import { outputProblem } from './output-problem.ts';
import { nextAttempt, writeAtReadersPace } from './reader-pace.ts';

/**
 * A device or a named pipe (`/dev/stdout`): its reader gets rows as they come, and they cannot be taken back, so after a crash some are
 * written once more. A reader that is slow, or does not exist yet, makes the run wait. Throws MillraceErrors.
 */
export class DeviceFile implements CheckpointedFile {
  readonly path: string;
  readonly continues: boolean;
  readonly isLive = true;
  readonly cut = 0;
  readonly #gzip: boolean;
  readonly #signal: AbortSignal;
  #descriptor: number | null = null;
  /** Only for a terminal. */
  #filter: ((bytes: Uint8Array) => Uint8Array) | null = null;

  constructor(path: string, options: FileOptions & { readonly signal: AbortSignal }) {
    this.path = path;
    this.continues = options.resume != null;
    this.#gzip = options.gzip;
    this.#signal = options.signal;
    try {
      writable(path);
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  head(): null {
    return null;
  }

  endsMidLine(): boolean {
    return false;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      this.#descriptor ??= await this.#open();
      if (this.#descriptor === null) return;
      const shown = this.#filter ? this.#filter(bytes) : bytes;
      await writeAtReadersPace(this.#descriptor, this.#gzip ? gzipSync(shown) : shown, this.#signal);
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  prepare(): Json {
    return null;
  }

  commit(): void {}

  abort(): void {
    this.close();
  }

  undo(): readonly Undo[] {
    return [];
  }

  close(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  /** Null if the run was cancelled before a reader opened it. */
  async #open(): Promise<number | null> {
    while (!this.#signal.aborted) {
      try {
        const descriptor = openSync(this.path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0));
        this.#filter = terminalFilter(descriptor);
        return descriptor;
      } catch (error) {
        const hasNoReader = (error as NodeJS.ErrnoException).code === 'ENXIO' && statSync(this.path).isFIFO();
        if (!hasNoReader) throw error;
      }
      await nextAttempt();
    }
    return null;
  }
}
