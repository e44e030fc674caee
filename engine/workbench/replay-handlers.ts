import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Pipeline } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { errorsFile } from '../plan/errors-table.ts';
import { planRun } from '../plan/plan.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunControl } from '../protocol/run-api.ts';
import type { Problem } from '../schema/problem.ts';
import { readKeptErrors } from '../store/kept-errors.ts';
import type { Checker } from './checker.ts';
import type { Documents, OpenDocument } from './documents.ts';
import type { Answers } from './handlers.ts';
import { prepareReplay, wayInto } from './replay.ts';

const newestShown = 20;

export interface ReplayHandlersOptions {
  readonly runs: RunControl;
  readonly documents: Documents;
  readonly checker: Checker;
  readonly catalogue: Catalogue;
  stateOf(document: OpenDocument): string;
}

/** The errors table of a document, and replays from it. */
export function replayHandlers({ runs, documents, checker, catalogue, stateOf }: ReplayHandlersOptions): Answers<'errors.list' | 'run.replay'> {
  const planOf = async (pipeline: Pipeline, folder: string, parameters: { readonly [name: string]: string | number | boolean }) =>
    planRun((await checker.check(pipeline, folder, { touch: true, mustKnow: true, parameters })).checked);
  return {
    'errors.list': async ({ documentId, pipeline }) => {
      const document = documents.trusted(documentId);
      const { folder } = document;
      const file = errorsFile(pipeline.name);
      const path = resolve(folder, file);
      const { counts, rows } = readKeptErrors(path, { newest: newestShown });
      if (counts.size === 0) return { path, nodes: [], newest: [] };
      const planned = await planOf(pipeline, folder, {}).then(
        (plan) => ({ plan }),
        (error: unknown) => ({ problem: problemOf(error) }),
      );
      const obstacle = (node: string): Problem | null => {
        if ('problem' in planned) return planned.problem;
        try {
          prepareReplay({ plan: planned.plan, catalogue, stateFolder: stateOf(document), file, node });
          return null;
        } catch (error) {
          return problemOf(error);
        }
      };
      const ways = [...counts].map(([node, waiting]) => {
        const problem = obstacle(node);
        const way =
          'plan' in planned
            ? wayInto({ plan: planned.plan, catalogue, stateFolder: stateOf(document), folder, file, nodes: [node], from: 'latest' }, problem)
            : { problem, inRun: false };
        return { node, rows: waiting, ...way };
      });
      return { path, nodes: ways, newest: rows };
    },
    'run.replay': async ({ documentId, pipeline, parameters, node }) => {
      const document = documents.trusted(documentId);
      const { folder, path } = document;
      const plan = await planOf(pipeline, folder, parameters);
      const replay = prepareReplay({ plan, catalogue, stateFolder: stateOf(document), file: errorsFile(pipeline.name), node });
      const title = plan.nodes.find(({ id }) => id === node)?.title ?? node;
      return runs.start({ id: randomUUID(), name: `${pipeline.name} (replay of ${title})`, path, folder, plan: replay.plan, options: replay.options });
    },
  };
}
