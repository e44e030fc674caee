/** The thread of a run in which rows flow and users' code runs. It is told what to do by run-process.ts, and does it once. */
import { parentPort, workerData } from 'node:worker_threads';
import { definitions } from '../../nodes/index.ts';
import type { NodeId } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunJob } from '../protocol/run-api.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import type { Problem } from '../schema/problem.ts';
import { encodeCells } from '../schema/values.ts';
import { type Dataflow, openDataflow } from './dataflow.ts';
import { countTurn, type Monitor } from './monitor.ts';
import { Pull, Stopped } from './pull.ts';
import { readable } from './readable.ts';
import type { KeptRows, Outcome, Snapshot, ToControl, ToData } from './run-messages.ts';

const statsEveryMs = 100;
const toldFailures = 100;

const port = parentPort!;
const { monitor } = workerData as { readonly monitor: Monitor };
const sandbox = createSandbox();
const catalogue = new Catalogue(definitions);
const abort = new AbortController();
const post = (message: ToControl) => port.postMessage(message);

let flow: Dataflow | null = null;
let pull: Pull | null = null;
let failures: Problem[] = [];
let told = 0;
let stopped = false;

port.on('message', (message: ToData) => {
  if (message.kind === 'start') void run(message.job);
  else if (message.kind === 'inspect') post({ kind: 'inspected', id: message.id, rows: keptRows(message.node, message.limit) });
  else {
    stopped = true;
    abort.abort();
  }
});
// A promise that users' code leaves behind is nobody's: it must not end the run.
process.on('unhandledRejection', (reason) => {
  const { message, range } = sandbox.explain(reason);
  if (!range) throw reason;
  post({ kind: 'log', line: { at: Date.now(), level: 'warning', message: `A promise in the code failed: ${message}` } });
});

async function run(job: RunJob): Promise<void> {
  countTurn(monitor);
  const timer = setInterval(() => {
    countTurn(monitor);
    post({ kind: 'stats', ...snapshot() });
  }, statsEveryMs);
  let outcome: Outcome;
  try {
    await runThrough(job);
    outcome = { state: 'done' };
  } catch (error) {
    outcome = stopped || error instanceof Stopped ? { state: 'stopped' } : { state: 'failed', problem: readable(problemOf(error)) };
    abort.abort();
    await flow?.abort();
  }
  const kept = Object.fromEntries(
    job.plan.nodes.flatMap(({ id }) => {
      const rows = keptRows(id, Number.POSITIVE_INFINITY);
      return rows ? [[id, rows]] : [];
    }),
  );
  await flow?.close();
  clearInterval(timer);
  // What the code has left behind gets its turn before the last word.
  await new Promise((resolve) => setImmediate(resolve));
  post({ kind: 'ended', outcome, kept, ...snapshot() });
  port.close();
}

async function runThrough({ plan, folder }: RunJob): Promise<void> {
  flow = await openDataflow(plan, {
    definition: (type) => catalogue.get(type),
    sandbox,
    folder,
    signal: abort.signal,
    monitor,
    writers: 'run',
    onFailure(problem) {
      if (told++ < toldFailures) failures.push(readable(problem));
    },
    onLog: (level, message, node) => post({ kind: 'log', line: { at: Date.now(), level, message, node } }),
    onCode: (number, node, field) => post({ kind: 'code', number, node, field }),
    onGuard: (node, undo) => post({ kind: 'guard', node, undo }),
  });
  post({ kind: 'stats', ...snapshot() });
  pull = new Pull(flow, abort);
  await pull.run(plan.sourceGroups);
  await flow.finish();
  if (abort.signal.aborted) throw new Stopped();
  post({ kind: 'committing' });
  await flow.commit();
}

function snapshot(): Snapshot {
  const news = failures;
  failures = [];
  return { counts: flow?.counters() ?? {}, progress: pull?.progress() ?? {}, outputs: flow?.outputs() ?? [], failures: news };
}

function keptRows(node: NodeId, limit: number): KeptRows | null {
  const memory = flow?.memory(node);
  return memory ? { schema: memory.schema, rows: memory.rows.slice(-limit).map((row) => encodeCells(row, memory.schema)) } : null;
}
