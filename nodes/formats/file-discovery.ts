import { dirname } from 'node:path';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { DiscoverContext, Discovery } from '../kit/node.ts';
import { findFiles, type InputFile, patternFolder } from './input-files.ts';
import { timeLimit } from './time-limit.ts';

/** Finds the files of a source's param `path` and looks into them; whatever is wrong becomes a problem of the discovery. */
export async function discoverFiles(
  context: DiscoverContext<{ readonly path: string }>,
  look: (files: readonly InputFile[], signal: AbortSignal) => Promise<Discovery>,
): Promise<Discovery> {
  const { path } = context.params;
  if (!path) return { schema: null };
  const absolute = context.path(path);
  const folder = patternFolder(path, context.path);
  try {
    const files = findFiles(path, context.path);
    const dependsOn = [...(folder === null ? [] : [folder]), ...files.map((file) => file.path)];
    return { dependsOn, ...(await look(files, timeLimit(context.signal))) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [{ field: 'path', ...error.problem }], dependsOn: [folder ?? absolute, dirname(absolute)] };
  }
}
