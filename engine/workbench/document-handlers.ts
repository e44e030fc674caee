import { stat } from 'node:fs/promises';
import { titleOfFile } from '../document/file.ts';
import { emptyPipeline } from '../document/pipeline.ts';
import type { Store } from '../store/store.ts';
import type { Autosaves } from './autosaves.ts';
import type { Checks } from './checks.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';

/** Documents, recent files and examples. `forget` ends the work in progress for a document. */
export function documentHandlers(
  documents: Documents,
  store: Store,
  checks: Checks,
  autosaves: Autosaves,
  forget: (documentId: string) => void,
): Answers<
  | 'document.new'
  | 'document.open'
  | 'document.openExample'
  | 'document.resume'
  | 'document.save'
  | 'document.close'
  | 'recent.list'
  | 'recent.remove'
  | 'examples.list'
> {
  return {
    'document.new': () => documents.create(),
    'document.open': ({ path }) => documents.open(path),
    'document.openExample': ({ id }) => documents.openExample(id),
    'document.resume': (known) => documents.resume(known),
    'document.save': async ({ documentId, path, pipeline, stamp, copy }) => {
      // A document that cannot be checked is saved all the same.
      const reads = await checks.result(pipeline, documents.get(documentId), { touch: false }).then(
        (result) => result.reads,
        () => [],
      );
      const saved = await documents.save(documentId, path, pipeline, stamp, reads);
      if (copy !== undefined) await autosaves.discard(copy).catch(() => {});
      return saved;
    },
    'document.close': ({ documentId }) => {
      forget(documentId);
      documents.close(documentId);
      return null;
    },
    'recent.list': () =>
      Promise.all(
        store.recent().map(async (file) => ({
          ...file,
          name: file.name === emptyPipeline.name ? titleOfFile(file.path) : file.name,
          exists: await stat(file.path).then(
            (found) => found.isFile(),
            () => false,
          ),
        })),
      ),
    'recent.remove': ({ path }) => {
      store.removeRecent(path);
      return null;
    },
    'examples.list': () => documents.examples(),
  };
}
