import { missing } from '../../model/faults/missing.ts';
import type { PipelineReceiver } from '../document/transfer.ts';
import type { KeyedScan, Scans } from '../preview/scans.ts';
import type { Events } from '../protocol/api.ts';
import type { Secrets } from '../store/secrets.ts';
import type { Checks } from './checks.ts';
import { secretsFor } from './connections-file.ts';
import type { Documents } from './documents.ts';
import { type Answers, type AskedPipeline, pipelineOf } from './handlers.ts';

/** Reads sources to their end, to report what does not fit. */
export function scanHandlers(
  documents: Documents,
  checks: Checks,
  scans: Scans,
  received: PipelineReceiver,
  secrets: Secrets,
  onProgress: (progress: Events['source.scanning']) => void,
): Answers<'source.scan' | 'source.scanned'> {
  const prepare = async (asked: AskedPipeline & { readonly node: string }): Promise<KeyedScan> => {
    const pipeline = pipelineOf(asked, received);
    await documents.review(asked.documentId, pipeline);
    const document = documents.trusted(asked.documentId);
    const { plan, sampleKeys } = await checks.plan(pipeline, document, { touch: true, mustKnow: true }, { target: asked.node });
    const node = plan.nodes.find(({ id }) => id === asked.node) ?? missing(`the node "${asked.node}"`);
    return {
      node,
      folder: document.folder,
      ...(await secretsFor({ nodes: [node] }, secrets)),
      key: sampleKeys[node.id] ?? missing(`the key of the sample of "${node.id}"`),
    };
  };
  return {
    'source.scan': (asked, signal) => {
      const { documentId, node } = asked;
      const pipeline = pipelineOf(asked, received);
      const again = () => prepare({ documentId, node, pipeline });
      return scans.run(documentId, node, again, (progress) => onProgress({ documentId, node, ...progress }), signal);
    },
    'source.scanned': async (asked) => ({ result: scans.found((await prepare(asked)).key) }),
  };
}
