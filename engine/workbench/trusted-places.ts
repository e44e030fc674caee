/** What is trusted, as it is shown, and what may be: for the editor and the command line. */
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import { parsePipeline } from '../document/file.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { reachFacts } from '../plan/reach-facts.ts';
import type { TrustedPlace } from '../protocol/messages.ts';
import { type Trust, type Trusted, trustedStamp, widthOf } from '../store/trust.ts';
import { readConnectionsFile } from './connections-file.ts';
import { readText } from './disk.ts';
import { pipelineOf } from './documents.ts';

/** Checks each place; folders first, then newest first. */
export async function listTrusted(trust: Trust, catalogue: Catalogue): Promise<readonly TrustedPlace[]> {
  const places: TrustedPlace[] = [];
  for (const trusted of trust.list()) {
    const { kind, path, grantedAt } = trusted;
    places.push({ kind, path, grantedAt, state: await stateOf(trusted, catalogue) });
  }
  return places;
}

/** Throws `trust/wide-folder` if trusting a folder would trust more than its user's pipelines. */
export function refuseWide(folder: string): void {
  const width = widthOf(folder);
  if (width === null) return;
  throw new MillraceError({
    code: 'trust/wide-folder',
    message: `${folder} is not trusted as a whole: ${width}.`,
    hint: 'Any pipeline saved there could read, write and run without asking. Trust a folder that holds only your pipelines.',
  });
}

/** What trust in a pipeline's file is bound to. Rejects with what is wrong with the file. */
export async function readTrustFacts(path: string, catalogue: Catalogue): Promise<{ readonly stamp: string; readonly facts: string }> {
  const { text, stamp } = await readText(path);
  const { pipeline } = pipelineOf(text);
  const { connections } = await readConnectionsFile(dirname(path));
  return { stamp, facts: reachFacts(pipeline, connections, catalogue) };
}

async function stateOf({ kind, path, stamps }: Trusted, catalogue: Catalogue): Promise<TrustedPlace['state']> {
  try {
    // Trust is by the place of a folder, links followed: one that is a link now covers nothing.
    if (kind === 'folder') return (await stat(path)).isDirectory() && (await realpath(path)) === path ? 'unchanged' : 'changed';
    const { text, stamp } = await readText(path);
    const loaded = parsePipeline(text);
    const facts = loaded.ok ? reachFacts(loaded.pipeline, (await readConnectionsFile(dirname(path))).connections, catalogue) : '';
    return stamps.includes(trustedStamp(stamp, facts)) ? 'unchanged' : 'changed';
  } catch (error) {
    const code = error instanceof MillraceError ? error.problem.code : (error as NodeJS.ErrnoException).code;
    return code === 'file/missing' || code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}
