import type { Autosaves } from './autosaves.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';

/** Copies of unsaved documents. A restored autosave has the same trust, and finds its files, as before. */
export function autosaveHandlers(
  autosaves: Autosaves,
  documents: Documents,
): Answers<'autosave.write' | 'autosave.list' | 'autosave.restore' | 'autosave.discard'> {
  /** Those of this session: their documents are open here, not lost. */
  const live = new Map<string, string>();
  return {
    'autosave.write': async ({ id, documentId, path, pipeline }) => {
      const { folder, trusted, stamp } = documents.get(documentId);
      live.set(id, documentId);
      await autosaves.write({ id, path, folder, trusted, stamp, pipeline });
      return null;
    },
    'autosave.list': async () => (await autosaves.list()).filter(({ id }) => !documents.isOpen(live.get(id) ?? '')),
    'autosave.restore': async ({ id }) => {
      const kept = await autosaves.read(id);
      return documents.restore(kept.pipeline, kept);
    },
    'autosave.discard': async ({ id }) => {
      live.delete(id);
      await autosaves.discard(id);
      return null;
    },
  };
}
