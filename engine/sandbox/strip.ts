import { stripTypeScriptTypes } from 'node:module';
import type { CodeProblem } from '@millrace/kit/node';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { thousands } from '../../model/text/thousands.ts';
import { nestedTooDeeply } from './nesting.ts';
import { withoutPlainTypes } from './plain-types.ts';
import { type CodeKind, checkShape, maxDepth, maxLength, tooDeep } from './shape.ts';

export type Stripped = { readonly ok: true; readonly code: string } | { readonly ok: false; readonly problem: CodeProblem };

/**
 * Users' TypeScript as JavaScript in which every remaining character keeps its position, so that positions in errors are positions in the
 * editor. An `expression` is one expression over `row`; a `module` has one `export default function` and no other imports or exports; a
 * `keyed` module exports `onRow`, `onTimer` and `initial` (the returned code still says `export`). Comments are blanked out. Code that the
 * sandbox would refuse is a problem here, with its range.
 */
export function stripTypes(source: string, kind: CodeKind): Stripped {
  if (source.trim() === '') {
    return kind === 'expression'
      ? failure('code/empty', 'The expression is empty.', 'Write a TypeScript expression over `row`, for example `row.temperature > 30`.')
      : failure(
          'code/empty',
          'The snippet is empty.',
          kind === 'module'
            ? 'Write `export default function step(row: Row) { return row; }`.'
            : 'Write `export function onRow(row: Row, state: State, context: Context) { return row; }`.',
        );
  }
  if (source.length > maxLength) {
    const message = `The code has ${thousands(source.length)} characters, and ${thousands(maxLength)} are the most.`;
    return failure('code/too-long', message, 'Read data from a file, and join it to the rows.');
  }
  // Most code is JavaScript except for a few plain types. The stripper, whose first call costs 35 ms, handles the rest.
  const plain = checkShape(source, kind);
  if (plain.ok || plain.problem.code !== 'code/syntax') return plain;
  const untyped = kind === 'expression' ? null : withoutPlainTypes(source);
  if (untyped !== null) {
    const shape = checkShape(untyped, kind);
    if (shape.ok || shape.problem.code !== 'code/syntax') return shape;
  }
  const deep = nestedTooDeeply(source, maxDepth);
  if (deep !== null) return { ok: false, problem: tooDeep(source, deep) };
  let code: string;
  try {
    code = kind === 'expression' ? quietly(`(${source}\n)`).slice(1, -2) : quietly(source);
  } catch (error) {
    if (!isOfCode(error)) return { ok: false, problem: tooDeep(source, 0) };
    const problem = syntaxProblem(error, source, kind === 'expression');
    // An error in the added line is not useful: the other parser's place is better.
    return { ok: false, problem: (problem.range?.line ?? 0) > source.split('\n').length ? plain.problem : problem };
  }
  return checkShape(code, kind);
}

function failure(code: ProblemCode, message: string, hint: string): Stripped {
  return { ok: false, problem: { code, message, hint, range: { line: 1, column: 1 } } };
}

/** Whether the stripper found an error in the code. Otherwise its stack overflowed. */
function isOfCode(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
}

let warned = false;
/** Node warns once per process that the function is experimental; users need not see it. */
function quietly(source: string): string {
  if (warned) return stripTypeScriptTypes(source);
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
    warned = true;
  }
}

function syntaxProblem(error: unknown, source: string, isExpression: boolean): CodeProblem {
  const { code, message, stack } = error as Error & { code?: string };
  const range = rangeFromFrame(String(stack), source, isExpression ? 1 : 0);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return {
      code: 'code/unsupported',
      message: sentence(message),
      hint: 'Write it in JavaScript with type annotations only: no enum, namespace or `<T>value`.',
      range,
    };
  }
  return {
    code: 'code/syntax',
    message: `Syntax error: ${sentence(message)}`,
    hint: isExpression ? 'Fix it where it is marked. An expression has a value, and no `;`, `return` or statements.' : 'Fix the code where it is marked.',
    range,
  };
}

function sentence(message: string): string {
  const text = message.replace(' in strip-only mode', ' here').replace(' in type strip mode', ' here');
  return text.endsWith('.') ? text : `${text}.`;
}

/**
 * The stripper gives the place only as a picture: `:line`, then lines of code, with ^^^ under the place or > before a block. `shift`
 * characters were put before the first line.
 */
function rangeFromFrame(stack: string, source: string, shift: number): CodeProblem['range'] {
  const lines = stack.split('\n');
  const line = Number(/:(\d+)$/.exec(lines[0] ?? '')?.[1] ?? 1);
  const text = (line === 1 ? ' '.repeat(shift) : '') + (source.split('\n')[line - 1] ?? '');
  const carets = lines.map((each) => /^( *)(\^+) *$/.exec(each)).find((match) => match !== null);
  if (!carets) {
    const start = text.search(/\S/);
    return { line, column: Math.max(1, start + 1 - (line === 1 ? shift : 0)) };
  }
  const offset = line === 1 ? shift : 0;
  const [, before = '', under = ''] = carets;
  const column = Math.max(1, charactersBefore(text, before.length) + 1 - offset);
  const endColumn = Math.max(column + 1, charactersBefore(text, before.length + under.length) + 1 - offset);
  return { line, column, endLine: line, endColumn };
}

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;
/** How many characters of a line precede a column of the picture, in which tabs stop every 4 and wide characters take 2. */
function charactersBefore(text: string, column: number): number {
  let width = 0;
  let index = 0;
  for (const character of text) {
    if (width >= column) break;
    width += character === '\t' ? 4 - (width % 4) : wide.test(character) ? 2 : 1;
    index += character.length;
  }
  return index;
}
