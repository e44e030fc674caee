import type { Expression } from 'acorn';
import type { ColumnType, Schema } from '../values/types.ts';
import { nonNull } from './code-facts.ts';
import { scopeFor } from './code-flow.ts';
import type { CodeFinding, CodeWarning } from './code-scope.ts';
import { shapeOf } from './code-values.ts';
import { columnOf } from './shape.ts';

/**
 * The type of an expression over `row`, from its syntax tree (acorn's, with locations), its text and the columns of `row`. `type` is null
 * if it cannot be inferred, as for a field of a json column; NaN and the infinities count as null. `findings` are certain mistakes: unknown
 * columns and names; `warnings`, where null may occur. Total.
 */
export function expressionType(expression: Expression, text: string, input: Schema): ExpressionType {
  const scope = scopeFor('expression', input, expression, text);
  const column = columnOf(shapeOf(expression, scope));
  const { findings, warnings } = scope;
  return { type: column?.type ?? null, nullable: column?.nullable ?? true, findings, warnings, notNull: columnsWith(nonNull(expression, true), input) };
}

export interface ExpressionType {
  readonly type: ColumnType | null;
  readonly nullable: boolean;
  readonly findings: readonly CodeFinding[];
  readonly warnings: readonly CodeWarning[];
  /** Columns that are not null if the expression is true. */
  readonly notNull: readonly string[];
}

function columnsWith(paths: readonly string[], { columns }: Schema): string[] {
  if (paths.length === 0) return [];
  const found = new Set(paths);
  return columns.filter(({ name }) => found.has(`row.${name}`)).map(({ name }) => name);
}
