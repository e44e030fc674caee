import type { Discovery } from '@millrace/kit/node';
import { missing } from '../../model/faults/missing.ts';
import type { Problem } from '../../model/problems/problem.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { Beyond, Discovered, Discoveries } from '../preview/discoveries.ts';
import { problemOf } from '../protocol/connection.ts';
import type { SecretTexts } from '../protocol/physical-plan.ts';
import type { FoundSources, SoundSource } from './check-job.ts';

/** By source: differs if the source would read something else. */
export type SampleKeys = { readonly [node: NodeId]: string };

export interface Place {
  /** Where relative paths start. */
  readonly folder: string;
  /** Of the pipeline's file; null if it has none yet. */
  readonly path: string | null;
  /** That of the folder's connections which is chosen; absent or null: none. */
  readonly environment?: string | null;
}

/** The texts of secrets for those that look at sources. */
export interface SecretsForLooks {
  texts(references: readonly string[]): Promise<SecretTexts>;
  stamp(references: readonly string[]): string;
}

/** Looks at sources. Those whose secrets cannot be read are not looked at: the check says so. */
export async function findSources(
  sources: readonly SoundSource[],
  catalogue: Catalogue,
  discoveries: Discoveries,
  folder: string,
  mustKnow: boolean,
  secrets: SecretsForLooks,
): Promise<FoundSources & { readonly sampleKeys: SampleKeys }> {
  const looks = sources.map(async ({ id, type, params, ...source }) => {
    const definition = catalogue.get(type) ?? missing(`the node type "${type}"`);
    const beyond = await beyondOf(source, secrets);
    const look = beyond && 'problem' in beyond ? unread(type, params, beyond.problem) : await discoveries.find(definition, params, folder, mustKnow, beyond);
    return [id, look] as const;
  });
  const found = await Promise.all(looks);
  const discovered: { [node: NodeId]: Discovery | null } = Object.create(null);
  const sampleKeys: { [node: NodeId]: string } = Object.create(null);
  for (const [id, { discovery, key }] of found) {
    discovered[id] = discovery;
    sampleKeys[id] = key;
  }
  return { discovered, sampleKeys, key: JSON.stringify(found.map(([id, { discovery, key }]) => [id, key, discovery?.problems])) };
}

async function beyondOf(
  { connection, secrets: uses, reaches }: Omit<SoundSource, 'id' | 'type' | 'params'>,
  secrets: SecretsForLooks,
): Promise<Beyond | null | { readonly problem: Problem }> {
  const references = [...uses, ...(connection?.secrets ?? [])].map(({ reference }) => reference);
  if (!connection && references.length === 0 && reaches.length === 0) return null;
  try {
    const texts = references.length > 0 ? await secrets.texts(references) : {};
    const look = { secrets: uses, reaches, texts, ...(connection && { connection }) };
    return { connection: connection ?? null, look, stamp: references.length > 0 ? secrets.stamp(references) : '' };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function unread(type: string, params: SoundSource['params'], problem: Problem): Discovered {
  return { discovery: { schema: null, problems: [problem] }, key: JSON.stringify([type, params, problem.code]) };
}
