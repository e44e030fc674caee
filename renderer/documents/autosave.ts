import type { Pipeline } from '../../engine/document/pipeline.ts';
import { problemOf } from '../../engine/protocol/connection.ts';
import { session } from '../session/session.ts';
import { notifyError } from '../shell/notify.ts';
import { takeWindowId, windowId } from './window-id.ts';

const intervalMs = 1_500;

/** The engine's copy of this window's document: under which name, and of what. */
let kept: { readonly id: string; readonly pipeline: Pipeline } | null = null;
/** The last reported error of a copy that could not be written: reported once, until one was written again. */
let told = '';
/** One at a time: a copy that is still being written when the document is saved must not outlive the save. */
let last: Promise<void> = Promise.resolve();
let isHeld = false;

/** Keeps a copy of unsaved changes in the engine's data folder, at short intervals while there are new ones. */
export function startAutosave(): void {
  setInterval(() => void writeAutosave(), intervalMs);
}

export function writeAutosave(): Promise<void> {
  return inTurn(write);
}

/** No copy is written until `releaseAutosave`: the document is being saved. Returns the name of the existing copy, if any. */
export async function holdAutosave(): Promise<string | undefined> {
  isHeld = true;
  await last;
  return kept?.id;
}

export function releaseAutosave(): void {
  isHeld = false;
}

/** The changes are saved or given up: no copy of them may be offered again. */
export function discardAutosave(): Promise<void> {
  return inTurn(async () => {
    if (kept) await discard(kept.id);
    kept = null;
  });
}

/** A restored copy becomes this window's own until it is saved. If another window has restored it too, this one keeps a second. */
export function adoptAutosave(id: string): Promise<void> {
  return inTurn(async () => {
    if (!(await takeWindowId(id))) return write();
    if (kept && kept.id !== id) await discard(kept.id);
    kept = { id, pipeline: session.state.pipeline };
  });
}

async function write(): Promise<void> {
  const id = await windowId();
  const { isEdited, pipeline, documentId, path } = session.state;
  if (isHeld || !isEdited || !documentId || pipeline === kept?.pipeline) return;
  try {
    await session.request('autosave.write', { id, documentId, path, pipeline });
    kept = { id, pipeline };
    told = '';
  } catch (error) {
    // Retried at the next interval. The status bar reports that the engine restarts.
    const { code, message } = problemOf(error);
    if (code === 'engine/gone' || code === 'document/unknown' || told === message) return;
    told = message;
    notifyError(error, 'Unsaved changes are not being kept. Save the pipeline');
  }
}

async function discard(id: string): Promise<void> {
  await session.request('autosave.discard', { id }).catch(() => {});
}

function inTurn(step: () => Promise<void>): Promise<void> {
  last = last.then(step, step);
  return last;
}
