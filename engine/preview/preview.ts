import { Worker } from 'node:worker_threads';
import type { NodeId } from '../document/pipeline.ts';
import type { PhysicalPlan } from '../plan/physical.ts';
import type { PreviewResult } from '../protocol/messages.ts';
import { newMonitor } from '../runtime/monitor.ts';
import { MillraceError, type Problem } from '../schema/problem.ts';
import { entryFile } from '../threads.ts';
import { type Phase, phaseOf } from './activity.ts';

const limitMs = 5000;
/** What a preview may still take when nobody waits for it any more: someone types on, or has just mended an endless loop. */
const unwantedMs = 500;
const memoryMb = 512;

/** What one preview takes. Plain data. */
export interface PreviewJob {
  /** What is upstream of `node`, that one included. */
  readonly plan: PhysicalPlan;
  /** Where relative paths of the params start. */
  readonly folder: string;
  readonly node: NodeId;
  /** An output port, `errors`, or for a sink anything: it shows its input. */
  readonly port: string;
  /** Rows to answer at most. */
  readonly limit: number;
  /** By source: differs when the source would read something else, so that its sample must be read again. */
  readonly sampleKeys: { readonly [source: NodeId]: string };
}

interface Request {
  readonly id: number;
  readonly documentId: string;
  readonly job: PreviewJob;
  resolve(result: PreviewResult): void;
  reject(error: Error): void;
}
interface Answer {
  readonly id: number;
  readonly result?: PreviewResult;
  readonly problem?: Problem;
}
type Reply = Answer | { readonly ready: true } | { readonly code: number; readonly field: string };

/** What the thread was at when it got stuck. */
interface Culprit {
  readonly phase: Phase;
  readonly at: { readonly node?: NodeId; readonly field?: string };
}

/**
 * Owns the thread that previews run in, one at a time; of each document the newest waits and wins. A call that takes
 * longer than the limit loses its thread, with the node that was at work in the error, and a new thread is started.
 */
export class Preview {
  readonly #limitMs: number;
  readonly #threadFile: string | null;
  readonly #waiting = new Map<string, Request>();
  #current: Request | null = null;
  #timer: NodeJS.Timeout | undefined;
  #thread: Worker | null = null;
  #ready = false;
  /** The params that hold the code of the current preview, by its number in the monitor. */
  readonly #fields = new Map<number, string>();
  #monitor = newMonitor();
  #nextId = 1;
  #closed = false;

  constructor(options: { readonly limitMs?: number; readonly threadFile?: string } = {}) {
    this.#limitMs = options.limitMs ?? limitMs;
    this.#threadFile = options.threadFile ?? null;
  }

  /** Starts the thread ahead of the first preview. */
  prepare(): void {
    if (this.#thread || this.#closed) return;
    this.#monitor = newMonitor();
    const thread = new Worker(this.#threadFile ?? entryFile('preview-thread'), {
      workerData: { monitor: this.#monitor },
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    thread.unref();
    thread.on('message', (reply: Reply) => {
      if (thread !== this.#thread) return;
      if ('ready' in reply) {
        this.#ready = true;
        this.#next();
      } else if ('code' in reply) this.#fields.set(reply.code, reply.field);
      else this.#finish(reply);
    });
    thread.on('error', (error) => {
      if (thread === this.#thread) this.#lost(threadProblem(error, this.#culprit()));
    });
    thread.on('exit', () => {
      if (thread === this.#thread)
        this.#lost({ code: 'preview/crashed', message: 'The preview ended unexpectedly.', hint: 'Change the pipeline, or try again.' });
    });
    this.#thread = thread;
    this.#ready = false;
  }

  /** Rejects with code `preview/superseded` when a newer one of the same document arrives before the answer. */
  read(documentId: string, job: PreviewJob): Promise<PreviewResult> {
    this.forget(documentId);
    return new Promise((resolve, reject) => {
      this.#waiting.set(documentId, { id: this.#nextId++, documentId, job, resolve, reject });
      this.prepare();
      this.#next();
    });
  }

  /** Answers what the document still waits for with `preview/superseded`. */
  forget(documentId: string): void {
    this.#waiting.get(documentId)?.reject(superseded());
    this.#waiting.delete(documentId);
    if (this.#current?.documentId !== documentId) return;
    this.#current.reject(superseded());
    this.#watch(Math.min(unwantedMs, this.#limitMs));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const request of [...this.#waiting.values(), this.#current]) request?.reject(superseded());
    this.#waiting.clear();
    const thread = this.#thread;
    this.#thread = null;
    void thread?.terminate();
  }

  #next(): void {
    if (this.#current || !this.#ready || !this.#thread) return;
    const [request] = this.#waiting.values();
    if (!request) return;
    this.#waiting.delete(request.documentId);
    this.#current = request;
    this.#fields.clear();
    this.#watch(this.#limitMs);
    this.#thread.postMessage({ id: request.id, job: request.job });
  }

  #finish(reply: Answer): void {
    const request = this.#current;
    if (!request || request.id !== reply.id) return;
    clearTimeout(this.#timer);
    this.#current = null;
    if (reply.problem) request.reject(new MillraceError(reply.problem));
    else request.resolve(reply.result!);
    this.#next();
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(tooLong(this.#culprit(), this.#limitMs)), ms);
  }

  #culprit(): Culprit {
    const { phase, node, code } = phaseOf(this.#monitor, this.#current?.job.plan);
    const field = this.#fields.get(code);
    return { phase, at: { ...(node ? { node } : {}), ...(field ? { field } : {}) } };
  }

  /** The thread is of no more use: its request gets `problem`, the others a new thread. */
  #lost(problem: Omit<Problem, 'severity'>): void {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    const started = this.#ready;
    this.#thread = null;
    this.#ready = false;
    void thread?.terminate();
    this.#current?.reject(new MillraceError(problem));
    this.#current = null;
    if (!started) {
      // A thread that cannot even start would be started for ever.
      for (const request of this.#waiting.values()) request.reject(new MillraceError(problem));
      this.#waiting.clear();
    } else this.prepare();
  }
}

function superseded(): MillraceError {
  return new MillraceError({ code: 'preview/superseded', severity: 'info', message: 'A newer preview took its place.' });
}

function tooLong({ phase, at }: Culprit, limit: number): Omit<Problem, 'severity'> {
  const seconds = limit / 1000;
  if (phase === 'sampling') {
    const hint = 'Look at the source: a slow disk or network, or a rate of very few rows.';
    return { code: 'source/slow', message: `The first rows did not come within ${seconds} s.`, hint, ...at };
  }
  return { code: 'code/endless', message: `The code did not end within ${seconds} s and was stopped.`, hint: 'Look for a loop that never ends.', ...at };
}

function threadProblem(error: Error & { code?: string }, { at }: Culprit): Omit<Problem, 'severity'> {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const hint = 'Look for code that keeps or makes very much.';
    return { code: 'code/memory', message: `The preview needed more than ${memoryMb} MB and was stopped.`, hint, ...at };
  }
  return { code: 'preview/crashed', message: `The preview ended unexpectedly: ${error.message}.`, hint: 'Change the pipeline, or try again.', ...at };
}
