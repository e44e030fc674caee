import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { withSecrets } from '../plan/connections.ts';
import type { Events } from '../protocol/api.ts';
import type { Secrets } from '../store/secrets.ts';
import type { Checks } from './checks.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';

const patienceMs = 10 * 60_000;

/** Sources that learn their columns from a first request. */
export function listenHandlers(
  documents: Documents,
  checks: Checks,
  catalogue: Catalogue,
  secrets: Secrets,
  onRefused: (refused: Events['source.refused']) => void,
): Answers<'source.listen'> {
  return {
    'source.listen': async ({ documentId, pipeline, node }, cancelled) => {
      const document = documents.trusted(documentId);
      const source = await checks.source(pipeline, document, node);
      const definition = source && catalogue.get(source.type);
      if (!source || definition?.kind !== 'source' || !definition.listen) {
        throw new MillraceError({ code: 'listen/params', message: 'It cannot listen as it is set.', hint: 'Correct what is marked in its form first.', node });
      }
      const late = AbortSignal.timeout(patienceMs);
      try {
        const refuse = ({ code, message, hint }: { readonly code: ProblemCode; readonly message: string; readonly hint?: string }) =>
          onRefused({ documentId, node, problem: { code, severity: 'warning', message, ...(hint !== undefined && { hint }) } });
        const texts = await secrets.texts(source.secrets.map(({ reference }) => reference));
        return await definition.listen({ params: withSecrets(source.params, source.secrets, texts), signal: AbortSignal.any([cancelled, late]), refuse });
      } catch (error) {
        if (!late.aborted || cancelled.aborted) throw error;
        const message = `Nothing came within ${patienceMs / 60_000} minutes.`;
        throw new MillraceError({ code: 'listen/timeout', message, hint: 'Check the address that the sender uses, and listen again.', node });
      }
    },
  };
}
