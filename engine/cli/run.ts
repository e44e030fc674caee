import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { missing } from '../../model/faults/missing.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { visibleJson, visibleLines } from '../../model/text/visible-text.ts';
import type { EngineProcess } from '../processes/engine-process.ts';
import { forkNode } from '../processes/fork-node.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunSummary } from '../protocol/messages.ts';
import type { RunJob, StopMode } from '../protocol/run-api.ts';
import { failedRow } from '../protocol/run-facts.ts';
import { CheckpointStore } from '../store/checkpoints.ts';
import { dataFolder, stateFolder } from '../store/data-folder.ts';
import { ownDataFolder } from '../store/private-files.ts';
import { Secrets } from '../store/secrets.ts';
import { Keeper } from '../supervisor/keeper.ts';
import { tooFewDescriptors } from './descriptors.ts';
import type { Loaded } from './load.ts';
import type { StartOptions } from './options.ts';
import { Progress } from './progress.ts';
import { describeRun, exitCodeOf, printProblems } from './run-report.ts';

/** A terminal's Ctrl+C can reach us twice, directly and through npx: only a later one is a second wish. */
const secondSignalMs = 400;
/** SIGHUP: the terminal was closed. */
const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface RunCommandOptions extends StartOptions {
  readonly set?: { readonly [name: string]: string };
  /** Of the connections beside the pipeline. */
  readonly env?: string;
  readonly json?: boolean;
  readonly explain?: boolean;
  readonly detach?: boolean;
  /** Nodes at which a row that fails would stop the run keep it in the errors table instead. */
  readonly keepErrors?: boolean;
  /** Takes the rows up that wait in the errors table. */
  readonly replayErrors?: boolean;
  /** The name of the group of which this process is an instance. */
  readonly group?: string;
  /** Into how many shares a new group divides its input. */
  readonly shares?: number;
  /** Where `/metrics` is served, on this machine only; 0 for a free port. */
  readonly metrics?: number;
}

/**
 * `millrace run`: 0 when the run was done, 1 when it failed, 2 when it could not begin. Interrupted: 130 (SIGINT), 143 (SIGTERM)
 * or 129 (SIGHUP), also when it was stopped with a checkpoint and can resume.
 */
export async function run(file: string, options: RunCommandOptions): Promise<number> {
  const short = tooFewDescriptors();
  if (short) return refuse([short], { file, titleOf: (node) => node }, options);
  if (options.group !== undefined) return (await import('./group.ts')).runGroup(file, { ...options, group: options.group });
  // The run's process starts while the pipeline is read and checked here.
  const prepared = options.explain || options.detach ? null : forkNode('run', { readsInput: true });
  try {
    const { chooseOptions } = await import('./options.ts');
    const { secretsFor } = await import('../workbench/connections-file.ts');
    const { loadConnected } = await import('./load-connected.ts');
    const loaded = await loadConnected(file, options);
    const { result, pipeline, folder } = loaded;
    if (!result.runnable) return refuse(result.problems, loaded, options);
    const path = resolve(file);
    const state = stateFolder(dataFolder(), path, options.env);
    const planned = await loaded.plan({ keepErrors: options.keepErrors });
    const replaying = options.replayErrors ? await import('./take-up.ts') : null;
    const chosen = chooseOptions(planned, state, replaying ? replaying.committingForReplays(options) : options);
    const taken = replaying?.takeUp(planned, loaded, { stateFolder: state, from: chosen.options.from }) ?? null;
    const plan = taken?.plan ?? planned;
    if (options.explain) {
      const { explainRun } = await import('../runners/local/explain-run.ts');
      process.stdout.write(visibleLines(await explainRun({ plan, options: chosen.options }, (type) => loaded.catalogue.get(type))));
      return 0;
    }
    if (!options.json) printProblems(result.problems, loaded);
    if (chosen.notice && !options.json) process.stderr.write(`${chosen.notice}\n`);
    if (taken && !options.json) replaying?.announce(taken, loaded);
    const secrets = await secretsFor(plan, new Secrets(dataFolder()));
    const job: RunJob = { id: randomUUID(), name: pipeline.name, path, folder, plan, options: chosen.options, ...secrets };
    if (options.detach) return await detach(job, loaded, options);
    const { summary, signal } = await carryOut(job, prepared ?? missing('the process of the run'), options);
    // What the pipeline prints must not be mixed up with what we say of it.
    const words = summary.outputs.some(({ kind }) => kind === 'printed') ? process.stderr : process.stdout;
    const replayed = (taken && replaying?.outcomes(taken)) ?? [];
    if (options.json) words.write(`${visibleJson(taken ? { ...summary, replayed, refused: taken.refused } : summary)}\n`);
    else {
      printProblems(summary.problems, loaded);
      words.write(describeRun(summary, { ...loaded, nodes: plan.nodes }));
      if (taken && replaying) words.write(replaying.describeOutcomes(replayed, loaded));
      if (summary.checkpoint && failedRow(summary)) words.write(`To continue after that row: millrace run ${file} --keep-errors\n`);
    }
    return exitCodeOf(summary, signal);
  } catch (error) {
    return refuse([problemOf(error)], { file, titleOf: (node) => node }, options);
  } finally {
    prepared?.kill();
  }
}

/** Leaves the run to a keeper of its own, and prints its id once the run has begun; where it was refused, the reason. */
async function detach(job: RunJob, names: Pick<Loaded, 'file' | 'titleOf'>, options: RunCommandOptions): Promise<number> {
  const { forkKeeper } = await import('../supervisor/fork-keeper.ts');
  const { startedRun } = await import('./started-run.ts');
  const data = dataFolder();
  ownDataFolder(data);
  const entry = await forkKeeper(data).start(job);
  const summary = await startedRun(data, entry);
  if (summary.state === 'failed') {
    if (options.json) process.stdout.write(`${visibleJson(summary)}\n`);
    else printProblems(summary.problems, names);
    return exitCodeOf(summary, null);
  }
  const id = entry.id.slice(0, 8);
  if (options.json) process.stdout.write(`${visibleJson({ id: entry.id, pid: entry.pid, state: entry.state })}\n`);
  else
    process.stdout.write(
      `Run ${id} of ${job.name} continues in the background.\n  millrace runs attach ${id}   shows its progress\n  millrace runs stop ${id}     ends it\n`,
    );
  return 0;
}

/** The run with its keeper in this process; others find it as they find those in the background. */
export async function carryOut(
  job: RunJob,
  prepared: EngineProcess,
  options: Pick<RunCommandOptions, 'json' | 'metrics'>,
): Promise<{ readonly summary: RunSummary; readonly signal: NodeJS.Signals | null }> {
  const keeper = new Keeper(job, { fork: () => forkNode('run', { readsInput: true }), lineage: (folder) => new CheckpointStore(folder).lineage() });
  const progress = options.json ? null : new Progress(job.plan.nodes, process.stderr);
  const ended = new Promise<RunSummary>((done) => {
    keeper.onChanged((summary) => {
      progress?.show(summary);
      if (summary.endedAt !== null) done(summary);
    });
  });
  if (progress) keeper.onLogged((line) => progress.log(`${line.node ? `${line.node}: ` : ''}${line.message}`));
  let interrupted: { readonly signal: NodeJS.Signals; readonly at: number } | null = null;
  const how: StopMode = job.options.commits === 'checkpoint' ? 'checkpoint' : 'cancel';
  let isCancelled = false;
  const interrupt = (signal: NodeJS.Signals) => {
    if (!interrupted) {
      interrupted = { signal, at: performance.now() };
      progress?.log(`${how === 'checkpoint' ? 'Stopping with a checkpoint' : 'Stopping'}; press Ctrl+C again to end at once.`);
      keeper.stop(how).catch(() => {});
    } else if (performance.now() - interrupted.at > secondSignalMs) {
      if (how === 'checkpoint' && !isCancelled) {
        isCancelled = true;
        keeper.stop('cancel').catch(() => {});
        return;
      }
      keeper.dispose();
      process.exit(exitCodeOf({ state: 'stopped', problems: [] }, interrupted.signal));
    }
  };
  const found: { close(): void }[] = [];
  for (const signal of interruptions) process.on(signal, interrupt);
  try {
    const started = keeper.start(prepared);
    found.push(...(await show(keeper, options)));
    await started;
    const summary = await ended;
    return { summary, signal: (interrupted as { signal: NodeJS.Signals } | null)?.signal ?? null };
  } finally {
    progress?.end();
    for (const signal of interruptions) process.off(signal, interrupt);
    for (const each of found) each.close();
    keeper.dispose();
  }
}

/** In the registry, the history and, if asked for, at a port. */
async function show(keeper: Keeper, options: Pick<RunCommandOptions, 'json' | 'metrics'>): Promise<{ close(): void }[]> {
  const known: { close(): void }[] = [];
  if (options.metrics !== undefined) {
    const { serveMetrics } = await import('./metrics-server.ts');
    const metrics = await serveMetrics(keeper, options.metrics);
    if (!options.json) process.stderr.write(`Metrics are at ${metrics.address}\n`);
    known.push(metrics);
  }
  const { makeKnown } = await import('../supervisor/make-known.ts');
  known.push({ close: await makeKnown(keeper, dataFolder()) });
  return known;
}

export function refuse(problems: readonly Problem[], names: Pick<Loaded, 'file' | 'titleOf'>, options: Pick<RunCommandOptions, 'json'>): number {
  if (options.json) process.stdout.write(`${visibleJson({ state: 'refused', problems })}\n`);
  else printProblems(problems, names);
  return 2;
}
