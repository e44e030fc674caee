import type { FieldManifest, Problem } from '../../../engine/protocol/messages.ts';
import { visibleLines } from '../../../model/text/visible-text.ts';

/**
 * The problems to show at one field. A list shows only its own, since its items have fields of their own; any other field also shows those
 * of its parts (`where.rules.0.value`).
 */
export function problemsAt(problems: readonly Problem[], path: string, field: Pick<FieldManifest, 'kind'>): readonly Problem[] {
  const here = problems.filter((problem) => problem.field === path || (field.kind !== 'list' && problem.field?.startsWith(`${path}.`)));
  return withoutEchoes(here);
}

/** Two checkers often find the same error: of problems that start at the same place of a text, only the first one is shown. */
export function withoutEchoes(problems: readonly Problem[]): readonly Problem[] {
  const places = new Set<string>();
  return problems.filter(({ range, severity }) => {
    if (!range) return true;
    const place = `${severity} ${range.line}:${range.column}`;
    return places.has(place) ? false : places.add(place);
  });
}

/** A message as a whole sentence, so that a hint can follow it. */
export function sentence(message: string): string {
  const text = visibleLines(message);
  return /[.?!:…]["”’)]?$/.test(text) ? text : `${text}.`;
}

/** Problems of a node that no field of its form shows. */
export function problemsOutside(problems: readonly Problem[], shown: readonly string[]): readonly Problem[] {
  return problems.filter(({ field }) => field === undefined || !shown.some((name) => field === name || field.startsWith(`${name}.`)));
}
