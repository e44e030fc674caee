import type { RunSummary } from '../../engine/protocol/messages.ts';
import type { SessionState } from '../session/session.ts';

/** What a run is known by besides its state: its pipeline's file, or the name of one that was never saved. */
export function pipelineOf({ path, pipeline }: RunSummary): string {
  return path?.split(/[\\/]/).at(-1) ?? `${pipeline} (unsaved)`;
}

/** What one must know of the run that is shown where it is not one of the pipeline as it is now; else null. */
export function strangeness({ run, path, pipeline, runStale, runPipeline }: SessionState): string | null {
  if (!run) return null;
  const isOther = run.path !== path || (path === null && run.pipeline !== pipeline.name && runPipeline === null);
  if (isOther) return run.path === null && run.pipeline === pipeline.name ? 'before it was saved' : `of ${pipelineOf(run)}`;
  if (!runStale) return null;
  return runPipeline ? 'before your last changes' : 'an earlier run';
}
