/** The thread of a run in which rows flow and users' code runs. It is told what to do by run-process.ts, and does it once. */
import { resolve } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { realName } from '../../../io/files/claimed-output.ts';
import { isSameFile } from '../../../io/files/same-file.ts';
import { missing } from '../../../model/faults/missing.ts';
import { MillraceError, type Problem } from '../../../model/problems/problem.ts';
import { encodeCells } from '../../../model/values/values.ts';
import { connectionTypes, definitions } from '../../../nodes/index.ts';
import type { NodeId } from '../../document/pipeline.ts';
import { Catalogue } from '../../plan/catalogue.ts';
import { readOutputProblem, readOutputs } from '../../plan/check-outputs.ts';
import { reachedBy } from '../../plan/connections.ts';
import { writtenBy } from '../../plan/touches.ts';
import { Redactor, redactOutput } from '../../processes/redaction.ts';
import { guardSockets } from '../../processes/socket-guard.ts';
import { problemOf } from '../../protocol/connection.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import type { RunJob } from '../../protocol/run-api.ts';
import { threadSandbox, withoutCode } from '../../sandbox/thread-sandbox.ts';
import { lockOutputs, type OutputClaim } from '../../store/output-locks.ts';
import { refuseLinkOut } from '../../store/output-place.ts';
import { Execution } from './execution.ts';
import { paceHeap } from './heap-pacing.ts';
import { InstanceThreads } from './instances/instance-threads.ts';
import { countTurn, type Monitor } from './monitor.ts';
import { readable } from './readable.ts';
import type { KeptRows, Outcome, Snapshot, ToControl, ToData } from './run-messages.ts';

const statsEveryMs = 100;
const toldFailures = 100;

const port = parentPort ?? missing('the port of the thread');
const { monitor } = workerData as { readonly monitor: Monitor };
const catalogue = new Catalogue(definitions, connectionTypes);
/** Before anything of a plan is loaded, and before the thread is locked down. */
const guard = guardSockets((refusal) => {
  refused ??= refusal;
  execution?.stop('cancel');
});
/** What a node tried to reach that is not declared: that ends the run, whatever the node makes of it. */
let refused: MillraceError | null = null;
let redactor = new Redactor([]);
/** Rows are the user's own. What is said of them, and of the run, holds no secret. */
const post = (message: ToControl) => port.postMessage(withoutRows.has(message.kind) ? redactor.data(message) : message);
const withoutRows: ReadonlySet<ToControl['kind']> = new Set(['log', 'stats', 'checkpointed', 'guard'] as const);

paceHeap(monitor);
let sandbox = withoutCode;
/** What comes in meanwhile waits for it, in its order. */
let isReady: Promise<void> = Promise.resolve();
let execution: Execution | null = null;
let plan: PhysicalPlan | null = null;
let failures: Problem[] = [];
let told = 0;
/** By node: see `RunContext.waits`. */
const waits = new Map<NodeId, string>();

port.on('message', (message: ToData) => {
  if (message.kind === 'start') isReady = confine(message.job);
  isReady.then(() => receive(message), fail);
});
// A promise that users' code leaves behind is nobody's: it must not end the run. What it is rejected with may be anything.
process.on('unhandledRejection', (reason) => {
  if (reason instanceof MillraceError) throw reason;
  const { message } = sandbox.explain(reason);
  post({ kind: 'log', line: { at: Date.now(), level: 'warning', message: `A promise in the code failed: ${message}` } });
});

/** Before anything of a plan is touched. */
async function confine({ plan, secrets = {} }: RunJob): Promise<void> {
  guard.allow(reachedBy(plan));
  redactor = new Redactor(Object.values(secrets));
  if (Object.keys(secrets).length > 0) redactOutput(redactor);
  sandbox = await threadSandbox(plan.nodes);
}

/** Ends the thread: nobody waits for what a promise throws. */
function fail(error: unknown): void {
  setImmediate(() => {
    throw redactor.error(error);
  });
}

function receive(message: ToData): void {
  switch (message.kind) {
    case 'start':
      void run(message.job);
      break;
    case 'stop':
      execution?.stop(message.how);
      break;
    case 'pause':
      execution?.pause();
      break;
    case 'resume':
      execution?.resume();
      break;
    case 'checkpoint':
      void checkpoint(message.id);
      break;
    case 'inspect':
      void inspect(message);
      break;
  }
}

async function run(job: RunJob): Promise<void> {
  plan = job.plan;
  countTurn(monitor);
  const timer = setInterval(() => {
    countTurn(monitor);
    execution?.flow?.expireRecent();
    post({ kind: 'stats', ...snapshot() });
  }, statsEveryMs);
  execution = new Execution(job, {
    definition: (type) => catalogue.get(type),
    sandbox,
    monitor,
    onFailure(problem) {
      if (told++ < toldFailures) failures.push(readable(problem));
    },
    onWaits: (node, reason) => {
      if (reason === null) waits.delete(node);
      else waits.set(node, reason);
    },
    onLog: (level, message, node) => post({ kind: 'log', line: { at: Date.now(), level, message, ...(node !== '' && { node }) } }),
    instances: new InstanceThreads(post),
    onCode: (number, node, field) => post({ kind: 'code', number, node, field }),
    onGuard: (node, undo) => post({ kind: 'guard', node, undo }),
    onResumed: (checkpoint) => post({ kind: 'resumed', checkpoint }),
    onCommitting: () => post({ kind: 'committing' }),
    onCommitted: (checkpoint, more) => post({ kind: 'committed', checkpoint, more }),
    onStartedOver() {
      failures = [];
      told = 0;
      post({ kind: 'startedOver' });
    },
    onOpened: () => post({ kind: 'stats', ...snapshot() }),
  });
  let outcome: Outcome;
  try {
    // Before anything is read, and by the real files, which only a run knows.
    refuseReadOutputs(job);
    refuseLinksOut(job);
    post({ kind: 'locked', locks: lockOutputs(claimsOf(job), { run: job.id, pipeline: job.name }) });
    outcome = { state: (await execution.run()) ? 'done' : 'stopped' };
  } catch (error) {
    outcome = failed(error);
  }
  if (refused) outcome = failed(refused);
  const kept = Object.fromEntries(
    job.plan.nodes.flatMap(({ id }) => {
      const rows = keptRows(id, Number.POSITIVE_INFINITY);
      return rows ? [[id, rows]] : [];
    }),
  );
  await execution.flow?.close();
  clearInterval(timer);
  // What the code has left behind gets its turn before the last word.
  await new Promise((resolve) => setImmediate(resolve));
  post({ kind: 'ended', outcome, kept, ...redactor.data(snapshot()) });
  port.close();
}

function failed(error: unknown): Outcome {
  return { state: 'failed', problem: redactor.data(readable(problemOf(error))) };
}

function refuseLinksOut({ plan, folder }: RunJob): void {
  for (const { id, type, params } of plan.nodes) {
    const definition = catalogue.get(type);
    for (const path of definition ? writtenBy(definition, params) : []) refuseLinkOut(path, folder, id);
  }
}

function claimsOf({ plan, folder }: RunJob): OutputClaim[] {
  return plan.nodes.flatMap(({ id, type, params }) => {
    const definition = catalogue.get(type);
    if (definition?.kind !== 'sink') return [];
    const claims = definition.locks?.(params) ?? (definition.writes?.(params) ?? []).map((path) => ({ path }));
    return claims.map((claim) => ({ ...claim, path: resolve(folder, claim.path), node: id }));
  });
}

/** As the check does, but by the real files: a link, or another spelling, hides nothing. */
function refuseReadOutputs({ plan, folder }: RunJob): void {
  const nodes = plan.nodes.flatMap(({ id, type, params }) => {
    const definition = catalogue.get(type);
    return definition ? [{ id, definition, params }] : [];
  });
  for (const found of readOutputs(nodes, (path) => realName(resolve(folder, path)), isSameFile))
    throw new MillraceError({ ...readOutputProblem(found), node: found.sink });
}

async function checkpoint(id: number): Promise<void> {
  try {
    const committed = await (execution ?? missing('the run')).checkpoint();
    post({ kind: 'checkpointed', id, checkpoint: committed.id, problem: null });
  } catch (error) {
    post({ kind: 'checkpointed', id, checkpoint: null, problem: readable(problemOf(error)) });
  }
}

function snapshot(): Snapshot {
  const news = failures;
  failures = [];
  return { ...(execution ?? missing('the run')).snapshot(), failures: news, waits: Object.fromEntries(waits) };
}

async function inspect({ id, node, port: from, limit }: Extract<ToData, { readonly kind: 'inspect' }>): Promise<void> {
  const rows = from === null ? keptRows(node, limit) : await recentRows(node, from, limit).catch(() => null);
  post({ kind: 'inspected', id, rows });
}

/** Of a port whose rows may be looked at while the run goes on. */
async function recentRows(node: NodeId, port: string, limit: number): Promise<KeptRows | null> {
  const schema = plan?.nodes.find(({ id }) => id === node)?.outputs[port];
  const flow = execution?.flow;
  return schema && flow ? { schema, rows: (await flow.recent(node, port, limit)).map((row) => encodeCells(row, schema)) } : null;
}

function keptRows(node: NodeId, limit: number): KeptRows | null {
  const memory = execution?.flow?.memory(node);
  return memory ? { schema: memory.schema, rows: memory.rows.slice(-limit).map((row) => encodeCells(row, memory.schema)) } : null;
}
