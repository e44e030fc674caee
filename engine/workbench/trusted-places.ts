/** What is trusted, as it is shown, and what may be: for the editor and the command line. */
import { realpath, stat } from 'node:fs/promises';

import { MillraceError } from '../../model/problems/problem.ts';
import type { TrustedPlace } from '../protocol/messages.ts';
import { type Trust, type Trusted, widthOf } from '../store/trust.ts';
import { readText } from './disk.ts';

/** Checks each place; folders first, then newest first. */
export async function listTrusted(trust: Trust): Promise<readonly TrustedPlace[]> {
  const places: TrustedPlace[] = [];
  for (const trusted of trust.list()) {
    const { kind, path, grantedAt } = trusted;
    places.push({ kind, path, grantedAt, state: await stateOf(trusted) });
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

async function stateOf({ kind, path, stamps }: Trusted): Promise<TrustedPlace['state']> {
  try {
    // Trust is by the place of a folder, links followed: one that is a link now covers nothing.
    if (kind === 'folder') return (await stat(path)).isDirectory() && (await realpath(path)) === path ? 'unchanged' : 'changed';
    return stamps.includes((await readText(path)).stamp) ? 'unchanged' : 'changed';
  } catch (error) {
    const code = error instanceof MillraceError ? error.problem.code : (error as NodeJS.ErrnoException).code;
    return code === 'file/missing' || code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}
