import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { keepNewest } from '../../model/values/newest.ts';
import { WorkerPool } from '../processes/pool.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import type { ScanProgress, ScanResult } from '../protocol/messages.ts';
import type { ScanJob } from './scan.ts';

/** Whoever started a scan sees how far it is, and can stop it: no other limit is right for files of any size. */
const noLimitMs = 20 * 86_400_000;
const memoryMb = 1024;
/** Two large files at once keep a disk busy; more would only take turns. */
const most = 2;
const kept = 100;

/** What would be read: differs when a param or a file does. */
export interface KeyedScan extends ScanJob {
  readonly key: string;
}

/**
 * Reads sources to their end, in processes that can be killed, and remembers what was found until they would read something else.
 * One scan of a document's source at a time: a newer one stops the older.
 */
export class Scans {
  readonly #pool = new WorkerPool<ScanJob, ScanResult>({ secrets: ({ secrets }) => secrets, entry: 'scan', limitMs: noLimitMs, memoryMb, most });
  readonly #results = new Map<string, ScanResult>();
  /** By document and node. */
  readonly #running = new Map<string, { readonly documentId: string; readonly stop: AbortController }>();

  found(key: string): ScanResult | null {
    return this.#results.get(key) ?? null;
  }

  /**
   * `prepare` is asked before and after: where the answer differs, something has changed meanwhile, and the result is not remembered.
   * Rejects with `scan/stopped` where `signal` or a newer scan stops it.
   */
  async run(
    documentId: string,
    node: string,
    prepare: () => Promise<KeyedScan>,
    onProgress: (progress: ScanProgress) => void,
    signal: AbortSignal,
  ): Promise<ScanResult> {
    const name = JSON.stringify([documentId, node]);
    this.#running.get(name)?.stop.abort();
    const stop = new AbortController();
    const own = { documentId, stop };
    this.#running.set(name, own);
    const ended = AbortSignal.any([stop.signal, signal]);
    try {
      const { key, ...job } = await prepare();
      const result = await this.#pool.run(job, { signal: ended, onProgress: (progress) => onProgress(progress as ScanProgress) });
      if ((await prepare()).key === key) this.#remember(key, result);
      return result;
    } catch (error) {
      if (ended.aborted) throw new MillraceError(stopped);
      throw error instanceof WorkerEnded ? new MillraceError(problemOfEnd(error)) : error;
    } finally {
      if (this.#running.get(name) === own) this.#running.delete(name);
    }
  }

  /** Stops what goes on for a document. */
  forget(documentId: string): void {
    for (const running of this.#running.values()) if (running.documentId === documentId) running.stop.abort();
  }

  close(): void {
    this.#pool.close();
  }

  #remember(key: string, result: ScanResult): void {
    this.#results.delete(key);
    this.#results.set(key, result);
    keepNewest(this.#results, kept);
  }
}

const stopped: Problem = { code: 'scan/stopped', severity: 'info', message: 'The check of the whole input was stopped.', hint: 'Start it again.' };

function problemOfEnd({ reason, message }: WorkerEnded): Omit<Problem, 'severity'> {
  if (reason === 'memory') {
    const hint = 'Check the input for very large rows or values.';
    return { code: 'source/memory', message: `Checking the input needed more than ${memoryMb} MB of memory and was stopped.`, hint };
  }
  return { code: 'scan/ended', message: `The check of the input ended unexpectedly: ${message}.`, hint: 'Start it again.' };
}
