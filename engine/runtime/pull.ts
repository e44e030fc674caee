import type { Reader, SourceBatch } from '../../nodes/kit/node.ts';
import type { NodeId } from '../document/pipeline.ts';
import { MillraceError } from '../schema/problem.ts';
import type { Dataflow } from './dataflow.ts';

/** How long the thread may be busy before it looks at messages and timers. */
const breathAfterMs = 50;

/** Thrown where work ends because the run was stopped. */
export class Stopped extends MillraceError {
  constructor() {
    super({ code: 'run/stopped', severity: 'info', message: 'The run was stopped.' });
  }
}

/**
 * Reads sources to their ends and pushes what they deliver: group by group, the sources of a group in turns. Batches are
 * read one at a time, and the next one only when the sinks have taken the last. Rejects with the first error, or with
 * `Stopped` soon after `signal` fires; all readers are closed by then.
 */
export class Pull {
  readonly #flow: Dataflow;
  readonly #abort: AbortController;
  readonly #readers = new Map<NodeId, Reader>();
  #lastBreath = performance.now();

  constructor(flow: Dataflow, abort: AbortController) {
    this.#flow = flow;
    this.#abort = abort;
  }

  async run(groups: readonly (readonly NodeId[])[]): Promise<void> {
    for (const group of groups) {
      const failed: unknown[] = [];
      const inTurns = group.length > 1;
      await Promise.all(
        group.map((source) =>
          this.#read(source, inTurns).catch((error: unknown) => {
            failed.push(error);
            this.#abort.abort();
          }),
        ),
      );
      const [first] = failed;
      if (first !== undefined) throw failed.find((error) => !(error instanceof Stopped)) ?? first;
    }
  }

  progress(): { readonly [source: NodeId]: ReturnType<NonNullable<Reader['progress']>> } {
    return Object.fromEntries([...this.#readers].flatMap(([source, reader]) => (reader.progress ? [[source, reader.progress()]] : [])));
  }

  async #read(source: NodeId, inTurns: boolean): Promise<void> {
    const reader = await this.#flow.openReader(source);
    this.#readers.set(source, reader);
    try {
      while (this.#flow.isNeeded(source)) {
        if (this.#abort.signal.aborted) throw new Stopped();
        const read = reader.read();
        const batch = read instanceof Promise ? await this.#unlessStopped(read) : read;
        if (batch === null) break;
        const pushed = this.#flow.push(source, batch);
        if (pushed) await pushed;
        if (performance.now() - this.#lastBreath > breathAfterMs) await this.#breathe();
        else if (inTurns) await null;
      }
    } finally {
      await reader.close();
    }
    if (this.#abort.signal.aborted) throw new Stopped();
    await this.#flow.end(source);
  }

  async #breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#lastBreath = performance.now();
  }

  /** A source that waits should end by itself when the run is stopped; this does not count on it. */
  #unlessStopped(read: Promise<SourceBatch | null>): Promise<SourceBatch | null> {
    const { signal } = this.#abort;
    return new Promise((resolve, reject) => {
      const stop = () => reject(new Stopped());
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      read.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }
}
