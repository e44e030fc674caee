import type { RunSummary } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import type { SessionState } from './session.ts';

type Shown = Pick<SessionState, 'run' | 'path' | 'pipeline' | 'runStale' | 'runPipeline'>;

/** What identifies the pipeline of a run: its file, or the name of one that was never saved. */
export function pipelineOf({ path, pipeline }: Pick<RunSummary, 'path' | 'pipeline'>): string {
  return visible(path?.split(/[\\/]/).at(-1) ?? `${pipeline} (unsaved)`);
}

/** Whether the shown run is one of the open document: of its file, or started here before it had one. */
export function isOwnRun({ run, path, runPipeline }: Shown): boolean {
  return run !== null && (runPipeline !== null || (path !== null && run.path === path));
}

/** A note about the shown run if it is not one of the current pipeline; otherwise null. */
export function strangeness(state: Shown): string | null {
  const { run, path, runStale, runPipeline } = state;
  if (!run) return null;
  if (run.path !== path && isOwnRun(state) && run.path === null) return 'before it was saved';
  if (run.path !== path || !isOwnRun(state)) return `of ${pipelineOf(run)}`;
  if (!runStale) return null;
  return runPipeline ? 'before your last changes' : 'an earlier run';
}
