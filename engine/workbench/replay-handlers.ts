import { randomUUID } from 'node:crypto';
import { itemAt } from '../../model/faults/missing.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { Pipeline } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { problemOf } from '../protocol/connection.ts';
import type { RunControl } from '../protocol/run-api.ts';
import { readKeptErrors } from '../store/kept-errors.ts';
import type { Secrets } from '../store/secrets.ts';
import type { Checks } from './checks.ts';
import { secretsFor } from './connections-file.ts';
import type { Documents, OpenDocument } from './documents.ts';
import type { Answers } from './handlers.ts';
import { errorsFiles, errorsPath, prepareReplay, wayInto } from './replay.ts';

const newestShown = 20;

export interface ReplayHandlersOptions {
  readonly runs: RunControl;
  readonly documents: Documents;
  readonly checks: Checks;
  readonly catalogue: Catalogue;
  readonly secrets: Secrets;
  stateOf(document: OpenDocument): string;
}

/** The errors table of a document, and replays from it. */
export function replayHandlers({ runs, documents, checks, catalogue, secrets, stateOf }: ReplayHandlersOptions): Answers<'errors.list' | 'run.replay'> {
  const planOf = async (pipeline: Pipeline, document: OpenDocument, parameters: { readonly [name: string]: string | number | boolean }) =>
    (await checks.plan(pipeline, document, { touch: true, mustKnow: true, parameters })).plan;
  return {
    'errors.list': async ({ documentId, pipeline }) => {
      const document = documents.trusted(documentId);
      const { folder } = document;
      const tables = waitingTables(pipeline, document);
      const { path } = tables.find(({ counts }) => counts.size > 0) ?? itemAt(tables, 0);
      const counts = tables.flatMap((table) => [...table.counts].map(([node, rows]) => ({ node, rows, file: table.file })));
      if (counts.length === 0) return { path, nodes: [], newest: [] };
      const planned = await planOf(pipeline, document, {}).then(
        (plan) => ({ plan }),
        (error: unknown) => ({ problem: problemOf(error) }),
      );
      const obstacle = (node: string, file: string): Problem | null => {
        if ('problem' in planned) return planned.problem;
        try {
          prepareReplay({ plan: planned.plan, catalogue, stateFolder: stateOf(document), file, node });
          return null;
        } catch (error) {
          return problemOf(error);
        }
      };
      // Rows of a node in a further table are offered when those before them are replayed.
      const first = counts.filter(({ node }, i) => counts.findIndex((each) => each.node === node) === i);
      const ways = first.map(({ node, rows, file }) => {
        const problem = obstacle(node, file);
        const way =
          'plan' in planned
            ? wayInto({ plan: planned.plan, catalogue, stateFolder: stateOf(document), folder, files: [file], nodes: [node], from: 'latest' }, problem)
            : { problem, inRun: false };
        return { node, rows, ...way };
      });
      return { path, nodes: ways, newest: tables.flatMap(({ rows }) => rows) };
    },
    'run.replay': async ({ documentId, pipeline, parameters, node }) => {
      await documents.review(documentId, pipeline);
      const document = documents.trusted(documentId);
      const { folder, path } = document;
      const plan = await planOf(pipeline, document, parameters);
      const tables = waitingTables(pipeline, document);
      const { file } = tables.find(({ counts }) => counts.has(node)) ?? itemAt(tables, 0);
      const replay = prepareReplay({ plan, catalogue, stateFolder: stateOf(document), file, node });
      const texts = await secretsFor(replay.plan, secrets);
      const title = plan.nodes.find(({ id }) => id === node)?.title ?? node;
      return runs.start({
        id: randomUUID(),
        name: `${pipeline.name} (replay of ${title})`,
        path,
        folder,
        plan: replay.plan,
        options: replay.options,
        ...texts,
      });
    },
  };
}

/** The errors tables of a document, and what waits in each. */
function waitingTables({ name }: Pipeline, document: OpenDocument) {
  return errorsFiles(name, document).map((file) => {
    const path = errorsPath(document.folder, file);
    return { file, path, ...readKeptErrors(path, { newest: newestShown }) };
  });
}
