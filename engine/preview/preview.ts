import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { NodeId } from '../document/pipeline.ts';
import { WorkerPool } from '../processes/pool.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import type { PreviewResult } from '../protocol/messages.ts';
import type { PhysicalPlan, SecretTexts } from '../protocol/physical-plan.ts';
import { newMonitor } from '../runners/local/monitor.ts';
import { type Phase, phaseOf } from './activity.ts';

const defaultLimitMs = 5000;
/** How long a preview may continue once no request waits for it: the user is still typing, or has just fixed an endless loop. */
const unwantedMs = 500;
const defaultMemoryMb = 1024;
/** Kept warm, so that the first keystroke after a pause is answered at once. */
const idleMs = 10 * 60_000;

/** What one preview takes. Plain data. */
export interface PreviewJob {
  /** What is upstream of `node`, that one included. */
  readonly plan: PhysicalPlan;
  /** Where relative paths of the params start. */
  readonly folder: string;
  readonly secrets?: SecretTexts;
  readonly node: NodeId;
  /** An output port, `errors`, or for a sink anything: it shows its input. */
  readonly port: string;
  /** Rows to answer at most. */
  readonly limit: number;
  /** By source: differs when the source would read something else, so that its sample must be read again. */
  readonly sampleKeys: { readonly [source: NodeId]: string };
}

export interface PreviewOptions {
  readonly limitMs?: number;
  readonly memoryMb?: number;
  /** The file of the process, where it is not the built one. */
  readonly file?: string;
}

/**
 * Previews, one at a time, in a process that is killed when one takes longer or more memory than it may: the error then names
 * the node that was at work. Of each document the newest wins.
 */
export class Preview {
  readonly #pool: WorkerPool<PreviewJob, PreviewResult>;
  /** By document: ends what it asked last. */
  readonly #newest = new Map<string, AbortController>();

  constructor({ limitMs = defaultLimitMs, memoryMb = defaultMemoryMb, file }: PreviewOptions = {}) {
    this.#pool = new WorkerPool({ entry: file === undefined ? 'preview' : { file }, limitMs, memoryMb, idleMs, secrets: ({ secrets }) => secrets });
  }

  /** Starts the process ahead of the first preview. */
  prepare(): void {
    this.#pool.prepare();
  }

  /**
   * Supersedes what the document asked before, at once: `prepare` may take its time, and an older one may be done later.
   * Rejects with code `preview/superseded` when a newer one arrives before the answer, or `signal` says so.
   */
  async read(documentId: string, prepare: () => PreviewJob | Promise<PreviewJob>, signal?: AbortSignal): Promise<PreviewResult> {
    this.forget(documentId);
    const own = new AbortController();
    this.#newest.set(documentId, own);
    const ended = signal ? AbortSignal.any([own.signal, signal]) : own.signal;
    let job: PreviewJob | null = null;
    try {
      job = await untilAborted(Promise.resolve(prepare()), ended);
      return await this.#pool.run(job, { signal: ended, graceMs: Math.min(unwantedMs, this.#pool.limitMs) });
    } catch (error) {
      if (ended.aborted) throw superseded();
      throw error instanceof WorkerEnded ? new MillraceError(this.#problem(error, job?.plan)) : error;
    } finally {
      if (this.#newest.get(documentId) === own) this.#newest.delete(documentId);
    }
  }

  /** Answers what the document still waits for with `preview/superseded`. */
  forget(documentId: string): void {
    this.#newest.get(documentId)?.abort();
    this.#newest.delete(documentId);
  }

  close(): void {
    for (const documentId of [...this.#newest.keys()]) this.forget(documentId);
    this.#pool.close();
  }

  #problem({ reason, message, activity, notes }: WorkerEnded, plan: PhysicalPlan | undefined): Omit<Problem, 'severity'> {
    const { phase, node, code } = phaseOf(activity.length > 0 ? Int32Array.from(activity) : newMonitor(), plan);
    const { field } = (notes as readonly { readonly code: number; readonly field: string }[]).findLast((note) => note.code === code) ?? {};
    const at = { ...(node ? { node } : {}), ...(field ? { field } : {}) };
    switch (reason) {
      case 'time':
        return { ...tooLong(phase, this.#pool.limitMs / 1000), ...at };
      case 'memory':
        return { ...tooMuch(phase, this.#pool.memoryMb), ...at };
      case 'cancelled':
        return superseded().problem;
      default:
        return { code: 'preview/crashed', message: `The preview ended unexpectedly: ${message}.`, hint: 'Change the pipeline, or try again.', ...at };
    }
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = () => reject(superseded());
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function superseded(): MillraceError {
  return new MillraceError({ code: 'preview/superseded', severity: 'info', message: 'A newer preview took its place.' });
}

function tooLong(phase: Phase, seconds: number): Omit<Problem, 'severity'> {
  if (phase === 'sampling') {
    const hint = 'Check the source: a slow disk or network, a query that computes for long, or a rate of very few rows.';
    return { code: 'source/slow', message: `The first rows did not come within ${seconds} s.`, hint };
  }
  return {
    code: 'code/endless',
    message: `The code did not end within ${seconds} s and was stopped.`,
    hint: 'Look for a loop that never ends, or a pattern such as (a+)+ that tries too much.',
  };
}

function tooMuch(phase: Phase, memoryMb: number): Omit<Problem, 'severity'> {
  if (phase === 'sampling') {
    const hint = 'Check the source for very large rows or values.';
    return { code: 'source/memory', message: `The first rows of the source needed more than ${memoryMb} MB of memory; reading them was stopped.`, hint };
  }
  const hint = 'Look for code that keeps or creates too much data.';
  return { code: 'code/memory', message: `The preview needed more than ${memoryMb} MB of memory and was stopped.`, hint };
}
