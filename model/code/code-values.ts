/** The shapes of expressions in users' code: a walk over acorn's syntax tree that knows the language's operators and common methods. */
import type {
  AssignmentExpression,
  BinaryExpression,
  CallExpression,
  Expression,
  Function as FunctionNode,
  MemberExpression,
  NewExpression,
  ObjectExpression,
  Pattern,
  SpreadElement,
  Super,
  UnaryExpression,
} from 'acorn';
import { itemAt } from '../faults/missing.ts';
import { didYouMean } from '../text/closest.ts';
import { nameList } from '../text/name-list.ts';
import { arithmetic } from './arithmetic.ts';
import { keyOf, nonNull, pathOf } from './code-facts.ts';
import { ofCondition, ofOperands, warnOfNull, warnOfNullObject } from './code-nulls.ts';
import type { CodeScope } from './code-scope.ts';
import { checkCall, checkIdentity, checkMember, checkMethod, checkNew, checkOperator, checkUnary, checkUpdate } from './decimal-use.ts';
import { globalCalls, globalConstants, globalNames, isNumeric, methodOf } from './known-calls.ts';
import { isGuardedName, isOrdering, textMethods } from './null-coercion.ts';
import { checkNumbers, checkNumbersOf, checkSign } from './number-use.ts';
import { arrayOf, isText, never, nothing, nullable, numberOf, objectOf, of, present, type Shape, union, unknown } from './shape.ts';
import { snippetCalls, snippetGlobals } from './snippet-calls.ts';

export function shapeOf(node: Expression | Super, scope: CodeScope): Shape {
  switch (node.type) {
    case 'Literal':
      return literal(node.value);
    case 'TemplateLiteral':
      return ofOperands(
        node.expressions.map((part) => {
          const shape = shapeOf(part, scope);
          warnOfNull(part, shape, 'template', scope);
          return shape;
        }),
        scope,
        () => of('string'),
      );
    case 'TaggedTemplateExpression':
      for (const part of node.quasi.expressions) shapeOf(part, scope);
      return node.tag.type === 'MemberExpression' && pathOf(node.tag) === 'String.raw' ? of('string') : unknown;
    case 'Identifier':
      return identifier(node, scope);
    case 'ParenthesizedExpression':
      return shapeOf(node.expression, scope);
    case 'MemberExpression': {
      const shape = member(node, scope);
      const path = pathOf(node);
      return path !== null && scope.isNotNull(path) ? present(shape) : shape;
    }
    case 'ChainExpression': {
      const shape = shapeOf(node.expression, scope);
      return shape.is === 'never' ? shape : nullable(shape);
    }
    case 'CallExpression':
      return call(node, scope);
    case 'NewExpression': {
      const [first] = node.arguments.map((argument) => argumentShape(argument, scope));
      shapeOf(node.callee, scope);
      if (node.callee.type === 'Identifier') checkNew(node, node.callee.name, first, scope);
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date') return { ...unknown, nullable: false };
      if (!first) reportChance(node, 'new Date()', scope);
      return numberOf('Date', first !== undefined && isNumeric(first));
    }
    case 'UnaryExpression':
      return unary(node, scope);
    case 'BinaryExpression':
      return binary(node, scope);
    case 'LogicalExpression': {
      const left = shapeOf(node.left, scope);
      if (node.operator === '&&') {
        const right = scope.assuming(nonNull(node.left, true), () => shapeOf(node.right, scope));
        // Objects and the like are falsy only if they are null.
        if (['object', 'array', 'Date', 'decimal'].includes(left.is)) return left.nullable ? nullable(right) : right;
        return union(left, right);
      }
      const right = node.operator === '||' ? scope.assuming(nonNull(node.left, false), () => shapeOf(node.right, scope)) : shapeOf(node.right, scope);
      if (node.operator === '||' && left.is === 'boolean') return ofCondition(node.left, left, scope, union(present(left), right));
      return node.operator === '||' || left.nullable ? union(present(left), right) : left;
    }
    case 'ConditionalExpression': {
      const test = shapeOf(node.test, scope);
      const yes = scope.assuming(nonNull(node.test, true), () => shapeOf(node.consequent, scope));
      const no = scope.assuming(nonNull(node.test, false), () => shapeOf(node.alternate, scope));
      return ofCondition(node.test, test, scope, union(yes, no));
    }
    case 'ObjectExpression':
      return objectLiteral(node, scope);
    case 'ArrayExpression':
      return arrayOf(
        node.elements.reduce((item, element) => {
          if (!element) return nullable(item);
          if (element.type !== 'SpreadElement') return union(item, shapeOf(element, scope));
          return union(item, itemsOf(shapeOf(element.argument, scope)));
        }, never),
      );
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return { is: 'function', nullable: false, code: node };
    case 'AssignmentExpression':
      return assignment(node, scope);
    case 'UpdateExpression': {
      const before = shapeOf(node.argument, scope);
      checkUpdate(node, node.operator, before, scope);
      checkSign(node, node.operator, before, scope);
      const after = numberOf(before.is === 'integer' ? 'integer' : 'number', isNumeric(before));
      assign(node.argument as Pattern, after, scope);
      return after;
    }
    case 'SequenceExpression':
      return node.expressions.map((each) => shapeOf(each, scope)).at(-1) ?? unknown;
    default:
      return unknown;
  }
}

function literal(value: unknown): Shape {
  if (value === null) return nothing;
  if (typeof value === 'string') return of('string');
  if (typeof value === 'boolean') return of('boolean');
  if (typeof value === 'number') return of(Number.isSafeInteger(value) ? 'integer' : 'number');
  return value instanceof RegExp ? { is: 'global', nullable: false, name: 'regexp' } : unknown;
}

function identifier(node: Expression & { type: 'Identifier' }, scope: CodeScope): Shape {
  const { name } = node;
  const shape = scope.get(name);
  if (shape) return scope.isNotNull(name) ? present(shape) : shape;
  if (name === 'undefined') return nothing;
  if (name === 'NaN' || name === 'Infinity') return numberOf('number', false);
  if (globalNames.has(name) || snippetGlobals.has(name)) return { is: 'global', nullable: false, name };
  if (!scope.isDeclared(name)) {
    const row = scope.get('row');
    const hint = row?.fields?.has(name)
      ? `Columns are read from the row: row.${name}`
      : 'Only `row`, the language itself and the helper functions are known here.';
    scope.report(node, 'code/unknown-name', () => [`There is no "${name}"${didYouMean(name, [...scope.names(), ...snippetGlobals, ...globalNames])}`, hint]);
  }
  return unknown;
}

function member(node: MemberExpression, scope: CodeScope): Shape {
  const object = shapeOf(node.object, scope);
  if (!node.optional) warnOfNullObject(node, object, scope);
  const key = keyOf(node.property, node.computed);
  if (node.computed && node.property.type !== 'PrivateIdentifier') checkIdentity(node.property, 'A name of a field', shapeOf(node.property, scope), scope);
  checkMember(node.property, object, key, scope);
  if (object.is === 'global') return globalConstants.get(`${object.name}.${key}`) ?? { is: 'global', nullable: false, name: `${object.name}.${key}` };
  if (object.is === 'array') return key === 'length' ? of('integer') : nullable(object.item ?? unknown);
  if (isText(object)) return key === 'length' ? of('integer') : node.computed ? of('string', true) : unknown;
  if (object.is !== 'object') return unknown;
  return key === null ? unknown : fieldOf(object, key, node.property, scope);
}

/** A field of an object. A field that the input row does not have is a problem, since it would silently be empty in every row. */
export function fieldOf(object: Shape, key: string, at: Expression | MemberExpression['property'], scope: CodeScope): Shape {
  const field = object.fields?.get(key);
  if (field) return object.open ? union(field, unknown) : object.nullable ? nullable(field) : field;
  if (object.row) {
    scope.report(at, 'code/unknown-column', () => {
      const columns = [...(object.fields?.keys() ?? [])];
      return [`There is no column "${key}"${didYouMean(key, columns)}`, `The columns here are ${nameList(columns) || '(none)'}.`];
    });
    return unknown;
  }
  return object.open ? unknown : nothing;
}

function objectLiteral(node: ObjectExpression, scope: CodeScope): Shape {
  const fields = new Map<string, Shape>();
  let open = false;
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      const spread = spreadOf(property.argument, scope);
      if (spread.is === 'null' || spread.is === 'boolean') continue;
      if (spread.is !== 'object' || spread.open) open = true;
      scope.copying(spread.fields?.size ?? 0);
      for (const [name, shape] of spread.fields ?? []) {
        const before = fields.get(name);
        fields.set(name, spread.nullable ? (before ? union(before, shape) : nullable(shape)) : shape);
      }
      continue;
    }
    const key = keyOf(property.key, property.computed);
    if (property.computed) shapeOf(property.key, scope);
    const value = shapeOf(property.value, scope);
    if (key === null) open = true;
    else fields.set(key, value);
  }
  return objectOf(fields, open);
}

/** `...(condition && { … })`: if the left side of `&&` is falsy, it adds nothing. */
function spreadOf(node: Expression, scope: CodeScope): Shape {
  if (node.type === 'ParenthesizedExpression') return spreadOf(node.expression, scope);
  if (node.type !== 'LogicalExpression' || node.operator !== '&&') return shapeOf(node, scope);
  shapeOf(node.left, scope);
  return nullable(scope.assuming(nonNull(node.left, true), () => shapeOf(node.right, scope)));
}

function itemsOf(list: Shape): Shape {
  if (list.is === 'array') return list.item ?? unknown;
  return isText(list) ? of('string') : unknown;
}

export { itemsOf };

function unary(node: UnaryExpression, scope: CodeScope): Shape {
  const { operator, argument } = node;
  if (operator === 'delete' && argument.type === 'MemberExpression') return removeField(argument, scope);
  const shape = shapeOf(argument, scope);
  checkUnary(node, operator, shape, scope);
  checkSign(node, operator, shape, scope);
  switch (operator) {
    case '!':
      return ofCondition(argument, shape, scope, of('boolean'));
    case 'delete':
      return of('boolean');
    case 'typeof':
      return of('string');
    case 'void':
      return nothing;
    default:
      warnOfNull(argument, shape, 'arithmetic', scope);
      return ofOperands([shape], scope, ([value]) => {
        const { is } = value;
        return operator === '~' ? of('integer') : numberOf(['integer', 'boolean', 'null', 'never'].includes(is) ? 'integer' : 'number', isNumeric(value));
      });
  }
}

const comparisons = new Set(['==', '!=', '===', '!==', 'instanceof']);

function binary(node: BinaryExpression, scope: CodeScope): Shape {
  const left = node.left.type === 'PrivateIdentifier' ? unknown : shapeOf(node.left, scope);
  const right = shapeOf(node.right, scope);
  checkOperator(node, node.operator, left, right, scope);
  checkNumbers(node, node.operator, left, right, scope);
  if (comparisons.has(node.operator)) return of('boolean');
  const how = isOrdering(node.operator) || node.operator === 'in' ? 'comparison' : isText(left) || isText(right) ? 'text' : 'arithmetic';
  if (node.left.type !== 'PrivateIdentifier') warnOfNull(node.left, left, how, scope);
  if (node.operator === 'in') return ofOperands([left], scope, () => of('boolean'));
  warnOfNull(node.right, right, how, scope);
  const divisor = node.right.type === 'Literal' && typeof node.right.value === 'number' && node.right.value !== 0;
  return ofOperands([left, right], scope, ([a, b]) => (how === 'comparison' ? of('boolean') : arithmetic(node.operator, a, b, divisor)));
}

function assignment(node: AssignmentExpression, scope: CodeScope): Shape {
  const { operator } = node;
  const right = shapeOf(node.right, scope);
  if (operator === '=') {
    assign(node.left, right, scope);
    return right;
  }
  const left = shapeOf(node.left as Expression, scope);
  const isLogical = ['||=', '&&=', '??='].includes(operator);
  if (!isLogical) {
    checkOperator(node, operator.slice(0, -1), left, right, scope);
    checkNumbers(node, operator.slice(0, -1), left, right, scope);
  }
  const value = isLogical
    ? union(operator === '&&=' ? left : present(left), right)
    : ofOperands([left, right], scope, ([a, b]) => arithmetic(operator.slice(0, -1), a, b, node.right.type === 'Literal' && node.right.value !== 0));
  assign(node.left, value, scope);
  return value;
}

/** Gives a variable, a field of a variable's object, or a destructuring pattern its new value. */
export function assign(target: Pattern, value: Shape, scope: CodeScope, declare = false): void {
  switch (target.type) {
    case 'Identifier':
      if (declare) scope.declare(target.name, value);
      else scope.assign(target.name, value);
      return;
    case 'AssignmentPattern':
      assign(target.left, union(present(value), shapeOf(target.right, scope)), scope, declare);
      return;
    case 'RestElement':
      assign(target.argument, value, scope, declare);
      return;
    case 'ArrayPattern':
      for (const element of target.elements) {
        if (element) assign(element, element.type === 'RestElement' ? value : nullable(itemsOf(value)), scope, declare);
      }
      return;
    case 'ObjectPattern': {
      scope.copying(value.fields?.size ?? 0);
      const rest = new Map(value.fields ?? []);
      for (const property of target.properties) {
        if (property.type === 'RestElement') {
          assign(property.argument, value.is === 'object' ? objectOf(rest, value.open) : unknown, scope, declare);
          continue;
        }
        const key = keyOf(property.key, property.computed);
        if (key !== null) rest.delete(key);
        assign(property.value, key !== null && value.is === 'object' ? fieldOf(value, key, property.key, scope) : unknown, scope, declare);
      }
      return;
    }
    case 'MemberExpression':
      setField(target, value, scope);
      return;
  }
}

function setField(target: MemberExpression, value: Shape, scope: CodeScope): void {
  const object = shapeOf(target.object, scope);
  changesRow(target, scope);
  const key = keyOf(target.property, target.computed);
  if (target.object.type !== 'Identifier') return;
  if (object.is === 'array' && target.computed) scope.assign(target.object.name, { ...object, item: union(object.item ?? never, value) });
  if (object.is !== 'object') return;
  scope.copying(object.fields?.size ?? 0);
  if (key === null) scope.assign(target.object.name, { ...object, row: false, open: true });
  else scope.assign(target.object.name, { ...object, row: false, fields: new Map(object.fields).set(key, value) });
}

function removeField(target: MemberExpression, scope: CodeScope): Shape {
  const object = shapeOf(target.object, scope);
  const key = keyOf(target.property, target.computed);
  changesRow(target, scope);
  if (target.object.type === 'Identifier' && object.is === 'object') {
    scope.copying(object.fields?.size ?? 0);
    const fields = new Map(object.fields);
    if (key !== null) fields.delete(key);
    scope.assign(target.object.name, { ...object, row: false, fields, open: object.open === true || key === null });
  }
  return of('boolean');
}

/** An expression that assigns to the row can only be a mistake; a snippet may, as it then receives a copy of its own. */
function changesRow(target: MemberExpression, scope: CodeScope): void {
  let root: Expression | Super = target.object;
  while (root.type === 'MemberExpression') root = root.object;
  if (scope.only !== 'expression' || root.type !== 'Identifier' || !scope.get(root.name)?.row) return;
  scope.report(target, 'code/changes-row', () => [
    'An expression cannot change the row',
    'Two values are compared with ===. Columns are changed by the nodes "Compute columns" and "Code".',
  ]);
}

function call(node: CallExpression, scope: CodeScope): Shape {
  const { callee } = node;
  const self = callee.type === 'MemberExpression' ? shapeOf(callee.object, scope) : null;
  if (self && callee.type === 'MemberExpression' && !callee.optional) warnOfNullObject(callee, self, scope);
  const name = callee.type === 'MemberExpression' ? keyOf(callee.property, callee.computed) : null;
  const args = node.arguments.map((argument) => argumentShape(argument, scope));

  if (self && name !== null && callee.type === 'MemberExpression' && self.is !== 'global') {
    checkMember(callee.property, self, name, scope);
    checkMethod(node, self, name, args, scope);
    const field = self.fields?.get(name);
    if (field?.is === 'function' && field.code) return applied(field.code, args, scope);
    const called = withCallback(self, name, args, scope) ?? methodOf(self, name)?.(self, args);
    const coerces = Object.hasOwn(textMethods, name) && (self.is !== 'array' || textMethods[name] === 'both');
    const result = called && coerces ? ofArguments(node, args, scope, called) : called;
    if ((name === 'push' || name === 'unshift') && self.is === 'array' && callee.object.type === 'Identifier') {
      const pushed = node.arguments.reduce(
        (item, argument, i) => union(item, argument.type === 'SpreadElement' ? itemsOf(itemAt(args, i)) : itemAt(args, i)),
        self.item ?? never,
      );
      scope.assign(callee.object.name, { ...self, item: pushed });
    }
    if (!result) for (const argument of args) if (argument.code) applied(argument.code, [], scope);
    return result ?? unknown;
  }
  const target = shapeOf(callee, scope);
  if (target.is === 'function' && target.code) return applied(target.code, args, scope);
  if (target.is !== 'global' || target.name === undefined) {
    for (const argument of args) if (argument.code) applied(argument.code, [], scope);
    return unknown;
  }
  checkCall(node, target.name, args, scope);
  checkNumbersOf(node, target.name, args, scope);
  if (target.name === 'Math.random' || target.name === 'Date.now') reportChance(node, `${target.name}()`, scope);
  if (target.name === 'Object.assign') return objectAssign(args);
  if (target.name === 'Object.entries' || target.name === 'Object.values')
    return arrayOf(target.name === 'Object.values' ? fieldsTogether(args[0]) : arrayOf(unknown));
  if (target.name === 'Array.from') return arrayFrom(args, scope);
  if (target.name === 'regexp.test') return ofArguments(node, args, scope, of('boolean'));
  const known = globalCalls.get(target.name) ?? snippetCalls.get(target.name);
  if (known) return isGuardedName(target.name.replace(/\..*/s, '')) ? ofArguments(node, args, scope, known(target, args)) : known(target, args);
  for (const argument of args) if (argument.code) applied(argument.code, [], scope);
  return unknown;
}

/** Functions that convert null are guarded, as operators are. */
function ofArguments(node: CallExpression, args: readonly Shape[], scope: CodeScope, result: Shape): Shape {
  node.arguments.forEach((argument, i) => {
    warnOfNull(argument, itemAt(args, i), 'argument', scope);
  });
  return ofOperands(args, scope, () => result);
}

function reportChance(node: CallExpression | NewExpression, call: string, scope: CodeScope): void {
  const hint = 'The same rows must always give the same result: use a column with the time, or one of the generator.';
  scope.report(node, 'code/not-available', () => [`${call} is not available to code in a pipeline`, hint]);
}

function argumentShape(argument: Expression | SpreadElement, scope: CodeScope): Shape {
  return shapeOf(argument.type === 'SpreadElement' ? argument.argument : argument, scope);
}

/** Methods of lists that take a function: their result follows from that of the function. */
function withCallback(self: Shape, name: string, args: readonly Shape[], scope: CodeScope): Shape | null {
  const [callback] = args;
  if (self.is !== 'array' && self.is !== 'unknown' && self.is !== 'json') return null;
  if (callback?.is !== 'function' && callback?.is !== 'global') return null;
  const item = self.is === 'array' ? (self.item ?? unknown) : unknown;
  switch (name) {
    case 'map':
      return arrayOf(repeated(callback, [item, of('integer')], scope));
    case 'flatMap': {
      const result = repeated(callback, [item, of('integer')], scope);
      return arrayOf(result.is === 'array' ? (result.item ?? unknown) : result);
    }
    case 'filter':
      repeated(callback, [item, of('integer')], scope);
      return arrayOf(callback.name === 'Boolean' ? present(item) : item);
    case 'find':
    case 'findLast':
      repeated(callback, [item, of('integer')], scope);
      return nullable(item);
    case 'findIndex':
    case 'findLastIndex':
      repeated(callback, [item, of('integer')], scope);
      return of('integer');
    case 'some':
    case 'every':
      repeated(callback, [item, of('integer')], scope);
      return of('boolean');
    case 'forEach':
      repeated(callback, [item, of('integer')], scope);
      return nothing;
    case 'sort':
    case 'toSorted':
      calledBack(callback, [item, item], scope);
      return arrayOf(item);
    case 'reduce': {
      const first = args[1] ?? item;
      const once = union(first, calledBack(callback, [first, item, of('integer')], scope));
      return union(first, calledBack(callback, [once, item, of('integer')], scope));
    }
    default:
      return null;
  }
}

/** A function that is called once for each item: it sees what earlier calls have assigned. */
function repeated(callback: Shape, args: readonly Shape[], scope: CodeScope): Shape {
  let result: Shape = never;
  scope.loop(() => {
    result = union(result, calledBack(callback, args, scope));
    return true;
  });
  return result;
}

/** A function of the user's own, or a named one, as in `map(Number)`. */
function calledBack(callback: Shape, args: readonly Shape[], scope: CodeScope): Shape {
  if (callback.code) return applied(callback.code, args, scope);
  const known = globalCalls.get(callback.name ?? '') ?? snippetCalls.get(callback.name ?? '');
  return known ? known(callback, args) : unknown;
}

/** The result of a function of the user's code for these arguments. */
export function applied(code: FunctionNode, args: readonly Shape[], scope: CodeScope): Shape {
  if (code.async || code.generator) return unknown;
  return scope.enter(unknown, () => {
    code.params.forEach((parameter, index) => {
      if (parameter.type === 'RestElement') assign(parameter.argument, arrayOf(args.slice(index).reduce(union, never)), scope, true);
      else assign(parameter, args[index] ?? (parameter.type === 'AssignmentPattern' ? never : unknown), scope, true);
    });
    return code.body.type === 'BlockStatement' ? scope.follow(code.body, scope) : shapeOf(code.body, scope);
  });
}

function arrayFrom([list, callback]: readonly Shape[], scope: CodeScope): Shape {
  const item = list ? itemsOf(list) : unknown;
  return arrayOf(callback ? repeated(callback, [item, of('integer')], scope) : item);
}

function objectAssign(args: readonly Shape[]): Shape {
  const fields = new Map(args.flatMap((arg) => [...(arg.fields ?? [])]));
  return objectOf(
    fields,
    args.some((arg) => arg.is !== 'object' || arg.open === true),
  );
}

function fieldsTogether(object: Shape | undefined): Shape {
  return object?.is === 'object' && !object.open ? [...(object.fields?.values() ?? [])].reduce(union, never) : unknown;
}
