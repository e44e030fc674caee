/**
 * Users' code as functions, by the engine's own compiler but not in its compartment: locking down this thread would lock
 * down the test runner with it. The sandbox has tests of its own.
 */

import type { KeyedCode, RowFailure } from '@millrace/kit/node';
import { runsCode } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import { library } from '../../engine/sandbox/library.ts';
import { mayMutate } from '../../engine/sandbox/mutation.ts';
import { copyRow } from '../../engine/sandbox/row-copy.ts';
import { keyedBody, snippetBody } from '../../engine/sandbox/snippet.ts';
import { stripTypes } from '../../engine/sandbox/strip.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Row } from '../../model/values/types.ts';

export function compileExpression(source: string, field: string): (row: Row) => unknown {
  return compile(source, field, 'expression');
}

function compileSnippet(source: string, field: string): (row: Row) => unknown {
  return compile(source, field, 'module');
}

function compile(source: string, field: string, kind: 'expression' | 'module'): (row: Row) => unknown {
  const stripped = stripTypes(source, kind);
  if (!stripped.ok) throw new MillraceError({ ...stripped.problem, field });
  const body = kind === 'expression' ? `return (row) => (\n${stripped.code}\n)` : snippetBody(stripped.code);
  const step = new Function(...Object.keys(library), `'use strict';\n${body}`)(...Object.values(library)) as (row: Row) => unknown;
  return mayMutate(kind === 'expression' ? `(${stripped.code}\n)` : stripped.code) ? (row) => step(copyRow(row)) : step;
}

function compileKeyed(source: string, field: string): KeyedCode {
  const stripped = stripTypes(source, 'keyed');
  if (!stripped.ok) throw new MillraceError({ ...stripped.problem, field });
  const { code } = stripped;
  const { initial, onRow, onTimer } = new Function(...Object.keys(library), `'use strict';\n${keyedBody(code)}`)(...Object.values(library));
  return { initial, onRow: mayMutate(code) ? (row, state, context) => onRow(copyRow(row), state, context) : onRow, onTimer: onTimer ?? null };
}

/** What compiles an operation's code. Where nothing told the engine that there is some, its thread would not be locked down: see `runsCode`. */
export function compilersOf(op: Op | null) {
  const confined = <T>(compile: (source: string, field: string) => T) => {
    return (source: string, field: string): T => {
      if (!op || !runsCode(op)) throw new Error(`The operation ${op?.op} compiles code, and holds none by its form`);
      return compile(source, field);
    };
  };
  return { expression: confined(compileExpression), snippet: confined(compileSnippet), keyed: confined(compileKeyed) };
}

export function explain(thrown: unknown): Pick<RowFailure, 'code' | 'message' | 'hint' | 'field' | 'range'> {
  if (thrown instanceof MillraceError) return thrown.problem;
  return { code: 'code/threw', message: thrown instanceof Error ? thrown.message : String(thrown) };
}
