/** Follows the statements of users' code and collects what its functions return. */
import type { BlockStatement, ForInStatement, ForOfStatement, Node, Pattern, Program, Statement, VariableDeclaration } from 'acorn';
import { itemAt } from '../faults/missing.ts';
import type { Schema } from '../values/types.ts';
import { nonNull } from './code-facts.ts';
import { CodeScope } from './code-scope.ts';
import { assign, itemsOf, shapeOf } from './code-values.ts';
import { checkIdentity } from './decimal-use.ts';
import { never, nothing, of, rowShape, type Shape, union, unknown } from './shape.ts';

/**
 * A scope that can follow function bodies and, for an expression, knows `row`. `code` is searched for names that it declares anywhere;
 * `text` is its source.
 */
export function scopeFor(only: CodeScope['only'], input: Schema, code: Node, text: string): CodeScope {
  return new CodeScope(only, only === 'expression' ? [['row', rowShape(input)]] : [], declaredNames(code), followBody, text);
}

/** The union of everything that a function's body returns; reaching its end returns null. */
export function followBody(body: BlockStatement, scope: CodeScope): Shape {
  const returned: Shape[] = [];
  const completes = followAll(body.body, scope, returned);
  const result = returned.reduce(union, never);
  return completes ? union(result, nothing) : result;
}

/** Follows statements in order; true if the code after them may be reached. */
export function followAll(statements: readonly Program['body'][number][], scope: CodeScope, returned: Shape[]): boolean {
  for (const statement of statements) {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declared?.type === 'FunctionDeclaration') scope.declare(declared.id.name, { is: 'function', nullable: false, code: declared });
  }
  for (const statement of statements) {
    if (statement.type === 'ExportNamedDeclaration') {
      if (statement.declaration && !follow(statement.declaration, scope, returned)) return false;
    } else if (statement.type !== 'ImportDeclaration' && statement.type !== 'ExportDefaultDeclaration' && statement.type !== 'ExportAllDeclaration') {
      if (!follow(statement, scope, returned)) return false;
    }
  }
  return true;
}

function follow(node: Statement, scope: CodeScope, returned: Shape[]): boolean {
  const inner = (statement: Statement | null | undefined) => () => !statement || follow(statement, scope, returned);
  switch (node.type) {
    case 'ExpressionStatement':
      shapeOf(node.expression, scope);
      return true;
    case 'VariableDeclaration':
      declareAll(node, scope);
      return true;
    case 'ReturnStatement':
      returned.push(node.argument ? shapeOf(node.argument, scope) : nothing);
      return false;
    case 'ThrowStatement':
      shapeOf(node.argument, scope);
      return false;
    case 'BlockStatement':
      return scope.block(() => followAll(node.body, scope, returned));
    case 'IfStatement': {
      shapeOf(node.test, scope);
      const way = (outcome: boolean, statement: Statement | null | undefined) => () => {
        scope.assume(nonNull(node.test, outcome));
        return inner(statement)();
      };
      return scope.branch([way(true, node.consequent), way(false, node.alternate)]);
    }
    case 'ForStatement':
      return scope.block(() => {
        if (node.init?.type === 'VariableDeclaration') declareAll(node.init, scope);
        else if (node.init) shapeOf(node.init, scope);
        scope.loop(() => {
          if (node.test) shapeOf(node.test, scope);
          const completes = follow(node.body, scope, returned);
          if (node.update) shapeOf(node.update, scope);
          return completes;
        });
        return true;
      });
    case 'ForOfStatement':
    case 'ForInStatement':
      return followEach(node, scope, returned);
    case 'WhileStatement':
    case 'DoWhileStatement':
      scope.loop(() => {
        shapeOf(node.test, scope);
        return follow(node.body, scope, returned);
      });
      return true;
    case 'SwitchStatement': {
      checkIdentity(node.discriminant, '"switch"', shapeOf(node.discriminant, scope), scope);
      const hasDefault = node.cases.some((each) => each.test === null);
      // A case that falls through continues with the next one's statements.
      const ways = node.cases.map(
        (_, i) => () =>
          scope.block(() =>
            followAll(
              node.cases.slice(i).flatMap((each) => each.consequent),
              scope,
              returned,
            ),
          ),
      );
      return scope.jumpTarget(() => scope.branch(hasDefault ? ways : [...ways, () => true]));
    }
    case 'TryStatement': {
      const ways = [() => follow(node.block, scope, returned)];
      if (node.handler) {
        const { param, body } = node.handler;
        ways.push(() =>
          scope.block(() => {
            if (param) assign(param, unknown, scope, true);
            return follow(body, scope, returned);
          }),
        );
      }
      const completes = scope.branch(ways);
      return (node.finalizer ? follow(node.finalizer, scope, returned) : true) && completes;
    }
    case 'LabeledStatement':
      return scope.jumpTarget(inner(node.body));
    case 'BreakStatement':
    case 'ContinueStatement':
      scope.jump();
      return false;
    case 'ClassDeclaration':
      scope.declare(node.id.name, unknown);
      return true;
    default:
      return true;
  }
}

function declareAll(node: VariableDeclaration, scope: CodeScope): void {
  for (const declarator of node.declarations) {
    const value = declarator.init ? shapeOf(declarator.init, scope) : nothing;
    assign(declarator.id, value, scope, node.kind !== 'var');
  }
}

function followEach(node: ForOfStatement | ForInStatement, scope: CodeScope, returned: Shape[]): boolean {
  const list = shapeOf(node.right, scope);
  const item = node.type === 'ForInStatement' ? of('string') : itemsOf(list);
  scope.loop(() =>
    scope.block(() => {
      if (node.left.type === 'VariableDeclaration') assign(itemAt(node.left.declarations, 0).id, item, scope, true);
      else assign(node.left, item, scope);
      return follow(node.body, scope, returned);
    }),
  );
  return true;
}

/** Every name that the code declares anywhere: variables, parameters, functions, classes, imports. */
function declaredNames(code: Node): Set<string> {
  const names = new Set<string>();
  const pattern = (node: Pattern | null): void => {
    if (!node) return;
    if (node.type === 'Identifier') names.add(node.name);
    else if (node.type === 'AssignmentPattern') pattern(node.left);
    else if (node.type === 'RestElement') pattern(node.argument);
    else if (node.type === 'ArrayPattern') node.elements.forEach(pattern);
    else if (node.type === 'ObjectPattern') for (const each of node.properties) pattern(each.type === 'RestElement' ? each.argument : each.value);
  };
  const pending: unknown[] = [code];
  while (pending.length > 0) {
    const node = pending.pop() as Record<string, unknown> & { type?: string };
    if (Array.isArray(node)) for (const each of node) pending.push(each);
    if (typeof node !== 'object' || node === null || typeof node.type !== 'string') continue;
    const { id, params, param, local } = node as { id?: Pattern; params?: Pattern[]; param?: Pattern; local?: Pattern };
    if (id) pattern(id);
    if (param) pattern(param);
    if (local) pattern(local);
    params?.forEach(pattern);
    for (const [key, value] of Object.entries(node)) if (key !== 'loc' && typeof value === 'object' && value !== null) pending.push(value);
  }
  return names;
}
