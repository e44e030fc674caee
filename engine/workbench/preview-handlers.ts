import { planRun } from '../plan/plan.ts';
import type { Preview } from '../preview/preview.ts';
import type { TypeChecks } from '../preview/type-checks.ts';
import type { CheckAnswers } from './check-answers.ts';
import type { Checker } from './checker.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';

/** Checks and previews: what the editor asks at every edit. */
export function previewHandlers(
  documents: Documents,
  checker: Checker,
  preview: Preview,
  typeChecks: TypeChecks,
  answers: CheckAnswers,
): Answers<'pipeline.check' | 'preview.read'> {
  return {
    'pipeline.check': async ({ documentId, pipeline, since }) => {
      const document = documents.get(documentId);
      const { trusted } = document;
      // The first preview will be asked soon: its thread may start now.
      if (trusted) preview.prepare();
      const { checked, code } = await checker.check(pipeline, document, { touch: trusted });
      typeChecks.request(documentId, code);
      return answers.answer(documentId, checked.result, since);
    },
    'preview.read': ({ documentId, pipeline, node, port, limit }, signal) => {
      const document = documents.trusted(documentId);
      const { folder } = document;
      const prepare = async () => {
        const { checked, sampleKeys } = await checker.check(pipeline, document, { touch: true });
        return { plan: planRun(checked, { target: node }), folder, node, port, limit, sampleKeys };
      };
      return preview.read(documentId, prepare, signal);
    },
  };
}
