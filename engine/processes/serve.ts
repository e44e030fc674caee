/** The inner side of a worker process: answers one job after the other, watched by a guard. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { problemOf } from '../protocol/connection.ts';
import { entryFile } from './entries.ts';
import type { GuardData } from './last-words.ts';
import { Redactor } from './redaction.ts';
import type { JobMessage, Reply } from './worker-process.ts';

export interface ServeOptions<Job = unknown> {
  /** Texts that no answer may contain. */
  readonly secrets?: (job: Job) => { readonly [reference: string]: string } | undefined;
  /** Numbers in shared memory that say what the job is doing: the caller gets them when the job is stopped. */
  readonly monitor?: Int32Array;
}

/**
 * Answers every job that the parent sends with what `handle` returns or throws. `note`, as returned, keeps a text for the duration of the
 * job; the caller gets it if the job is stopped. `report` tells the caller the progress.
 */
export function serveJobs<Job, Result>(
  handle: (job: Job, report: (progress: unknown) => void) => Result | Promise<Result>,
  { monitor, secrets }: ServeOptions<Job> = {},
): (note: unknown) => void {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const { port1: notes, port2 } = new MessageChannel();
  const memoryBytes = Number(process.argv[2]) * 1024 * 1024;
  const workerData: GuardData = { state, monitor: monitor ?? null, notes: port2, memoryBytes };
  const guard = new Worker(entryFile('guard-thread'), { workerData, transferList: [port2], resourceLimits: { maxOldGenerationSizeMb: 16 } });
  guard.unref();
  notes.unref();
  const count = () => {
    Atomics.add(state, 0, 1);
    Atomics.notify(state, 0);
  };
  // They are sent to the whole group of processes; the process that started this one decides when it ends.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  // A job that continued after its parent would delay a plain exit.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', async ({ job, limitMs }: JobMessage) => {
    // Discards what earlier jobs left.
    if (process.memoryUsage.rss() > memoryBytes / 2) globalThis.gc?.();
    Atomics.store(state, 1, limitMs);
    count();
    const redactor = new Redactor(Object.values(secrets?.(job as Job) ?? {}));
    const reply = redactor.data(await answer(handle, job as Job));
    count();
    try {
      process.send?.(reply);
    } catch (error) {
      // A result that is nested too deeply to be copied is no answer, but no answer at all would be worse.
      process.send?.({ problem: problemOf(error) } satisfies Reply);
    }
  });
  return (note) => notes.postMessage({ turn: Atomics.load(state, 0), note });
}

async function answer<Job, Result>(handle: (job: Job, report: (progress: unknown) => void) => Result | Promise<Result>, job: Job): Promise<Reply> {
  try {
    return { result: await handle(job, (progress) => void process.send?.({ progress } satisfies Reply)) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}
