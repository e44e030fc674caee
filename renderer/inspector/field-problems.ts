import type { FieldManifest, Problem } from '../../engine/protocol/messages.ts';

/**
 * The problems to show at one field. A list takes those of itself only, since its items have fields of their own; any other
 * field also takes those of its parts (`where.rules.0.value`).
 */
export function problemsAt(problems: readonly Problem[], path: string, field: Pick<FieldManifest, 'kind'>): readonly Problem[] {
  return problems.filter((problem) => problem.field === path || (field.kind !== 'list' && problem.field?.startsWith(`${path}.`)));
}

/** Problems of a node that no field of its form shows. */
export function problemsOutside(problems: readonly Problem[], shown: readonly string[]): readonly Problem[] {
  return problems.filter(({ field }) => field === undefined || !shown.some((name) => field === name || field.startsWith(`${name}.`)));
}
