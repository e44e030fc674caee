/**
 * Users' code as functions, by the engine's own compiler but not in its compartment: locking down this thread would lock
 * down the test runner with it. The sandbox has tests of its own.
 */
import { library } from '../../engine/sandbox/library.ts';
import { copyRow, mayMutate } from '../../engine/sandbox/mutation.ts';
import { keyedBody, snippetBody } from '../../engine/sandbox/snippet.ts';
import { stripTypes } from '../../engine/sandbox/strip.ts';
import type { KeyedCode, RowFailure } from '../../kit/node.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Row } from '../../model/values/types.ts';

export function compileExpression(source: string, field: string): (row: Row) => unknown {
  return compile(source, field, 'expression');
}

export function compileSnippet(source: string, field: string): (row: Row) => unknown {
  return compile(source, field, 'module');
}

function compile(source: string, field: string, kind: 'expression' | 'module'): (row: Row) => unknown {
  const stripped = stripTypes(source, kind);
  if (!stripped.ok) throw new MillraceError({ ...stripped.problem, field });
  const body = kind === 'expression' ? `return (row) => (\n${stripped.code}\n)` : snippetBody(stripped.code);
  const step = new Function(...Object.keys(library), `'use strict';\n${body}`)(...Object.values(library)) as (row: Row) => unknown;
  return mayMutate(kind === 'expression' ? `(${stripped.code}\n)` : stripped.code) ? (row) => step(copyRow(row)) : step;
}

export function compileKeyed(source: string, field: string): KeyedCode {
  const stripped = stripTypes(source, 'keyed');
  if (!stripped.ok) throw new MillraceError({ ...stripped.problem, field });
  const { code } = stripped;
  const { initial, onRow, onTimer } = new Function(...Object.keys(library), `'use strict';\n${keyedBody(code)}`)(...Object.values(library));
  return { initial, onRow: mayMutate(code) ? (row, state, context) => onRow(copyRow(row), state, context) : onRow, onTimer: onTimer ?? null };
}

export function explain(thrown: unknown): Pick<RowFailure, 'code' | 'message' | 'hint' | 'field' | 'range'> {
  if (thrown instanceof MillraceError) return thrown.problem;
  return { code: 'code/threw', message: thrown instanceof Error ? thrown.message : String(thrown) };
}
