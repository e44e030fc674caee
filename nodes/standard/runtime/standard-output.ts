import type { Output, Writer } from '@millrace/kit/node';
import { writeAtReadersPace } from '../../../io/files/reader-pace.ts';
import type { RowWriter } from '../../../io/text/row-text.ts';
import { terminalFilter } from '../../../io/text/terminal-text.ts';
import { TextBuffer } from '../../../io/text/text-buffer.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Row } from '../../../model/values/types.ts';

type Filter = (bytes: Uint8Array) => Uint8Array;

/** Writes rows as lines to a descriptor at once. A slow reader makes the run wait. */
export class StandardOutput implements Writer {
  readonly #rows: RowWriter;
  readonly #descriptor: number;
  readonly #filter: Filter | null;
  readonly #signal: AbortSignal;
  readonly #buffer = new TextBuffer();

  /** Once the signal fires, nothing is waited for any more. */
  constructor(
    rows: RowWriter,
    header: string,
    {
      signal,
      descriptor = 1,
      filter = terminalFilter(descriptor),
    }: { readonly signal: AbortSignal; readonly descriptor?: number; readonly filter?: Filter | null },
  ) {
    this.#filter = filter;
    this.#rows = rows;
    this.#descriptor = descriptor;
    this.#signal = signal;
    this.#buffer.text(header);
  }

  async write(rows: readonly Row[]): Promise<void> {
    this.#rows(rows, this.#buffer);
    await this.#flush();
  }

  /** Only a header, if there were no rows. */
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
    try {
      await writeAtReadersPace(this.#descriptor, bytes, this.#signal);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') {
        const hint = 'The program that read it has ended. Let it read to the end, or limit the rows before this sink.';
        throw new MillraceError({ code: 'stdout/closed', message: 'No program reads standard output any more.', hint }, { cause: error });
      }
      throw new MillraceError(
        { code: 'stdout/unwritable', message: `Standard output cannot be written: ${message}.`, hint: 'Check where it leads.' },
        { cause: error },
      );
    }
  }
}
