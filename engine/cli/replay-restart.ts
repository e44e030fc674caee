/** `millrace replay --restart`: a pipeline that runs is stopped with a checkpoint, and goes on in the background with rows that failed. */
import { randomUUID } from 'node:crypto';
import { itemAt } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { endOfTime } from '../../model/schema/event-time.ts';
import { visible, visibleJson } from '../../model/text/visible-text.ts';
import type { RunSummary } from '../protocol/messages.ts';
import type { PhysicalPlan } from '../protocol/physical-plan.ts';
import type { RunControl } from '../protocol/run-api.ts';
import { dataFolder, stateFolder } from '../store/data-folder.ts';
import { Secrets } from '../store/secrets.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { secretsFor } from '../workbench/connections-file.ts';
import { isReplaySource } from '../workbench/replay.ts';
import type { Loaded } from './load.ts';
import { chooseOptions } from './options.ts';
import { describeState, printProblems } from './run-report.ts';
import { announce, committingForReplays, describeOutcomes, outcomes, takeUp } from './take-up.ts';

export interface RestartOptions {
  /** Databases of errors tables; absolute, or relative to the pipeline's folder. */
  readonly files: readonly string[];
  readonly node?: string;
  readonly only?: readonly number[];
  readonly json?: boolean;
}

/** Returns when the rows are replayed and committed, and the run goes on: 0; 1 when it ended before that. */
export async function replayInRun(path: string, planned: PhysicalPlan, loaded: Loaded, { files, node, only, json }: RestartOptions): Promise<number> {
  const state = stateFolder(dataFolder(), path, loaded.environment);
  const request = { stateFolder: state, from: 'latest', errors: files, ...(node !== undefined && { nodes: [node] }), ...(only && { only }) } as const;
  // Rows that cannot be replayed stop nothing.
  const before = takeUp(planned, loaded, request);
  const supervisor = new Supervisor({ dataFolder: dataFolder() });
  try {
    if (before.rows.size > 0) await stopWithCheckpoint(supervisor, path);
    const taken = before.rows.size > 0 ? takeUp(planned, loaded, request) : before;
    if (!json) announce(taken, loaded);
    if (taken.rows.size === 0) {
      if (json) process.stdout.write(`${visibleJson({ errors: itemAt(taken.tables, 0).path, nodes: [], refused: taken.refused })}\n`);
      return 2;
    }
    const { options } = chooseOptions(planned, state, committingForReplays({ from: 'latest' }));
    const { pipeline, folder } = loaded;
    const secrets = await secretsFor(taken.plan, new Secrets(dataFolder()));
    const run = await supervisor.start({ id: randomUUID(), name: pipeline.name, path, folder, plan: taken.plan, options, ...secrets });
    const summary = await allRead(supervisor, run.id, taken.plan.replays ?? []);
    // What was read is marked when a checkpoint holds it.
    if (summary.endedAt === null) await supervisor.checkpoint(run.id).catch(() => {});
    const found = outcomes(taken);
    if (json) {
      process.stdout.write(
        `${visibleJson({ errors: itemAt(taken.tables, 0).path, run: run.id, state: summary.state, nodes: found, refused: taken.refused })}\n`,
      );
    } else {
      printProblems(summary.problems, loaded);
      process.stdout.write(`${describeOutcomes(found, loaded)}${visible(pipeline.name)}: ${describeState(summary)}.\n`);
      const id = run.id.slice(0, 8);
      if (summary.endedAt === null)
        process.stdout.write(`It continues in the background.\n  millrace runs attach ${id}   shows its progress\n  millrace runs stop ${id}     ends it\n`);
    }
    return summary.endedAt === null || summary.state === 'done' ? 0 : 1;
  } finally {
    supervisor.dispose();
  }
}

/** The run of this pipeline, where there is one. Resolves when it has ended. */
async function stopWithCheckpoint(runs: RunControl, path: string): Promise<void> {
  const running = (await runs.list()).find((run) => run.path === path && run.endedAt === null);
  if (!running) return;
  if (running.bounded && running.checkpoint === null) {
    throw new MillraceError({
      code: 'replay/commit',
      message: 'The pipeline runs and commits once, at its end: stopped now, it would lose its progress',
      hint: 'Replay the rows when it has ended.',
    });
  }
  const ended = summaryOf(runs, running.id, ({ endedAt }) => endedAt !== null);
  await runs.stop(running.id, 'checkpoint');
  const { state, problems } = await ended;
  if (state === 'failed') throw new MillraceError(problems[0] ?? { code: 'run/failed', message: 'The run failed when it was to stop with a checkpoint' });
}

/** The run when all of its replays have been read, or it has ended. */
function allRead(runs: RunControl, id: string, replays: readonly string[]): Promise<RunSummary> {
  const isRead = ({ stats }: RunSummary) => replays.filter(isReplaySource).every((node) => (stats[node]?.watermark ?? 0) >= endOfTime);
  return summaryOf(runs, id, (summary) => summary.endedAt !== null || isRead(summary));
}

function summaryOf(runs: RunControl, id: string, test: (summary: RunSummary) => boolean): Promise<RunSummary> {
  return new Promise((done, failed) => {
    const look = (summary: RunSummary) => {
      if (summary.id === id && test(summary)) done(summary);
    };
    runs.onChanged(look);
    runs.list().then((all) => all.forEach(look), failed);
  });
}
