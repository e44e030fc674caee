import type { Expression } from 'acorn';
import { scopeFor } from './code-flow.ts';
import type { CodeFinding } from './code-scope.ts';
import { shapeOf } from './code-values.ts';
import { columnOf } from './shape.ts';
import type { ColumnType, Schema } from './types.ts';

/**
 * The type of an expression over `row`, from its syntax tree (acorn's, with locations) and the columns that `row` has.
 * `type` is null where it cannot be told, as for a field of a json column; NaN and the infinities count as null.
 * `findings` are things that cannot be meant: unknown columns and names. Total.
 */
export function expressionType(
  expression: Expression,
  input: Schema,
): { readonly type: ColumnType | null; readonly nullable: boolean; readonly findings: readonly CodeFinding[] } {
  const scope = scopeFor('expression', input, expression);
  const column = columnOf(shapeOf(expression, scope));
  return { type: column?.type ?? null, nullable: column?.nullable ?? true, findings: scope.findings };
}
