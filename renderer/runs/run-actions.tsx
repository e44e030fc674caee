import type { Pipeline, RunSummary } from '../../engine/protocol/messages.ts';
import type { StopMode } from '../../engine/protocol/run-api.ts';
import { notify, notifyError } from '../app/notify.ts';
import { checkNow } from '../session/checks.ts';
import { acceptRun, readRuns } from '../session/engine.ts';
import { meansTheSame } from '../session/meaning.ts';
import { session } from '../session/session.ts';
import { getState, onRunChanged, setState } from '../session/state.ts';
import { askParameters } from './ParametersDialog.tsx';
import { askReplay } from './ReplayDialog.tsx';
import { askBeginning, askChangedState, type Beginning } from './ResumeDialog.tsx';

export function isRunning(run: RunSummary | null): boolean {
  return run !== null && run.endedAt === null;
}

/** Whether something of it can still be asked for: it has begun, and is not about to end. */
export function isSteerable(run: RunSummary | null): run is RunSummary {
  return run !== null && (run.state === 'running' || run.state === 'paused');
}

/** Whether it was asked to end, and is finishing what is under way. */
export function isEnding(run: RunSummary | null): boolean {
  return run !== null && (run.state === 'stopping' || run.state === 'draining');
}

interface Start {
  readonly documentId: string;
  readonly pipeline: Pipeline;
  readonly parameters: { readonly [name: string]: string | number | boolean };
}

/**
 * Starts the pipeline as it is now, saved or not. Asks for the parameters' values where it has some, and where to begin if it
 * could go on from a checkpoint.
 */
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
    const checkpoint = await session.request('run.resumable', { documentId });
    const from = checkpoint ? await askBeginning(checkpoint) : 'scratch';
    if (from) await begin({ documentId, pipeline, parameters }, from, false);
  } catch (error) {
    notifyError(error, 'The run did not start');
  }
}

/** Sends the kept rows of a node through the pipeline as it is now, once the user has read what that does. */
export async function startReplay(node: string, title: string, rows: number): Promise<void> {
  const { documentId, pipeline } = session.state;
  if (!documentId || !(await askReplay(title, rows))) return;
  const parameters = Object.keys(pipeline.parameters).length > 0 ? await askParameters(pipeline.parameters) : {};
  if (!parameters) return;
  try {
    show(await session.request('run.replay', { documentId, pipeline, parameters: { ...parameters }, node }), pipeline);
  } catch (error) {
    notifyError(error, 'The replay did not start');
  }
}

async function begin(start: Start, from: Beginning, dropChangedState: boolean): Promise<void> {
  const { documentId, pipeline, parameters } = start;
  const run = await session.request('run.start', { documentId, pipeline, parameters: { ...parameters }, from, dropChangedState });
  show(run, pipeline);
  if (from === 'latest') void offerWithoutState(start, run.id);
}

/** A run that was just started, of this pipeline. */
function show(run: RunSummary, pipeline: Pipeline): void {
  // Events of a fast run may have come before the reply to its start.
  const newest = session.state.runs.find((other) => other.id === run.id) ?? run;
  setState({ run: newest, runPipeline: pipeline, runStale: !meansTheSame(pipeline, session.state.pipeline) });
  acceptRun(newest);
  session.showDock('run');
}

/** A run that finds its state changed by an edit ends at once, and says what does not fit: what to do is the user's to say. */
async function offerWithoutState(start: Start, runId: string): Promise<void> {
  const run = await onRunChanged(runId, ({ endedAt, resumedFrom }) => endedAt !== null || resumedFrom !== null);
  const problem = run.problems.find(({ code }) => code === 'checkpoint/changed');
  if (!problem || getState().run?.id !== runId) return;
  const from = await askChangedState(problem);
  if (from) await begin(start, from, from === 'latest').catch((error) => notifyError(error, 'The run did not start'));
}

/** With a checkpoint where it makes some, to go on from; else at once. */
export function stopRun(): Promise<void> {
  return endRun(session.state.run?.bounded === false ? 'checkpoint' : 'cancel');
}

export async function endRun(how: StopMode): Promise<void> {
  const { run } = session.state;
  if (!run || !isRunning(run)) return;
  await session.request('run.stop', { runId: run.id, how });
}

export async function pauseOrResume(): Promise<void> {
  const { run } = session.state;
  if (isSteerable(run)) await session.request(run.state === 'paused' ? 'run.resume' : 'run.pause', { runId: run.id });
}

export async function makeCheckpoint(): Promise<void> {
  const { run } = session.state;
  if (!isSteerable(run)) return;
  const { id } = await session.request('run.checkpoint', { runId: run.id });
  notify(`Checkpoint ${id} is made.`);
}

/** Shows an earlier run in the run panel and on the canvas. */
export function showRun(run: RunSummary): void {
  setState({ run, runPipeline: null, runStale: true });
  void readRuns();
}
