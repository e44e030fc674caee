/** The inner side of a worker process: answers one job after the other, under the eyes of a guard. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { problemOf } from '../protocol/connection.ts';
import { entryFile } from './entries.ts';
import type { GuardData } from './last-words.ts';
import { Redactor } from './redaction.ts';
import type { JobMessage, Reply } from './worker-process.ts';

export interface ServeOptions<Job = unknown> {
  /** Texts that must not be in an answer. */
  readonly secrets?: (job: Job) => { readonly [reference: string]: string } | undefined;
  /** Numbers in shared memory that say what the job is at: they reach whoever asked when the job is stopped. */
  readonly monitor?: Int32Array;
}

/**
 * Answers every job that the parent sends with what `handle` gives or throws. `note`, as returned, keeps something for the
 * time of the job that whoever asked is told when the job is stopped; `report` tells them how far it is.
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
  // They are for the whole group of processes; whoever started this one decides what becomes of it.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  // A job that went on after its parent would keep a plain exit waiting.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', async ({ job, limitMs }: JobMessage) => {
    // What earlier jobs left behind does not count for this one.
    if (process.memoryUsage.rss() > memoryBytes / 2) globalThis.gc?.();
    Atomics.store(state, 1, limitMs);
    count();
    const redactor = new Redactor(Object.values(secrets?.(job as Job) ?? {}));
    const reply = redactor.data(await answer(handle, job as Job));
    count();
    try {
      process.send?.(reply);
    } catch (error) {
      // What cannot be copied, as it is nested too deep, is no answer; but silence would be none, either.
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
