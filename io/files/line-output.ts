import type { Output, Undo, Writer } from '@millrace/kit/node';
import type { Json, Row } from '../../model/values/types.ts';
import type { RowWriter } from '../text/row-text.ts';
import { TextBuffer } from '../text/text-buffer.ts';
import type { CheckpointedFile } from './checkpointed-file.ts';

/** Large enough to make a system call cheap, and to let gzip compress well. */
export const flushBytes = 1 << 20;

/** Writes rows as lines of a text file. */
export class LineOutput implements Writer {
  readonly #file: CheckpointedFile;
  readonly #rows: RowWriter;
  readonly #guard: (undo: readonly Undo[]) => void;
  readonly #buffer = new TextBuffer();
  #isPrepared = false;

  /** `header` is the beginning of a new file; an existing one has it already. */
  constructor(file: CheckpointedFile, rows: RowWriter, header: string, guard: (undo: readonly Undo[]) => void = () => {}) {
    this.#file = file;
    this.#rows = rows;
    this.#guard = guard;
    if (!file.continues) this.#buffer.text(header);
    else if (file.endsMidLine()) this.#buffer.text('\n');
    guard(file.undo());
  }

  write(rows: readonly Row[]): void | Promise<void> {
    this.#rows(rows, this.#buffer);
    if (this.#file.isLive || this.#buffer.at >= flushBytes) return this.#flush();
  }

  async prepare(checkpoint: number): Promise<Json> {
    await this.#flush();
    this.#isPrepared = true;
    return this.#file.prepare(checkpoint);
  }

  /** Rows that came after `prepare` stay in the buffer, or in the part that it began. */
  async commit(): Promise<void> {
    if (!this.#isPrepared) await this.#flush();
    this.#isPrepared = false;
    this.#file.commit();
    this.#guard(this.#file.undo());
  }

  abort(): void {
    this.#file.abort();
  }

  close(): void {
    this.#file.close();
  }

  part(index: number): Json | null {
    const part = this.#file.part?.(index) ?? null;
    if (part !== null) this.#guard(this.#file.undo());
    return part;
  }

  async join(finished: Json): Promise<void> {
    await this.#flush();
    this.#file.take?.(finished as string);
  }

  output(): Output {
    return { kind: 'file', path: this.#file.path };
  }

  #flush(): void | Promise<void> {
    if (this.#buffer.at > 0) return this.#file.write(this.#buffer.take());
  }
}
