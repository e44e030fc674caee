import { runNodeOf, runNodes } from '../../engine/document/pipeline.ts';
import type { RequestParams } from '../../engine/protocol/api.ts';
import type { Pipeline, RunSummary } from '../../engine/protocol/messages.ts';
import type { StopMode } from '../../engine/protocol/run-api.ts';
import { failedRow } from '../../engine/protocol/run-facts.ts';
import { endOfTime } from '../../model/schema/event-time.ts';
import { openPath, saveDocument } from '../documents/documents.tsx';
import { checkNow } from '../session/checks.ts';
import { acceptRun, readRuns } from '../session/engine.ts';
import { meansTheSame } from '../session/meaning.ts';
import { isRunning, isSteerable } from '../session/run-state.ts';
import { session } from '../session/session.ts';
import { getState, onRunChanged, setState } from '../session/state.ts';
import { forgetNotice, notify, notifyError } from '../shell/notify.ts';
import { askParameters } from './ParametersDialog.tsx';
import { askReplay, type ReplayWay } from './ReplayDialog.tsx';
import { askAfterRefusal, askBeginning, refusals } from './ResumeDialog.tsx';
import { askElsewhere, askSaveFirst } from './StartDialogs.tsx';

interface Start {
  readonly documentId: string;
  readonly pipeline: Pipeline;
  readonly parameters: { readonly [name: string]: string | number | boolean };
}

/** How a run begins, as `run.start` takes it. */
const hasErrors = 'The pipeline has errors, which are listed under Problems. Fix them, then run again.';

type How = Partial<Pick<RequestParams<'run.start'>, 'from' | 'dropChangedState' | 'acceptDuplicates' | 'keepErrors' | 'replay'>>;

/**
 * Starts the current pipeline, saved or not. Asks for the parameters' values if it has some, and where to begin if it could resume from a
 * checkpoint.
 */
export async function startRun(): Promise<void> {
  const { documentId, pipeline, trusted } = session.state;
  if (!documentId) return notify('The engine is still starting. Try again in a moment.', 'warning');
  if (!trusted) return notify('This pipeline is not trusted yet, so it cannot run. The bar above the canvas shows what it would do.', 'warning');
  // What is asked depends on whether it ever ends, which an outdated check cannot say.
  if (session.state.checked !== pipeline) await checkNow();
  const { check } = session.state;
  // The cause may have been fixed outside: a file exists by now.
  if (check && !check.runnable && (await checkNow()) === false) {
    session.showDock('problems');
    return notify(hasErrors, 'error');
  }
  forgetNotice(hasErrors);
  if (check?.bounded === false && !(await mayRunUnsaved())) return;
  const parameters = Object.keys(pipeline.parameters).length > 0 ? await askParameters(pipeline.parameters) : {};
  if (!parameters) return;
  try {
    const how = await beginning(documentId, pipeline.name, check?.bounded === false);
    if (how) await begin({ documentId, pipeline, parameters }, how);
  } catch (error) {
    notifyError(error, 'The run did not start');
  }
}

/** Documents that the user has allowed to run unsaved. */
const runUnsaved = new Set<string>();

/** A run that never ends can be resumed only if its pipeline has a file: asks once, and saves if the user wants that. */
async function mayRunUnsaved(): Promise<boolean> {
  const { path, documentId, pipeline } = session.state;
  if (path !== null || !documentId || runUnsaved.has(documentId)) return true;
  const answer = await askSaveFirst(pipeline.name);
  if (answer === 'save') return saveDocument();
  if (answer === 'run') runUnsaved.add(documentId);
  return answer === 'run';
}

/** Where a run begins: asks where it could resume, and says where it could have. Null if the user cancels. */
async function beginning(documentId: string, name: string, isEndless: boolean): Promise<How | null> {
  const checkpoint = await session.request('run.resumable', { documentId });
  if (checkpoint) {
    const { run } = session.state;
    const failed = checkpoint.failed ?? (run && run.endedAt !== null ? failedRow(run) : null);
    const from = await askBeginning({ ...checkpoint, failed });
    return from && { from, ...(failed && from === 'latest' && { keepErrors: true }) };
  }
  const elsewhere = isEndless ? await session.request('run.elsewhere', { documentId, name }) : null;
  const answer = elsewhere ? await askElsewhere(elsewhere) : 'here';
  if (answer === 'open' && elsewhere?.path) void openPath(elsewhere.path);
  // Left to the engine: although there is no valid checkpoint, there may have been one.
  return answer === 'here' ? {} : null;
}

/** Replays the kept rows of a node in the current pipeline, once the user has read what that does. */
export async function startReplay(way: ReplayWay, node: string, title: string, rows: number): Promise<void> {
  const { documentId, pipeline } = session.state;
  if (!documentId || !(await askReplay(way, title, rows))) return;
  const parameters = Object.keys(pipeline.parameters).length > 0 ? await askParameters(pipeline.parameters) : {};
  if (!parameters) return;
  try {
    if (way !== 'alone') {
      if (way === 'into-run' && !(await stoppedWithCheckpoint())) return;
      const run = await begin({ documentId, pipeline, parameters }, { from: 'latest', replay: [node] });
      return void tellReplayed(run.id, title);
    }
    show(await session.request('run.replay', { documentId, pipeline, parameters: { ...parameters }, node }), pipeline);
  } catch (error) {
    notifyError(error, 'The replay did not start');
  }
}

/** Stops the current run, so that it can resume from there; reports if that failed. */
async function stoppedWithCheckpoint(): Promise<boolean> {
  const { run } = session.state;
  if (!run || !isRunning(run)) return true;
  await session.request('run.stop', { runId: run.id, how: 'checkpoint' });
  const { state } = await onRunChanged(run.id, ({ endedAt }) => endedAt !== null);
  if (state === 'failed') notify('The run failed while stopping with a checkpoint: no rows were replayed.', 'error');
  return state !== 'failed';
}

/** Reports when all replayed rows of a run are read, and a checkpoint contains their results. */
async function tellReplayed(runId: string, title: string): Promise<void> {
  const isRead = ([id, { watermark }]: [string, { readonly watermark: number }]) => runNodeOf(id) === runNodes.replay && watermark >= endOfTime;
  const { endedAt } = await onRunChanged(runId, (run) => run.endedAt !== null || Object.entries(run.stats).some(isRead));
  if (endedAt !== null) return;
  await session.request('run.checkpoint', { runId }).then(
    () => notify(`The rows of “${title}” were replayed. The run continues.`),
    () => {},
  );
}

async function begin(start: Start, how: How): Promise<RunSummary> {
  const { documentId, pipeline, parameters } = start;
  const run = await session.request('run.start', { documentId, pipeline, parameters: { ...parameters }, ...how });
  show(run, pipeline);
  if (how.from !== 'scratch') void offerAnotherStart(start, how, run.id);
  return run;
}

/** A run of this pipeline that was just started. */
function show(run: RunSummary, pipeline: Pipeline): void {
  // Events of a fast run may have arrived before the reply to its start.
  const newest = session.state.runs.find((other) => other.id === run.id) ?? run;
  setState({ run: newest, runPipeline: pipeline, runStale: !meansTheSame(pipeline, session.state.pipeline) });
  acceptRun(newest);
  session.showDock('run');
}

/** A run that cannot resume as it is ends at once, with the reason: the user decides what to do. */
async function offerAnotherStart(start: Start, how: How, runId: string): Promise<void> {
  const run = await onRunChanged(runId, ({ endedAt, resumedFrom, checkpoint }) => endedAt !== null || resumedFrom !== null || checkpoint !== null);
  const problem = run.endedAt !== null && run.problems.find(({ code }) => refusals.has(code));
  if (!problem || getState().run?.id !== runId) return;
  const next = await askAfterRefusal(problem);
  if (!next) return;
  // From scratch, the failed rows are read again anyway, if their source can be read again.
  const { replay: _, ...anew } = how;
  await begin(start, { ...(next.from === 'scratch' ? anew : how), ...next }).catch((error) => notifyError(error, 'The run did not start'));
}

/** With a checkpoint to resume from if it makes some; otherwise at once. */
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
  notify(`Checkpoint ${id} was made.`);
}

/** Shows an earlier run in the run panel and on the canvas. */
export function showRun(run: RunSummary): void {
  setState({ run, runPipeline: null, runStale: true });
  void readRuns();
}
