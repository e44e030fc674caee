import type { Row } from '../../engine/schema/types.ts';
import type { Output, Writer } from '../kit/node.ts';
import type { FileOutput } from './file-output.ts';
import type { RowWriter } from './row-text.ts';
import { TextBuffer } from './text-buffer.ts';

/** Large enough to make a system call cheap, and to let gzip compress well. */
const flushBytes = 1 << 20;

/** Writes rows as lines of a text file. */
export class LineOutput implements Writer {
  readonly #file: FileOutput;
  readonly #rows: RowWriter;
  readonly #buffer = new TextBuffer();

  /** `header` is what a new file starts with; a continued one has it already. */
  constructor(file: FileOutput, rows: RowWriter, header: string) {
    this.#file = file;
    this.#rows = rows;
    if (!file.continues) this.#buffer.text(header);
    else if (file.endsMidLine()) this.#buffer.text('\n');
  }

  write(rows: readonly Row[]): void {
    this.#rows(rows, this.#buffer);
    if (this.#buffer.at >= flushBytes) this.#flush();
  }

  commit(): void {
    this.#flush();
    this.#file.commit();
  }

  abort(): void {
    this.#file.abort();
  }

  close(): void {
    this.#file.close();
  }

  output(): Output {
    return { kind: 'file', path: this.#file.path };
  }

  #flush(): void {
    if (this.#buffer.at > 0) this.#file.write(this.#buffer.take());
  }
}
