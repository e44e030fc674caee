import type { Pipeline } from '../../engine/document/pipeline.ts';
import { problemOf } from '../../engine/protocol/connection.ts';
import { notifyError } from '../app/notify.ts';
import { session } from '../session/session.ts';
import { takeWindowId, windowId } from './window-id.ts';

const intervalMs = 1_500;

let written: Pipeline | null = null;
/** What was said last of a copy that could not be written: said once, until one was written again. */
let told = '';

/** Keeps a copy of unsaved changes in the engine's data folder, every moment while there are new ones. */
export function startAutosave(): void {
  setInterval(() => void writeAutosave(), intervalMs);
}

export async function writeAutosave(): Promise<void> {
  const id = await windowId();
  const { isEdited, pipeline, documentId, path } = session.state;
  if (!isEdited || !documentId || pipeline === written) return;
  try {
    await session.request('autosave.write', { id, documentId, path, pipeline });
    written = pipeline;
    told = '';
  } catch (error) {
    // Tried again at the next turn. That the engine restarts is said elsewhere.
    const { code, message } = problemOf(error);
    if (code === 'engine/gone' || code === 'document/unknown' || told === message) return;
    told = message;
    notifyError(error, 'Unsaved changes are not being kept. Save the pipeline');
  }
}

/** The changes are saved or given up: no copy of them may be offered again. */
export async function discardAutosave(): Promise<void> {
  if (written === null) return;
  written = null;
  await session.request('autosave.discard', { id: await windowId() }).catch(() => {});
}

/** A restored copy lives on as this window's own until it is saved. Where another window has restored it too, this one keeps a second. */
export async function adoptAutosave(id: string): Promise<void> {
  if (await takeWindowId(id)) written = session.state.pipeline;
  else await writeAutosave();
}
