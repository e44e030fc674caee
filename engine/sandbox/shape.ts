import type { CodeProblem } from '@millrace/kit/node';
import {
  type AnyNode,
  type Comment,
  type ExportDefaultDeclaration,
  type Expression,
  type Function as FunctionNode,
  type Program,
  parse,
  parseExpressionAt,
  tokenizer,
  tokTypes,
} from 'acorn';
import { itemAt, lastOf, missing } from '../../model/faults/missing.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { partsOf } from './syntax-tree.ts';

export type CodeKind = 'expression' | 'module' | 'keyed';
/** What a keyed module may export. */
export const keyedExports = ['initial', 'onRow', 'onTimer'] as const;

/** Characters of one piece of code: anything longer is data, and slow to check at each change. */
export const maxLength = 256 * 1024;
/** Of the syntax tree: walking it uses the stack, which is smaller in some threads. */
export const maxDepth = 500;

const onlyRow = 'Code in a pipeline gets the row and the helpers (`time`, `text`, `decimal`, `round`), nothing else.';

/**
 * Whether the sandbox can run this JavaScript: one expression, a module with one default function and no other import or export, or a keyed
 * module, which exports `onRow` and may export `initial` and `onTimer`. Returns the code with its comments blanked out.
 */
export function checkShape(
  source: string,
  kind: CodeKind,
): { readonly ok: true; readonly code: string } | { readonly ok: false; readonly problem: CodeProblem } {
  const comments: Comment[] = [];
  try {
    const tree = kind === 'expression' ? checkExpression(source, comments) : kind === 'module' ? checkModule(source, comments) : checkKeyed(source, comments);
    const problem = treeProblem(tree, source);
    if (problem) return { ok: false, problem };
    const code = withoutComments(source, comments);
    checkRefused(code);
    return { ok: true, code };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, problem: error.problem };
    // The parser's own stack may overflow, too.
    if (error instanceof RangeError) return { ok: false, problem: tooDeep(source, 0) };
    if (!(error instanceof SyntaxError)) throw error;
    if (error.message.startsWith('Not enough stack space')) return { ok: false, problem: tooDeep(source, 0) };
    return { ok: false, problem: syntaxError(error as SyntaxError & { pos: number }, source).problem };
  }
}

/** An import is refused as such, also in a form that the parser does not know. */
function syntaxError({ pos, message }: { readonly pos: number; readonly message: string }, source: string): ShapeError {
  const asked = /\bimport\s{0,100}(?:\.|(?:source|defer)\s{1,100}[\w*]{0,100})?\s{0,100}$/.exec(source.slice(Math.max(0, pos - 500), pos));
  if (asked) return importError(source, pos - asked[0].length);
  return new ShapeError('code/syntax', `Syntax error: ${message.replace(/ \(\d+:\d+\)$/, '')}.`, 'Fix the code where it is marked.', source, pos);
}

function importError(source: string, start: number): ShapeError {
  return new ShapeError('code/import', 'Code cannot load modules: `import` is refused.', onlyRow, source, start, start + 6);
}

export function tooDeep(source: string, start: number): CodeProblem {
  return new ShapeError('code/too-deep', 'The code is nested too deeply.', 'Split it into several steps, or into functions.', source, start).problem;
}

class ShapeError extends Error {
  readonly problem: CodeProblem;
  constructor(code: ProblemCode, message: string, hint: string, source: string, start: number, end = start + 1) {
    super(message);
    const from = place(source, start);
    const to = place(source, end);
    this.problem = { code, message, hint, range: { line: from.line, column: from.column, endLine: to.line, endColumn: to.column } };
  }
}

function place(source: string, index: number): { line: number; column: number } {
  const before = source.slice(0, index).split('\n');
  return { line: before.length, column: lastOf(before).length + 1 };
}

function checkExpression(source: string, onComment: Comment[]): Expression {
  // As a module, in which nothing is a comment that SES would take for code, or vice versa.
  const options = { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: false, preserveParens: true } as const;
  const expression = parseExpressionAt(source, 0, { ...options, onComment });
  const rest = tokenizer(source.slice(expression.end), options).getToken();
  if (rest.type !== tokTypes.eof) {
    const start = expression.end + rest.start;
    throw new ShapeError(
      'code/syntax',
      `Syntax error: the expression ends before "${source.slice(start, expression.end + rest.end)}".`,
      'An expression has a value and no `;`, `return` or statements. Use the Code node for more.',
      source,
      start,
      expression.end + rest.end,
    );
  }
  return expression;
}

function checkModule(source: string, onComment: Comment[]): Program {
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: false, onComment });
  let main: ExportDefaultDeclaration | null = null;
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration')
      throw new ShapeError('code/import', 'A snippet cannot import modules.', onlyRow, source, statement.start, statement.end);
    if (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportAllDeclaration') {
      throw new ShapeError(
        'code/export',
        'A snippet exports nothing but its default function.',
        'Remove `export` here.',
        source,
        statement.start,
        statement.start + 6,
      );
    }
    if (statement.type === 'ExportDefaultDeclaration') main = statement;
  }
  if (!main) {
    throw new ShapeError(
      'code/no-function',
      'The snippet has no default function.',
      'Write `export default function step(row: Row) { return row; }`.',
      source,
      0,
    );
  }
  const { declaration } = main;
  if (!isFunction(declaration) && declaration.type !== 'Identifier') {
    throw new ShapeError(
      'code/no-function',
      'The snippet does not export a function.',
      'Write `export default function step(row: Row) { return row; }`.',
      source,
      declaration.start,
      declaration.end,
    );
  }
  if (isFunction(declaration)) checkPlain(declaration, source);
  return program;
}

function isFunction(node: AnyNode): node is FunctionNode & AnyNode {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

/** A function that returns its result synchronously. */
function checkPlain({ async, generator, start }: FunctionNode, source: string): void {
  if (async) {
    throw new ShapeError(
      'code/promise',
      'The function is async, but a row must be answered at once.',
      'Remove `async`: nothing that a snippet can call needs it.',
      source,
      start,
      start + 5,
    );
  }
  if (generator) {
    throw new ShapeError(
      'code/generator',
      'The function is a generator, but the rows must be returned.',
      'Return an array of rows instead of yielding them.',
      source,
      start,
      start + 8,
    );
  }
}

const keyedHint = 'Write `export const initial: State = { … }`, `export function onRow(row: Row, state: State, context: Context) { … }` and `onTimer`.';

function checkKeyed(source: string, onComment: Comment[]): Program {
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: false, onComment });
  const exported = new Set<string>();
  for (const statement of program.body) {
    const refuse = (code: ProblemCode, message: string, hint: string): never => {
      throw new ShapeError(code, message, hint, source, statement.start, statement.start + 6);
    };
    if (statement.type === 'ImportDeclaration') refuse('code/import', 'A snippet cannot import modules.', onlyRow);
    if (statement.type === 'ExportDefaultDeclaration' || statement.type === 'ExportAllDeclaration') {
      refuse('code/export', 'This snippet exports `onRow`, `onTimer` and `initial`, and nothing else.', keyedHint);
    }
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const { declaration } = statement;
    // Types leave an empty `export {}`.
    if (!declaration && (statement.source || statement.specifiers.length > 0))
      refuse('code/export', 'A list of exports is refused.', 'Write `export` before each function.');
    if (!declaration) continue;
    if (declaration.type === 'ClassDeclaration') refuse('code/export', 'A class is refused here.', keyedHint);
    const parts =
      declaration.type === 'VariableDeclaration' ? declaration.declarations.map(({ id, init }) => ({ id, init })) : [{ id: declaration.id, init: declaration }];
    for (const { id, init } of parts) {
      const name = id?.type === 'Identifier' ? id.name : '';
      if (!(keyedExports as readonly string[]).includes(name)) {
        refuse('code/export', `This snippet exports \`onRow\`, \`onTimer\` and \`initial\`, not "${name}".`, 'Remove `export` here.');
      }
      exported.add(name);
      if (init && isFunction(init)) checkPlain(init, source);
      else if (name !== 'initial' && init?.type !== 'Identifier') refuse('code/no-function', `"${name}" is not a function.`, keyedHint);
    }
  }
  if (!exported.has('onRow')) throw new ShapeError('code/no-function', 'The snippet exports no function `onRow`.', keyedHint, source, 0);
  return program;
}

/** Code that imports a module, or is nested so deeply that reading it would overflow the stack. */
function treeProblem(tree: AnyNode, source: string): CodeProblem | null {
  let level: AnyNode[] = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return tooDeep(source, itemAt(level, 0).start);
    for (const node of level) {
      const locale = localeName(node);
      if (locale) return localeError(source, locale.name, locale.start, locale.end);
      if (node.type === 'ImportExpression' || (node.type === 'MetaProperty' && node.meta.name === 'import')) return importError(source, node.start).problem;
    }
    level = level.flatMap(partsOf);
  }
  return null;
}

function withoutComments(source: string, comments: readonly Comment[]): string {
  let code = '';
  let at = 0;
  for (const { start, end } of comments) {
    // The parser has looked at some of them more than once.
    if (start < at) continue;
    code += source.slice(at, start) + source.slice(start, end).replace(/[^\n\r]/g, ' ');
    at = end;
  }
  return code + source.slice(at);
}

/** The sandbox refuses these character sequences even inside a text. */
function checkRefused(code: string): void {
  const imports = /(?:^|[^.]|\.\.\.)\b(import\s*(?:\(|\/[/*]))/.exec(code);
  if (imports) {
    const [whole, found = ''] = imports;
    const start = imports.index + whole.length - found.length;
    throw new ShapeError('code/import', 'Code cannot load modules: "import(" is refused, inside a text too.', onlyRow, code, start, start + 6);
  }
  const evals = /(?:^|[^.])\b(eval\s*\()/.exec(code);
  if (evals) {
    const [whole, found = ''] = evals;
    const start = evals.index + whole.length - found.length;
    throw new ShapeError('code/eval', 'Code cannot run texts as code: "eval(" is refused, inside a text too.', onlyRow, code, start, start + 4);
  }
  const comment = /<!--|-->/.exec(code);
  if (comment) {
    throw new ShapeError(
      'code/html-comment',
      `The characters "${comment[0]}" are refused, inside a text too, because JavaScript may read them as a comment.`,
      comment[0] === '-->' ? 'Write `-- >`, or split the text: `"--" + ">"`.' : 'Write `< !--`, or split the text: `"<!" + "--"`.',
      code,
      comment.index,
      comment.index + comment[0].length,
    );
  }
}

const ofLocale: { readonly [name: string]: string } = {
  toLocaleString: 'Write times by `time.date`, `time.iso` and their like, which take a time zone; and numbers by `toFixed`.',
  toLocaleDateString: 'Write `time.date(row.at, "Europe/Berlin")`.',
  toLocaleTimeString: 'Write `time.iso(row.at, "Europe/Berlin").slice(11, 19)`.',
  toLocaleLowerCase: 'Write `toLowerCase()`.',
  toLocaleUpperCase: 'Write `toUpperCase()`.',
  localeCompare: 'Compare by `a < b ? -1 : a > b ? 1 : 0`.',
};

/** The name of a method that depends on the language, which the sandbox does not have: it would silently give other results there. */
function localeName(node: AnyNode): { readonly name: string; readonly start: number; readonly end: number } | null {
  if (node.type !== 'MemberExpression') return null;
  const { property, computed } = node;
  const name = computed ? (property.type === 'Literal' ? property.value : null) : property.type === 'Identifier' ? property.name : null;
  return typeof name === 'string' && Object.hasOwn(ofLocale, name) ? { name, start: property.start, end: property.end } : null;
}

function localeError(source: string, name: string, start: number, end: number): CodeProblem {
  const message = `"${name}" is not available to code in a pipeline: it goes by the language of the machine.`;
  return new ShapeError('code/not-available', message, ofLocale[name] ?? missing(`what "${name}" is`), source, start, end).problem;
}
