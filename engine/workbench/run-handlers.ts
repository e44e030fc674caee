import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { defaultRunOptions, type RunControl } from '../protocol/run-api.ts';
import { failedRow } from '../protocol/run-facts.ts';
import { noHistory } from '../protocol/run-history.ts';
import { latestCheckpoint } from '../store/checkpoints.ts';
import { stateFolder } from '../store/data-folder.ts';
import { RunHistoryStore } from '../store/run-history.ts';
import type { Secrets } from '../store/secrets.ts';
import type { Checks } from './checks.ts';
import { secretsFor } from './connections-file.ts';
import { diskError } from './disk.ts';
import type { Documents, OpenDocument } from './documents.ts';
import type { Answers } from './handlers.ts';
import { errorsFiles, planTakeUp } from './replay.ts';

type RunRequests =
  | 'run.start'
  | 'run.resumable'
  | 'run.elsewhere'
  | 'run.stop'
  | 'run.pause'
  | 'run.resume'
  | 'run.checkpoint'
  | 'run.list'
  | 'run.inspect'
  | 'run.logs'
  | 'run.history';

/** Runs: planned here, executed by keepers, which also write their history. */
export function runHandlers(
  runs: RunControl,
  documents: Documents,
  checks: Checks,
  catalogue: Catalogue,
  dataFolder: string,
  secrets: Secrets,
): Answers<RunRequests> {
  const stateOf = (document: OpenDocument) => stateFolderOf(dataFolder, document);
  const listRuns = async () => {
    const current = await runs.list();
    const known = new Set(current.map((run) => run.id));
    const remembered = readHistory(dataFolder, (store) => store.runs(), [] as readonly RunSummary[]);
    // Runs that are recorded as running but do not run ended while the list was read: an event reports their end.
    return [...current, ...remembered.filter((run) => !known.has(run.id) && run.endedAt !== null)].sort((a, b) => b.startedAt - a.startedAt);
  };
  return {
    'run.start': async ({ documentId, pipeline, parameters, from, dropChangedState, acceptDuplicates, keepErrors, replay }) => {
      await documents.review(documentId, pipeline);
      const document = documents.trusted(documentId);
      const { folder, path } = document;
      const { plan: planned } = await checks.plan(pipeline, document, { touch: true, mustKnow: true, parameters }, { keepErrors });
      // The folder of documents that were never saved is created when something is first written there.
      await mkdir(folder, { recursive: true }).catch((error) => {
        throw diskError(error, folder, 'written');
      });
      const state = stateOf(document);
      const begins = from ?? (planned.bounded ? 'scratch' : 'latest');
      const { plan } = replay
        ? planTakeUp({
            plan: planned,
            catalogue,
            stateFolder: state,
            folder,
            files: errorsFiles(pipeline.name, document),
            nodes: replay,
            from: begins,
          })
        : { plan: planned };
      const options = {
        ...defaultRunOptions(plan),
        ...(replay && { commits: 'checkpoint' as const }),
        stateFolder: state,
        from: begins,
        dropChangedState: dropChangedState ?? false,
        acceptDuplicates: acceptDuplicates ?? false,
      };
      return runs.start({ id: randomUUID(), name: pipeline.name, path, folder, plan, options, ...(await secretsFor(plan, secrets)) });
    },
    'run.resumable': async ({ documentId }) => {
      const document = documents.trusted(documentId);
      const latest = latestCheckpoint(stateOf(document));
      if (!latest) return null;
      const last = document.path === null ? undefined : (await listRuns()).find((run) => run.path === document.path && run.endedAt !== null);
      return { id: latest.id, at: latest.at, failed: last ? failedRow(last) : null };
    },
    'run.elsewhere': async ({ documentId, name }) => {
      const document = documents.trusted(documentId);
      const runs = document.path === null ? [] : await listRuns();
      const paths = new Set(runs.filter((run) => run.pipeline === name && !run.bounded).flatMap(({ path }) => path ?? []));
      paths.delete(document.path ?? '');
      const found = [unsavedIdentity(document), ...paths].flatMap((identity) => {
        const latest = document.path === null ? null : latestCheckpoint(stateFolder(dataFolder, identity));
        return latest ? [{ id: latest.id, at: latest.at, path: paths.has(identity) ? identity : null }] : [];
      });
      const newest = found.sort((a, b) => b.at - a.at)[0];
      return newest ? { ...newest, exists: newest.path !== null && existsSync(newest.path) } : null;
    },
    'run.stop': async ({ runId, how }) => {
      await runs.stop(runId, how);
      return null;
    },
    'run.pause': async ({ runId }) => {
      await runs.pause(runId);
      return null;
    },
    'run.resume': async ({ runId }) => {
      await runs.resume(runId);
      return null;
    },
    'run.checkpoint': ({ runId }) => runs.checkpoint(runId),
    'run.list': listRuns,
    'run.inspect': ({ runId, node, limit, port }) => runs.inspect(runId, node, limit, port),
    'run.logs': async ({ runId }) => {
      try {
        return await runs.logs(runId);
      } catch (error) {
        if (!(error instanceof MillraceError) || error.problem.code !== 'run/unknown') throw error;
        return readHistory(dataFolder, (store) => store.logs(runId), []);
      }
    },
    'run.history': ({ runId }) => readHistory(dataFolder, (store) => store.history(runId), noHistory),
  };
}

/** A document that was never saved has no place of its own: its state is kept as long as it is open. */
export function stateFolderOf(dataFolder: string, document: OpenDocument): string {
  return stateFolder(dataFolder, document.path ?? unsavedIdentity(document), document.environment);
}

function unsavedIdentity({ id }: OpenDocument): string {
  return `unsaved ${id}`;
}

/** Keepers write the history. If it cannot be read there is none, and everything else works. */
function readHistory<T>(dataFolder: string, read: (store: RunHistoryStore) => T, otherwise: T): T {
  let store: RunHistoryStore | null = null;
  try {
    store = RunHistoryStore.open(dataFolder);
    return read(store);
  } catch {
    return otherwise;
  } finally {
    store?.close();
  }
}
