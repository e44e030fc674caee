import { dirname } from 'node:path';
import type { DiscoverContext, Discovery, NodeProblem } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import { timeLimit } from '../text/time-limit.ts';
import { findFiles, type InputFile, patternFolder } from './input-files.ts';

/** Finds the files of a source's param `path` and looks into them; every error becomes a problem of the discovery. */
export async function discoverFiles(
  context: DiscoverContext<{ readonly path: string; readonly exclude: string | null }>,
  look: (files: readonly InputFile[], signal: AbortSignal) => Promise<Discovery>,
): Promise<Discovery> {
  const { path, exclude } = context.params;
  if (!path) return { schema: null };
  const absolute = context.path(path);
  const folder = patternFolder(path, context.path);
  try {
    const leftOut: NodeProblem[] = [];
    const files = findFiles(path, context.path, (problem) => leftOut.push({ field: 'path', ...problem, severity: 'warning' }), exclude);
    const dependsOn = [...(folder === null ? [] : [folder]), ...files.map((file) => file.path).filter((place) => typeof place === 'string')];
    const found = await look(files, timeLimit(context.signal));
    return { dependsOn, ...found, problems: [...(found.problems ?? []), ...leftOut] };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [{ field: 'path', ...error.problem }], dependsOn: [folder ?? absolute, dirname(absolute)] };
  }
}
