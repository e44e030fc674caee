import type { PipelineReceiver } from '../document/transfer.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { explainPlan } from '../plan/explain.ts';
import type { Preview } from '../preview/preview.ts';
import type { TypeChecks } from '../preview/type-checks.ts';
import { defaultRunOptions } from '../protocol/run-api.ts';
import { planInstances } from '../runners/local/instances/instance-count.ts';
import type { Checks } from './checks.ts';
import type { Documents } from './documents.ts';
import { type Answers, pipelineOf } from './handlers.ts';

/** Checks, plans and previews: what the editor asks at every edit. */
export function previewHandlers(
  documents: Documents,
  checks: Checks,
  preview: Preview,
  typeChecks: TypeChecks,
  received: PipelineReceiver,
  catalogue: Catalogue,
): Answers<'pipeline.check' | 'pipeline.explain' | 'preview.read'> {
  return {
    'pipeline.check': async (asked) => {
      const { documentId, since } = asked;
      const document = documents.get(documentId);
      const pipeline = pipelineOf(asked, received);
      const { trusted } = document;
      // The first preview will be asked soon: its thread may start now.
      if (trusted) preview.prepare();
      const { answer, code } = await checks.answer(pipeline, document, { touch: trusted, since });
      if (code) typeChecks.request(documentId, code);
      return answer;
    },
    'pipeline.explain': async ({ documentId, pipeline }) => {
      const document = documents.trusted(documentId);
      const { plan } = await checks.plan(pipeline, document, { touch: true, mustKnow: true });
      const options = defaultRunOptions(plan);
      const { withParts } = await import('../runners/local/parts/eligible.ts');
      return { text: explainPlan(await withParts(planInstances({ plan, options }, null), options, (type) => catalogue.get(type))) };
    },
    'preview.read': (asked, signal) => {
      const { documentId, node, port, limit } = asked;
      const document = documents.trusted(documentId);
      const pipeline = pipelineOf(asked, received);
      const { folder } = document;
      const prepare = async () => {
        const { plan, sampleKeys } = await checks.plan(pipeline, document, { touch: true }, { target: node });
        return { plan, folder, node, port, limit, sampleKeys };
      };
      return preview.read(documentId, prepare, signal);
    },
  };
}
