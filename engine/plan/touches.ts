/** What a node would touch if it ran, told from its params: shown before a pipeline from elsewhere is trusted. */
import type { Fields } from '../../nodes/kit/fields.ts';
import type { NodeDefinition } from '../../nodes/kit/node.ts';
import type { Params } from '../../nodes/kit/params.ts';

export interface Files {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Paths as in the params: what the node declares, and every file param besides, so that forgetting to declare hides nothing. */
export function filesIn(definition: NodeDefinition, params: Params): Files {
  const reads = new Set(definition.kind === 'source' ? declared(() => definition.reads?.(params)) : []);
  const writes = new Set(definition.kind === 'sink' ? declared(() => definition.writes?.(params)) : []);
  for (const [name, field] of Object.entries(definition.params as Fields)) {
    const path = params[name];
    if (field.kind === 'file' && typeof path === 'string' && path !== '') (field.mode === 'open' ? reads : writes).add(path);
  }
  return { reads: [...reads], writes: [...writes] };
}

/** Whether any param holds users' code. */
export function codeIn(fields: Fields, params: Params): boolean {
  return Object.entries(fields).some(([name, field]) => {
    const value = params[name];
    if (field.kind === 'code' || field.kind === 'expression') return typeof value === 'string' && value.trim() !== '';
    return field.kind === 'list' && Array.isArray(value) && value.some((item: Params) => codeIn(field.item, item));
  });
}

function declared(paths: () => readonly string[] | undefined): readonly string[] {
  try {
    return paths() ?? [];
  } catch {
    return [];
  }
}
