/** The rows of a stream that can be read only once, from start to end. */
import { read } from 'node:fs';
import type { Reader, SourceBatch } from '@millrace/kit/node';
import type { Batch, Parser, Window } from '../../../io/files/file-rows.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json } from '../../../model/values/types.ts';

const chunkBytes = 64 * 1024;
const lineFeed = 10;
const nothing = Buffer.alloc(0);
const file = { path: '-', name: 'standard input', size: 0 };

export class StandardInput implements Reader {
  readonly #parser: Parser;
  readonly #batchSize: number;
  readonly #descriptor: number;
  readonly #window: { -readonly [K in keyof Window]: Window[K] } = { file, bytes: nothing, at: 0, line: 1, last: false, translated: false };
  #closed = false;
  #giveUp: () => void = () => {};

  /** `line`: how many lines were read before, to continue their numbers. */
  constructor(parser: Parser, options: { readonly batchSize: number; readonly line: number; readonly signal: AbortSignal; readonly descriptor?: number }) {
    this.#parser = parser;
    this.#batchSize = options.batchSize;
    this.#descriptor = options.descriptor ?? 0;
    this.#window.line = options.line;
    parser.begin(file, options.line > 1);
    if (options.signal.aborted) this.#stop();
    else options.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  async read(): Promise<SourceBatch | null> {
    const batch: Batch = { rows: [], lines: [], size: this.#batchSize };
    for (;;) {
      this.#parser.parse(this.#window, batch);
      // What has arrived is passed on at once: the writer may wait long before the next line.
      if (batch.rows.length > 0) break;
      if (this.#closed || this.#window.last || !(await this.#fill())) return null;
    }
    const { rows, lines } = batch;
    return { rows, locate: (index) => ({ source: file.name, line: lines[index] ?? 1 }) };
  }

  position(): Json {
    return { line: this.#window.line };
  }

  close(): void {
    this.#stop();
  }

  /** False when nothing more follows. */
  async #fill(): Promise<boolean> {
    const window = this.#window;
    const rest = window.bytes.subarray(window.at);
    const bytes = Buffer.allocUnsafe(rest.length + chunkBytes);
    rest.copy(bytes);
    const count = await this.#more(bytes, rest.length);
    window.at = 0;
    window.bytes = bytes.subarray(0, rest.length + Math.max(0, count));
    if (count > 0) return true;
    window.last = true;
    if (this.#closed || rest.length === 0) return false;
    if (rest[rest.length - 1] !== lineFeed) window.bytes = Buffer.concat([rest, Buffer.of(lineFeed)]);
    return true;
  }

  /** A read that waits for its writer cannot be cancelled: stopping does not wait for it. */
  #more(bytes: Buffer, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(0);
      const attempt = () =>
        read(this.#descriptor, bytes, at, chunkBytes, null, (error, count) => {
          if (error?.code === 'EAGAIN' && !this.#closed) setTimeout(attempt, 10);
          else if (error?.code === 'EOF') resolve(0);
          else if (error) reject(unreadable(error));
          else resolve(count);
        });
      attempt();
    });
  }

  #stop(): void {
    this.#closed = true;
    this.#giveUp();
  }
}

function unreadable(error: NodeJS.ErrnoException): MillraceError {
  const hint = 'Send rows into the command: cat rows.jsonl | millrace run pipeline.millrace.json';
  return new MillraceError({ code: 'stdin/unreadable', message: `Standard input cannot be read: ${error.message}.`, hint }, { cause: error });
}
