/**
 * Entry of the thread that watches a worker process from within: while the process is stuck in users' code, in a system call or in SQLite,
 * this thread still runs. It ends the process when a job exceeds its limit of time or memory, and when the owner of the process is gone.
 * Started by serve.ts; worker-process.ts reads its last words.
 */
import { writeSync } from 'node:fs';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { GuardData, StopReason } from './last-words.ts';
import { lastWords } from './last-words.ts';

/** How often a job is checked. What a job can allocate within this time comes on top of its limit. */
const tickMs = 40;
/** The same while there is no job. */
const idleTickMs = 2000;

const { state, monitor, notes, memoryBytes } = workerData as GuardData;
const parent = process.ppid;
let told: { readonly turn: number; readonly note: unknown }[] = [];

for (;;) {
  const turn = Atomics.load(state, 0);
  const isIdle = turn % 2 === 0;
  const startedAt = performance.now();
  while (Atomics.load(state, 0) === turn) {
    Atomics.wait(state, 0, turn, isIdle ? idleTickMs : tickMs);
    if (isOrphan()) process.kill(process.pid, 'SIGKILL');
    if (Atomics.load(state, 0) !== turn) break;
    if (process.memoryUsage.rss() > memoryBytes) stop('memory', turn);
    if (!isIdle && performance.now() - startedAt > Atomics.load(state, 1)) stop('time', turn);
  }
  readNotes();
}

function stop(reason: StopReason, turn: number): void {
  // Read first what the process is doing: it may continue until it is killed.
  const activity = monitor ? [...monitor] : [];
  readNotes();
  const ours = told.filter((each) => each.turn === turn).map(({ note }) => note);
  writeSync(2, lastWords({ reason, activity, notes: ours }));
  process.kill(process.pid, 'SIGKILL');
}

/** Drops notes of earlier jobs: the last job's note may arrive before its start is seen here. */
function readNotes(): void {
  const turn = Atomics.load(state, 0);
  for (let found = receiveMessageOnPort(notes); found; found = receiveMessageOnPort(notes)) told.push(found.message);
  told = told.filter((each) => each.turn >= turn);
}

/** Windows does not report a new parent, so the old one is checked there. */
function isOrphan(): boolean {
  if (process.ppid !== parent) return true;
  try {
    process.kill(parent, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
