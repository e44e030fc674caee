import type { Pipeline } from '../../engine/document/pipeline.ts';
import { type DockTab, type SessionState, session } from '../session/session.ts';

const storageKey = 'millrace-left-document';

/** What a page had open when it was closed. */
export interface LeftDocument {
  readonly pipeline: Pipeline;
  readonly path: string | null;
  readonly stamp: string | null;
  readonly trusted: boolean;
  readonly edited: boolean;
  /** The run that was shown. */
  readonly run: string | null;
  readonly selection: SessionState['selection'];
  readonly dockTab: DockTab;
}

/** Keeps the document over a reload of the page, in the storage of this window alone. */
export function leaveDocument(): void {
  const { pipeline, path, stamp, trusted, isEdited: edited, run, selection, dockTab, engine } = session.state;
  if (engine === 'connecting' || (path === null && !edited && Object.keys(pipeline.nodes).length === 0)) return;
  const left: LeftDocument = { pipeline, path, stamp, trusted, edited, run: run?.id ?? null, selection, dockTab };
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(left));
  } catch {
    // Too large for the storage: the autosaved copy remains.
  }
}

/** Once: a copy of the window (a duplicated tab) starts fresh. */
export function takeLeftDocument(): LeftDocument | null {
  const text = sessionStorage.getItem(storageKey);
  sessionStorage.removeItem(storageKey);
  return text ? (JSON.parse(text) as LeftDocument) : null;
}
