import { Worker } from 'node:worker_threads';
import type { Problem } from '../schema/problem.ts';
import { entryFile } from '../threads.ts';
import type { TypedCode } from './typecheck.ts';

/** Long enough to skip the checks of half-typed words. */
const debounceMs = 120;

/** Type checks in a thread of their own: the newest wins, and each document hears of its latest only. */
export class TypeChecks {
  readonly #onChecked: (documentId: string, problems: readonly Problem[]) => void;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** By request: the document it is for. An older request of the same document is dropped. */
  readonly #asked = new Map<number, string>();
  #worker: Worker | null = null;
  #nextId = 1;

  constructor(onChecked: (documentId: string, problems: readonly Problem[]) => void) {
    this.#onChecked = onChecked;
  }

  /** Answers by `onChecked`, unless something newer of the same document is asked before. */
  request(documentId: string, code: readonly TypedCode[]): void {
    this.forget(documentId);
    if (code.length === 0) {
      this.#onChecked(documentId, []);
      return;
    }
    this.#waiting.set(
      documentId,
      setTimeout(() => {
        this.#waiting.delete(documentId);
        const id = this.#nextId++;
        this.#asked.set(id, documentId);
        this.#start().postMessage({ id, code });
      }, debounceMs),
    );
  }

  forget(documentId: string): void {
    clearTimeout(this.#waiting.get(documentId));
    this.#waiting.delete(documentId);
    for (const [id, asked] of this.#asked) if (asked === documentId) this.#asked.delete(id);
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#asked.clear();
    void this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(entryFile('typecheck-thread'));
    worker.unref();
    worker.on('message', ({ id, problems }: { readonly id: number; readonly problems: readonly Problem[] }) => {
      const documentId = this.#asked.get(id);
      this.#asked.delete(id);
      if (documentId !== undefined) this.#onChecked(documentId, problems);
    });
    worker.on('error', (error) => {
      process.stderr.write(`millrace: the type check failed: ${error.stack}\n`);
      this.#worker = null;
      this.#asked.clear();
    });
    this.#worker = worker;
    return worker;
  }
}
