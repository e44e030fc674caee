import type { PipelineReceiver } from '../document/transfer.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { Preview } from '../preview/preview.ts';
import type { TypeChecks } from '../preview/type-checks.ts';
import { defaultRunOptions } from '../protocol/run-api.ts';
import type { Secrets } from '../store/secrets.ts';
import type { Checks } from './checks.ts';
import { secretsFor } from './connections-file.ts';
import type { ConnectionsWatch } from './connections-watch.ts';
import type { Documents } from './documents.ts';
import { type Answers, pipelineOf } from './handlers.ts';

/** Checks, plans and previews: the editor's requests at every edit. */
export function previewHandlers(
  documents: Documents,
  checks: Checks,
  preview: Preview,
  typeChecks: TypeChecks,
  received: PipelineReceiver,
  secrets: Secrets,
  watch: ConnectionsWatch,
  catalogue: Catalogue,
): Answers<'pipeline.check' | 'pipeline.explain' | 'preview.read'> {
  return {
    'pipeline.check': async (asked) => {
      const { documentId, since } = asked;
      const pipeline = pipelineOf(asked, received);
      await documents.review(documentId, pipeline);
      const document = documents.get(documentId);
      const { trusted } = document;
      watch.follow(documentId, document.folder);
      // The first preview follows soon: its thread can start now.
      if (trusted) preview.prepare();
      const { answer, code } = await checks.answer(pipeline, document, { touch: trusted, since });
      if (code) typeChecks.request(documentId, code);
      return answer;
    },
    'pipeline.explain': async ({ documentId, pipeline }) => {
      const document = documents.trusted(documentId);
      const { plan } = await checks.plan(pipeline, document, { touch: true, mustKnow: true });
      const { explainRun } = await import('../runners/local/explain-run.ts');
      return { text: await explainRun({ plan, options: defaultRunOptions(plan) }, (type) => catalogue.get(type)) };
    },
    'preview.read': async (asked, signal) => {
      const { documentId, node, port, limit } = asked;
      // Refused at once, whatever else is asked.
      documents.trusted(documentId);
      const pipeline = pipelineOf(asked, received);
      const prepare = async () => {
        await documents.review(documentId, pipeline);
        const document = documents.trusted(documentId);
        const { folder } = document;
        const { plan, sampleKeys } = await checks.plan(pipeline, document, { touch: true }, { target: node });
        return { plan, folder, node, port, limit, sampleKeys, ...(await secretsFor(plan, secrets)) };
      };
      return preview.read(documentId, prepare, signal);
    },
  };
}
