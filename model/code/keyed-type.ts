import type { AnyNode, Program } from 'acorn';
import type { Column, Schema } from '../values/types.ts';
import { followAll, scopeFor } from './code-flow.ts';
import { type CodeFinding, type CodeScope, rangeOf } from './code-scope.ts';
import { applied } from './code-values.ts';
import { declaredReturn, namedType } from './return-annotation.ts';
import { never, nullable, objectOf, of, rowShape, type Shape, union, unknown } from './shape.ts';
import { rowsOf, type SnippetType } from './snippet-type.ts';

export interface KeyedType extends SnippetType {
  /** Warnings: the code runs, but may surprise its author. */
  readonly warnings: readonly CodeFinding[];
}

/**
 * The columns that `onRow` and `onTimer` of a keyed module return, as in `snippetType`. The state's fields have the types of the `State`
 * that the user's text declares, otherwise those of `initial`. `program` is known to export plain functions (strip.ts). Total.
 */
export function keyedType(program: Program, text: string, input: Schema, keys: readonly string[], declared: readonly Column[] = []): KeyedType {
  const scope = scopeFor('snippet', input, program, text);
  followAll(program.body, scope, []);
  const row = rowShape(input);
  const state = stateShape(program, text, row, scope);
  const context = contextShape(input, keys);
  const functions = (['onRow', 'onTimer'] as const).flatMap((name) => {
    const code = scope.get(name)?.code;
    return code ? [{ code, first: name === 'onRow' ? row : timer }] : [];
  });
  const warnings = keptOutside(program);
  const main = functions[0]?.code;
  if (!main) return { schema: declared.length > 0 ? { columns: declared } : null, findings: scope.findings, warnings };
  let returned: Shape = never;
  let annotated: Shape | null = never;
  for (const { code, first } of functions) {
    // Twice: the second time it sees what the first call left in the module's variables.
    for (let call = 0; call < 2; call++) returned = union(returned, applied(code, [first, state, context], scope));
    const own = declaredReturn(code, text, row);
    annotated = own && annotated && union(annotated, own);
  }
  return { ...rowsOf(returned, annotated, declared, main, scope.findings), warnings };
}

const timer = objectOf(
  new Map([
    ['name', of('string')],
    ['time', of('timestamp')],
  ]),
);

function contextShape(input: Schema, keys: readonly string[]): Shape {
  const named = new Set(keys);
  const columns = input.columns.filter(({ name }) => named.has(name));
  const key = objectOf(new Map(columns.map(({ name, type, nullable }) => [name, of(type, nullable)])));
  const fields: [string, Shape][] = [
    ['key', key],
    ['time', of('timestamp', !input.eventTime)],
    ['watermark', of('timestamp')],
    ['ended', of('boolean')],
  ];
  return objectOf(new Map(fields));
}

/** A state changes from call to call: only a number that every assignment keeps whole is an integer, and anything may be null. */
function stateShape(program: Program, text: string, row: Shape, scope: CodeScope): Shape {
  const value = scope.get('initial');
  const started = value?.code ? applied(value.code, [], scope) : value;
  const named = namedType(text, 'State', row);
  if (named?.is !== 'object' && started?.is !== 'object') return unknown;
  const whole = wholeFields(program);
  const fields = new Map<string, Shape>();
  for (const [name, shape] of [...(started?.fields ?? []), ...(named?.fields ?? [])]) {
    const first = started?.fields?.get(name);
    if (first?.is === 'integer' && !first.nullable && whole(name)) fields.set(name, of('integer'));
    else if (shape.is === 'integer') fields.set(name, nullable(of('number')));
    else fields.set(name, shape.is === 'null' ? unknown : nullable(shape));
  }
  return objectOf(fields, named?.is !== 'object' && started?.open === true);
}

/** Whether everything in the code that assigns to a field of this name gives a whole number. */
function wholeFields(program: Program): (name: string) => boolean {
  const others = new Set<string>();
  let anything = false;
  each(program, (node) => {
    if (node.type === 'AssignmentExpression') {
      const isWhole = node.right.type === 'Literal' && Number.isSafeInteger(node.right.value) && ['=', '+=', '-=', '*='].includes(node.operator);
      if (!isWhole) each(node.left, note);
    } else if (node.type === 'UnaryExpression' && node.operator === 'delete') {
      note(node.argument);
    } else if (node.type === 'ForOfStatement' || node.type === 'ForInStatement') {
      each(node.left, note);
    } else if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
      if (['assign', 'defineProperty', 'defineProperties'].includes(node.property.name)) anything = true;
      if (node.property.name === 'state') anything = true;
    }
  });
  function note(node: AnyNode): void {
    if (node.type !== 'MemberExpression') return;
    if (!node.computed && node.property.type === 'Identifier') others.add(node.property.name);
    else if (node.property.type === 'Literal') others.add(String(node.property.value));
    else anything = true;
  }
  return (name) => !anything && !others.has(name);
}

/** Variables outside the functions are not state: they are lost when a run resumes from a checkpoint, and shared by all keys. */
function keptOutside(program: Program): CodeFinding[] {
  return program.body.flatMap((statement): CodeFinding[] => {
    if (statement.type !== 'VariableDeclaration' || statement.kind === 'const') return [];
    const names = statement.declarations.map(({ id }) => (id.type === 'Identifier' ? `"${id.name}"` : 'a variable')).join(', ');
    return [
      {
        code: 'code/kept-outside',
        message: `What ${names} holds is lost when a run resumes from a checkpoint, and is shared by all keys`,
        hint: 'Keep in `state` what must last, and declare constants with `const`.',
        range: rangeOf(statement),
      },
    ];
  });
}

function each(node: AnyNode, visit: (node: AnyNode) => void): void {
  visit(node);
  for (const child of Object.values(node)) for (const one of Array.isArray(child) ? child : [child]) if (typeof one?.type === 'string') each(one, visit);
}
