import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { planRun } from '../plan/plan.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { defaultRunOptions, type RunControl } from '../protocol/run-api.ts';
import type { Store } from '../store/store.ts';
import type { Checker } from './checker.ts';
import { diskError } from './disk.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';

/** Runs: started here, carried out and watched by the host. Ended ones are remembered in the store. */
export function runHandlers(
  runs: RunControl,
  documents: Documents,
  checker: Checker,
  store: Store,
): Answers<'run.start' | 'run.stop' | 'run.pause' | 'run.resume' | 'run.list' | 'run.inspect' | 'run.logs'> {
  return {
    'run.start': async ({ documentId, pipeline, parameters }) => {
      const { folder, path } = documents.trusted(documentId);
      const { checked } = await checker.check(pipeline, folder, { touch: true, parameters });
      const plan = planRun(checked);
      // The folder of documents that were never saved is made when something is first written there.
      await mkdir(folder, { recursive: true }).catch((error) => {
        throw diskError(error, folder, 'written');
      });
      return runs.start({ id: randomUUID(), name: pipeline.name, path, folder, plan, options: defaultRunOptions(plan) });
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
    'run.list': async () => {
      const current = await runs.list();
      const known = new Set(current.map((run) => run.id));
      return [...current, ...store.runs().filter((run) => !known.has(run.id))].sort((a, b) => b.startedAt - a.startedAt);
    },
    'run.inspect': ({ runId, node, limit }) => runs.inspect(runId, node, limit),
    'run.logs': ({ runId }) => runs.logs(runId),
  };
}

export function hasEnded(summary: RunSummary): boolean {
  return summary.state === 'done' || summary.state === 'failed' || summary.state === 'stopped';
}
