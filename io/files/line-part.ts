import { closeSync, openSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { PartWriter } from '@millrace/kit/node';
import type { Json, Row } from '../../model/values/types.ts';
import type { RowWriter } from '../text/row-text.ts';
import { TextBuffer } from '../text/text-buffer.ts';
import { writeAll } from './file-commit.ts';
import { flushBytes } from './line-output.ts';
import { outputProblem } from './output-problem.ts';

/** Writes rows as lines of a file that a `LineOutput` joins to its own: see `PartWriter`. */
export class LinePart implements PartWriter {
  readonly #path: string;
  readonly #rows: RowWriter;
  readonly #gzip: boolean;
  readonly #buffer = new TextBuffer();
  #descriptor: number | null;
  #isFinished = false;

  constructor(path: string, rows: RowWriter, gzip: boolean) {
    this.#path = path;
    this.#rows = rows;
    this.#gzip = gzip;
    try {
      this.#descriptor = openSync(path, 'w');
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  write(rows: readonly Row[]): void {
    this.#rows(rows, this.#buffer);
    if (this.#buffer.at >= flushBytes) this.#flush();
  }

  finish(): Json {
    if (this.#buffer.at > 0) this.#flush();
    this.#close();
    this.#isFinished = true;
    return this.#path;
  }

  close(): void {
    this.#close();
    if (!this.#isFinished) rmSync(this.#path, { force: true });
  }

  #flush(): void {
    const bytes = this.#buffer.take();
    try {
      if (this.#descriptor !== null) writeAll(this.#descriptor, this.#gzip ? gzipSync(bytes) : bytes);
    } catch (error) {
      throw outputProblem(error, this.#path);
    }
  }

  #close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}
