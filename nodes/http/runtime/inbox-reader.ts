import type { Reader, RowFailure, SourceBatch } from '@millrace/kit/node';
import { thousands } from '../../../model/text/thousands.ts';
import type { Json } from '../../../model/values/types.ts';
import type { Inbox } from './inbox.ts';

/** Reads an inbox without end. Rows that are in a checkpoint are removed from it. */
export class InboxReader implements Reader {
  readonly #inbox: Inbox;
  readonly #batchSize: number;
  readonly #signal: AbortSignal;
  readonly #fail: (failure: RowFailure) => void;
  readonly #onClose: () => Promise<void>;
  #seq: number;
  #closed = false;
  #wake: () => void = () => {};

  constructor(
    inbox: Inbox,
    start: Json,
    context: { readonly batchSize: number; readonly signal: AbortSignal; fail(failure: RowFailure): void; log(level: 'warning', message: string): void },
    onClose: () => Promise<void>,
  ) {
    this.#inbox = inbox;
    this.#batchSize = context.batchSize;
    this.#signal = context.signal;
    this.#fail = (failure) => context.fail(failure);
    this.#onClose = onClose;
    this.#seq = (start as { readonly seq: number } | null)?.seq ?? 0;
    inbox.onAdded = () => this.#wake();
    const gone = start === null ? 0 : inbox.forgotten(this.#seq);
    if (gone > 0) {
      const words = gone === 1 ? '1 row that a later checkpoint had taken over is' : `${thousands(gone)} rows that a later checkpoint had taken over are`;
      context.log('warning', `${words} no longer in the inbox, and cannot be read again: files that are restored to this checkpoint lack their results.`);
    }
    context.signal.addEventListener('abort', this.#rouse, { once: true });
  }

  /** Rows that wait to be read. Numbers have no gaps. */
  get unread(): number {
    return this.#inbox.last - this.#seq;
  }

  async read(): Promise<SourceBatch | null> {
    while (!this.#closed && !this.#signal.aborted) {
      if (this.unread > 0) {
        const { rows, last } = this.#inbox.read(this.#seq, this.#batchSize, this.#fail);
        this.#seq = last;
        return { rows };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return null;
  }

  position(): Json {
    return { seq: this.#seq };
  }

  committed(position: Json): void {
    this.#inbox.forget((position as { readonly seq: number }).seq);
  }

  backlog() {
    return { waiting: this.unread, unit: 'rows' as const };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#signal.removeEventListener('abort', this.#rouse);
    this.#wake();
    await this.#onClose();
    this.#inbox.close();
  }

  readonly #rouse = (): void => this.#wake();
}
