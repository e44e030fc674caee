import { writeSync } from 'node:fs';
import type { RowWriter } from '../../io/text/row-text.ts';
import { terminalFilter } from '../../io/text/terminal-text.ts';
import { TextBuffer } from '../../io/text/text-buffer.ts';
import type { Output, Writer } from '../../kit/node.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Row } from '../../model/values/types.ts';

const retryMs = 5;

/** Writes rows as lines to a descriptor at once. A reader that is slow holds the run up. */
export class StandardOutput implements Writer {
  readonly #rows: RowWriter;
  readonly #descriptor: number;
  readonly #filter: ((bytes: Uint8Array) => Uint8Array) | null;
  readonly #buffer = new TextBuffer();

  constructor(rows: RowWriter, header: string, descriptor = 1, filter = terminalFilter(descriptor)) {
    this.#filter = filter;
    this.#rows = rows;
    this.#descriptor = descriptor;
    this.#buffer.text(header);
  }

  async write(rows: readonly Row[]): Promise<void> {
    this.#rows(rows, this.#buffer);
    await this.#flush();
  }

  /** A header alone, where no rows came. */
  async commit(): Promise<void> {
    await this.#flush();
  }

  abort(): void {}

  close(): void {}

  output(): Output {
    return { kind: 'printed' };
  }

  async #flush(): Promise<void> {
    if (this.#buffer.at === 0) return;
    const taken = this.#buffer.take();
    const bytes = this.#filter ? this.#filter(taken) : taken;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#descriptor, bytes, done);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') {
          const hint = 'The program that read it has ended. Let it read to the end, or limit the rows before this sink.';
          throw new MillraceError({ code: 'stdout/closed', message: 'Nobody reads standard output any more.', hint }, { cause: error });
        }
        if (code !== 'EAGAIN') {
          throw new MillraceError(
            { code: 'stdout/unwritable', message: `Standard output cannot be written: ${message}.`, hint: 'Look at where it leads.' },
            { cause: error },
          );
        }
        // A pipe that is full, in a process that must not wait for it.
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }
}
