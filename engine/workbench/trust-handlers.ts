import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { RunControl } from '../protocol/run-api.ts';
import type { Store } from '../store/store.ts';
import type { Checks } from './checks.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';
import { listTrusted, refuseWide } from './trusted-places.ts';

type TrustRequests = 'document.trust' | 'document.links' | 'trust.list' | 'trust.remove' | 'clipboard.copied' | 'clipboard.isOwn' | 'pipeline.touches';

/** What is trusted, and what pasted nodes would touch. */
export function trustHandlers(documents: Documents, store: Store, checks: Checks, runs: RunControl, catalogue: Catalogue): Answers<TrustRequests> {
  return {
    'document.trust': async ({ documentId, folder, sure }) => {
      const { path } = documents.get(documentId);
      if (folder) {
        if (path === null) throw new MillraceError({ code: 'trust/no-folder', message: 'It has no file yet, and so no folder.', hint: 'Save it first.' });
        const whole = await realpath(dirname(path));
        if (!sure) refuseWide(whole);
        store.trust.addFolder(whole);
      }
      documents.trust(documentId);
      return { trusted: true };
    },
    'document.links': ({ documentId, paths }) => checks.links(paths, documents.get(documentId)),
    'trust.list': () => listTrusted(store.trust, catalogue),
    'trust.remove': async ({ places = store.trust.list() }) => {
      const taken = places.filter(({ kind, path }) => store.trust.remove(kind, path));
      documents.reviewTrust();
      if (taken.length === 0) return { running: [] };
      const going = (await runs.list()).filter((run) => run.endedAt === null);
      return { running: going.filter(({ path }) => path !== null && !isStillTrusted(store, path)).map((run) => run.pipeline) };
    },
    'clipboard.copied': ({ documentId, text }) => {
      documents.trusted(documentId);
      store.copies.add(text);
      return null;
    },
    'clipboard.isOwn': ({ text }) => store.copies.has(text),
    'pipeline.touches': async ({ documentId, pipeline }) => {
      const { reads, writes, listens, reaches, secrets, code, unknown } = await checks.result(pipeline, documents.get(documentId), { touch: false });
      return { reads, writes, listens, reaches, secrets, code, unknown };
    },
  };
}

function isStillTrusted({ trust }: Store, path: string): boolean {
  return trust.folderOf(path) !== null || trust.list().some((each) => each.kind === 'file' && each.path === path);
}
