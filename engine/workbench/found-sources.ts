import type { Discovery } from '@millrace/kit/node';
import { missing } from '../../model/faults/missing.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { Discoveries } from '../preview/discoveries.ts';
import type { FoundSources, SoundSource } from './check-job.ts';

/** By source: differs if the source would read something else. */
export type SampleKeys = { readonly [node: NodeId]: string };

export interface Place {
  /** Where relative paths start. */
  readonly folder: string;
  /** Of the pipeline's file; null if it has none yet. */
  readonly path: string | null;
}

/** Looks at sources. */
export async function findSources(
  sources: readonly SoundSource[],
  catalogue: Catalogue,
  discoveries: Discoveries,
  folder: string,
  mustKnow: boolean,
): Promise<FoundSources & { readonly sampleKeys: SampleKeys }> {
  const looks = sources.map(
    async ({ id, type, params }) => [id, await discoveries.find(catalogue.get(type) ?? missing(`the node type "${type}"`), params, folder, mustKnow)] as const,
  );
  const found = await Promise.all(looks);
  const discovered: { [node: NodeId]: Discovery | null } = Object.create(null);
  const sampleKeys: { [node: NodeId]: string } = Object.create(null);
  for (const [id, { discovery, key }] of found) {
    discovered[id] = discovery;
    sampleKeys[id] = key;
  }
  return { discovered, sampleKeys, key: JSON.stringify(found.map(([id, { discovery, key }]) => [id, key, discovery?.problems])) };
}
