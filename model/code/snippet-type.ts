import type { Function as FunctionNode, Program } from 'acorn';
import type { Column, Schema } from '../values/types.ts';
import { followAll, scopeFor } from './code-flow.ts';
import { type CodeFinding, type CodeScope, rangeOf } from './code-scope.ts';
import { applied, shapeOf } from './code-values.ts';
import { declaredReturn } from './return-annotation.ts';
import { columnOf, describe, never, nothing, rowShape, type Shape, union } from './shape.ts';

export interface SnippetType {
  /** The columns of the rows returned, or null if they cannot be determined. */
  readonly schema: Schema | null;
  readonly findings: readonly CodeFinding[];
}

/**
 * The columns that a snippet's default function returns, for rows of `input`. A column that is missing on some path through the code is
 * nullable; one that has different types is json. `text` is the user's own, whose return type annotation applies if it is a plain object
 * type; `declared` columns take precedence over both. `program` is known to have one plain default function and no imports (strip.ts).
 * Total.
 */
export function snippetType(program: Program, text: string, input: Schema, declared: readonly Column[] = []): SnippetType {
  const scope = scopeFor('snippet', input, program, text);
  followAll(program.body, scope, []);
  const code = defaultFunction(program, scope);
  if (!code) return { schema: declared.length > 0 ? { columns: declared } : null, findings: scope.findings };

  // Twice: the second time it sees what the first call left in the module's variables.
  const row = rowShape(input);
  const returned = union(applied(code, [row], scope), applied(code, [row], scope));
  return { ...rowsOf(returned, declaredReturn(code, text, row), declared, code, scope.findings) };
}

/** The function up to its body: where a problem of the whole function is marked. */
function headOf(code: FunctionNode): CodeFinding['range'] {
  const start = rangeOf(code);
  const body = rangeOf(code.body);
  return start && body ? { ...start, endLine: body.line, endColumn: body.column } : undefined;
}

function defaultFunction(program: Program, scope: CodeScope): FunctionNode | undefined {
  const declaration = program.body.find((each) => each.type === 'ExportDefaultDeclaration')?.declaration;
  if (!declaration || declaration.type === 'ClassDeclaration') return undefined;
  if (declaration.type !== 'FunctionDeclaration') return shapeOf(declaration, scope).code;
  if (declaration.id) scope.declare(declaration.id.name, { is: 'function', nullable: false, code: declaration });
  return declaration;
}

/** The columns of what users' code returns, from the values that it returns and its annotation. */
export function rowsOf(returned: Shape, annotated: Shape | null, declared: readonly Column[], code: FunctionNode, found: readonly CodeFinding[]): SnippetType {
  const findings = [...found];
  const rows = annotated ?? itemsInside(returned);
  if (rows.is === 'never' || rows.is === 'null') {
    if (declared.length === 0 && findings.length === 0) {
      findings.push({
        code: 'code/no-rows',
        message: 'The function returns no rows',
        hint: 'Return a row, a list of rows, or null to drop the row.',
        range: headOf(code),
      });
    }
    return { schema: declared.length > 0 ? { columns: declared } : null, findings };
  }
  if (rows.is !== 'object' && rows.is !== 'unknown' && rows.is !== 'json') {
    findings.push({
      code: 'code/not-a-row',
      message: `The function returns ${describe(rows)}, which is not a row`,
      hint: 'Return an object with one field per column, a list of such objects, or null to drop the row.',
      range: headOf(code),
    });
    return { schema: null, findings };
  }
  if (rows.is !== 'object' || rows.open) return { schema: declared.length > 0 ? { columns: declared } : null, findings };

  const told = itemsInside(returned);
  const columns: Column[] = [];
  const byName = new Map(declared.map((column) => [column.name, column]));
  for (const [name, shape] of rows.fields ?? []) {
    const own = byName.get(name);
    const column = own ?? columnOf(annotated ? narrower(shape, told.fields?.get(name)) : shape);
    if (column) columns.push({ name, type: column.type, nullable: column.nullable });
    else if (findings.length === 0) {
      findings.push({
        code: 'code/unknown-type',
        message: `The type of the column "${name}" cannot be inferred from the code`,
        hint: `Declare it under "Columns", or convert it: String(…), Number(…).`,
        range: headOf(code),
      });
    }
  }
  const complete = columns.length === (rows.fields?.size ?? 0);
  for (const column of declared) if (!rows.fields?.has(column.name)) columns.push({ ...column, nullable: true });
  return { schema: complete ? { columns } : null, findings };
}

/**
 * TypeScript has one type, number, for integers and timestamps too, and one for texts and days. Snippets' types say nothing about null:
 * there the code itself counts.
 */
function narrower(annotated: Shape, told: Shape | undefined): Shape {
  const finer = told && annotated.is === 'number' && (told.is === 'integer' || told.is === 'timestamp');
  const isDay = annotated.is === 'string' && told?.is === 'date';
  return { ...(finer || isDay ? told : annotated), nullable: annotated.nullable || (told?.nullable ?? true) };
}

/** Rows are returned alone or in lists; `never` stands for no rows at all. */
function itemsInside(shape: Shape): Shape {
  if (shape.is === 'array') {
    const item = shape.item ?? never;
    return item.is === 'array' ? item : { ...item, nullable: false };
  }
  if (shape.is === 'object') return { ...shape, nullable: false };
  return shape.is === 'null' ? nothing : shape;
}
