import type { RunSummary } from '../../engine/protocol/messages.ts';
import { notify, notifyError } from '../app/notify.ts';
import { checkNow } from '../session/checks.ts';
import { acceptRun, readRuns } from '../session/engine.ts';
import { meansTheSame } from '../session/meaning.ts';
import { session } from '../session/session.ts';
import { setState } from '../session/state.ts';
import { askParameters } from './ParametersDialog.tsx';

export function isRunning(run: RunSummary | null): boolean {
  return run !== null && run.endedAt === null;
}

/** Starts the pipeline as it is now, saved or not. Asks for the parameters' values where it has some. */
export async function startRun(): Promise<void> {
  const { documentId, pipeline, trusted, check } = session.state;
  if (!documentId) return notify('The engine is still starting. Try again in a moment.', 'warning');
  if (!trusted) return notify('This pipeline is not trusted yet: nothing of it runs. The bar above the canvas tells what it would do.', 'warning');
  // What was wrong may be mended outside: a file that is there by now.
  if (check && !check.runnable && (await checkNow()) === false) {
    session.showDock('problems');
    return notify('The pipeline has errors. They are listed below; mend them, then run again.', 'error');
  }
  const parameters = Object.keys(pipeline.parameters).length > 0 ? await askParameters(pipeline.parameters) : {};
  if (!parameters) return;
  try {
    const run = await session.request('run.start', { documentId, pipeline, parameters });
    // Events of a fast run may have come before the reply to its start.
    const newest = session.state.runs.find((other) => other.id === run.id) ?? run;
    setState({ run: newest, runPipeline: pipeline, runStale: !meansTheSame(pipeline, session.state.pipeline) });
    acceptRun(newest);
    session.showDock('run');
  } catch (error) {
    notifyError(error, 'The run did not start');
  }
}

export async function stopRun(): Promise<void> {
  const { run } = session.state;
  if (!run || !isRunning(run)) return;
  await session.request('run.stop', { runId: run.id, how: 'cancel' });
}

/** Shows an earlier run in the run panel and on the canvas. */
export function showRun(run: RunSummary): void {
  setState({ run, runPipeline: null, runStale: true });
  void readRuns();
}
