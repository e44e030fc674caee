import type { Pipeline } from '../../engine/document/pipeline.ts';
import { session } from '../session/session.ts';

const intervalMs = 1_500;
const storageKey = 'millrace-autosave-id';

let written: Pipeline | null = null;

/** Names this window's copy; a reload of the same window keeps it. */
function autosaveId(): string {
  let id = sessionStorage.getItem(storageKey);
  if (!id) {
    id = crypto.randomUUID();
    sessionStorage.setItem(storageKey, id);
  }
  return id;
}

/** Keeps a copy of unsaved changes in the engine's data folder, every moment while there are new ones. */
export function startAutosave(): void {
  setInterval(() => void writeAutosave(), intervalMs);
}

export async function writeAutosave(): Promise<void> {
  const { isEdited, pipeline, documentId, path } = session.state;
  if (!isEdited || !documentId || pipeline === written) return;
  try {
    await session.request('autosave.write', { id: autosaveId(), documentId, path, pipeline });
    written = pipeline;
  } catch {
    // The engine is restarting, or its disk is full: tried again at the next turn.
  }
}

/** The changes are saved or given up: no copy of them may be offered again. */
export async function discardAutosave(): Promise<void> {
  if (written === null) return;
  written = null;
  await session.request('autosave.discard', { id: autosaveId() }).catch(() => {});
}

/** A restored copy lives on as this window's own until it is saved. */
export function adoptAutosave(id: string): void {
  sessionStorage.setItem(storageKey, id);
  written = session.state.pipeline;
}
