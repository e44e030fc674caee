import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { PhysicalPlan } from '../plan/physical.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { defaultRunOptions } from '../protocol/run-api.ts';
import type { Problem } from '../schema/problem.ts';
import { forkNode } from '../supervisor/fork-node.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { Progress } from './progress.ts';
import { alignedTable, count, describeProblems, duration, paint } from './report.ts';

/** A terminal's Ctrl+C can reach us twice, directly and through npx: only a later one is a second wish. */
const secondSignalMs = 400;
/** SIGHUP: the terminal was closed. */
const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface RunOptions {
  readonly set?: { readonly [name: string]: string };
  readonly json?: boolean;
  readonly explain?: boolean;
}

/** `millrace run`: 0 when the run was done, 1 when it failed, 2 when it could not begin, 130 when it was interrupted. */
export async function run(file: string, options: RunOptions): Promise<number> {
  const supervisor = new Supervisor({ fork: (role) => forkNode(role) });
  // The run's process starts while the pipeline is read and checked here.
  if (!options.explain) supervisor.prepare();
  try {
    const { load } = await import('./load.ts');
    const { explainPlan, planRun } = await import('../plan/plan.ts');
    const loaded = await load(file, options.set);
    const { checked, pipeline, folder, titleOf } = loaded;
    if (!checked.result.runnable) return refuse(checked.result.problems, loaded.file, titleOf, options);
    const plan = planRun(checked);
    if (options.explain) {
      process.stdout.write(explainPlan(plan));
      return 0;
    }
    if (!options.json) printProblems(checked.result.problems, loaded.file, titleOf);
    const job = { id: randomUUID(), name: pipeline.name, path: resolve(file), folder, plan, options: defaultRunOptions(plan) };
    const summary = await carryOut(supervisor, job, options.json ? null : new Progress(plan, process.stderr));
    if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else report(summary, plan, loaded.file, titleOf);
    return summary.state === 'done' ? 0 : summary.state === 'stopped' ? 130 : 1;
  } catch (error) {
    return refuse([problemOf(error)], file, (node) => node, options);
  } finally {
    supervisor.dispose();
  }
}

async function carryOut(supervisor: Supervisor, job: Parameters<Supervisor['start']>[0], progress: Progress | null): Promise<RunSummary> {
  const ended = new Promise<RunSummary>((done) => {
    supervisor.onChanged((summary) => {
      progress?.show(summary);
      if (summary.state === 'done' || summary.state === 'failed' || summary.state === 'stopped') done(summary);
    });
  });
  if (progress) supervisor.onLogged((_, line) => progress.log(`${line.node ? `${line.node}: ` : ''}${line.message}`));
  let interruptedAt = 0;
  const interrupt = () => {
    if (interruptedAt === 0) {
      interruptedAt = Date.now();
      progress?.log('Stopping; press Ctrl+C again to end at once.');
      supervisor.stop(job.id, 'cancel').catch(() => {});
    } else if (Date.now() - interruptedAt > secondSignalMs) {
      supervisor.dispose();
      process.exit(130);
    }
  };
  for (const signal of interruptions) process.on(signal, interrupt);
  try {
    await supervisor.start(job);
    return await ended;
  } finally {
    progress?.end();
    for (const signal of interruptions) process.off(signal, interrupt);
  }
}

function refuse(problems: readonly Problem[], file: string, titleOf: (node: string) => string, options: RunOptions): number {
  if (options.json) process.stdout.write(`${JSON.stringify({ state: 'refused', problems }, null, 2)}\n`);
  else printProblems(problems, file, titleOf);
  return 2;
}

function printProblems(problems: readonly Problem[], file: string, titleOf: (node: string) => string): void {
  if (problems.length > 0) process.stderr.write(`${describeProblems(problems, file, titleOf)}\n`);
}

function report(summary: RunSummary, plan: PhysicalPlan, file: string, titleOf: (node: string) => string): void {
  const rows = plan.nodes.map(({ id }) => {
    const stats = summary.stats[id];
    const out = Object.values(stats?.out ?? {}).reduce((sum, rows) => sum + rows, 0);
    return [titleOf(id), id, count(stats?.in ?? 0), count(out), count(stats?.dropped ?? 0), count(stats?.failed ?? 0), duration(stats?.busyMs ?? 0)];
  });
  const table = alignedTable(['node', 'id', 'in', 'out', 'dropped', 'failed', 'busy'], rows, [false, false, true, true, true, true, true]);
  printProblems(summary.problems, file, titleOf);
  const took = duration((summary.endedAt ?? Date.now()) - summary.startedAt);
  const states = { done: paint('Done', 'green'), failed: paint('Failed', 'red'), stopped: paint('Stopped', 'yellow') } as const;
  const lines = [table, '', `${states[summary.state as keyof typeof states] ?? summary.state} in ${took}.`];
  for (const output of summary.outputs) {
    const place = output.kind === 'memory' ? `rows of ${titleOf(output.node)}` : `${output.path}${output.table ? `, table ${output.table}` : ''}`;
    if (output.committed) lines.push(`  ${count(output.rows)} ${output.rows === 1 ? 'row' : 'rows'} -> ${place}`);
    else if (output.kind !== 'memory') lines.push(`  not written: ${place} is as it was before`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
