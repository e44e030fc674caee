import { resolvedPath } from '../../model/problems/path-place.ts';
import { pathMatches } from '../../model/text/name-pattern.ts';
import type { CheckedNode } from './checked.ts';
import type { Findings } from './findings.ts';

/** The files that a sink writes as a whole. Databases are shared by their tables, and keep readers and writers apart themselves. */
function filesOf({ definition, params }: Pick<CheckedNode, 'definition' | 'params'>): readonly string[] {
  return definition.kind === 'sink' && !definition.locks ? texts(() => definition.writes?.(params)) : [];
}
function inputsOf({ definition, params }: Pick<CheckedNode, 'definition' | 'params'>): readonly string[] {
  return definition.kind === 'source' ? texts(() => definition.reads?.(params)) : [];
}
function texts(told: () => readonly string[] | undefined): readonly string[] {
  try {
    return (told() ?? []).filter((path) => path !== '');
  } catch {
    return [];
  }
}

export interface ReadOutput {
  readonly sink: string;
  readonly source: string;
  readonly path: string;
}

/**
 * Files that one node of a pipeline replaces or appends to while another one reads them. `name` gives paths the form in which they are
 * compared: their text in a check, the real files in a run, where `isSame` also finds files with several names.
 */
export function readOutputs(
  nodes: readonly Pick<CheckedNode, 'id' | 'definition' | 'params'>[],
  name: (path: string) => string,
  isSame: (input: string, output: string) => boolean = () => false,
): readonly ReadOutput[] {
  const inputs = nodes.flatMap((node) => inputsOf(node).map((path) => ({ source: node.id, path: name(path) })));
  return nodes.flatMap((node) =>
    filesOf(node).flatMap((path) => {
      const read = inputs.find((input) => pathMatches(input.path, name(path)) || isSame(input.path, name(path)));
      return read ? [{ sink: node.id, source: read.source, path }] : [];
    }),
  );
}

/** The problem, at the sink. */
export function readOutputProblem({ sink, source, path }: ReadOutput) {
  return {
    code: 'output/is-input' as const,
    severity: 'error' as const,
    message: `"${sink}" writes ${path}, which "${source}" reads in the same run`,
    hint: 'Write to another file, or read less: a run must not change what it reads.',
    field: 'path',
  };
}

export function checkOutputs(nodes: readonly CheckedNode[], findings: Findings): void {
  for (const found of readOutputs(nodes, (path) => resolvedPath(path, null))) findings.node(found.sink, readOutputProblem(found));
}
