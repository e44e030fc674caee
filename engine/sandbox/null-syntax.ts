/** What the syntax of an expression alone says about null. Trees are acorn's, with ParenthesizedExpression. */
import type { AnyNode } from 'acorn';
import { pathOf } from '../../model/code/code-facts.ts';
import { isCoercing, isGuardedName, textMethods } from '../../model/code/null-coercion.ts';
import { lastOf } from '../../model/faults/missing.ts';

export interface AboutCode {
  /** In an expression, an operator that meets null gives null; in code with statements, it fails. */
  readonly isExpression: boolean;
  /** Paths that are not null here: `row.name`. */
  readonly known: ReadonlySet<string>;
}

/** Whether a part of the code cannot be null or undefined. */
export function neverNull(node: AnyNode, about: AboutCode): boolean {
  const inner = (part: AnyNode) => neverNull(part, about);
  const expression = about.isExpression;
  switch (node.type) {
    case 'Literal':
      return node.raw !== 'null';
    case 'Identifier':
      return node.name === 'NaN' || node.name === 'Infinity';
    case 'ObjectExpression':
    case 'ArrayExpression':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ClassExpression':
    case 'NewExpression':
    case 'UpdateExpression':
      return true;
    case 'TemplateLiteral':
      return !expression || node.expressions.every(inner);
    case 'ParenthesizedExpression':
      return inner(node.expression);
    case 'SequenceExpression':
      return inner(lastOf(node.expressions));
    case 'UnaryExpression':
      if (node.operator === 'void') return false;
      if (node.operator === '!') return !expression || !mayBeUnknown(node.argument, about);
      return node.operator === 'typeof' || node.operator === 'delete' || !expression || inner(node.argument);
    case 'BinaryExpression':
      return !isCoercing(node.operator) || !expression || (inner(node.left) && inner(node.right));
    case 'LogicalExpression':
      if (node.operator === '||' && expression && mayBeUnknownTruth(node.left, about)) return false;
      return inner(node.right) && (node.operator !== '&&' || inner(node.left));
    case 'ConditionalExpression':
      return inner(node.consequent) && inner(node.alternate) && !(expression && mayBeUnknown(node.test, about));
    case 'AssignmentExpression':
      return node.operator === '=' ? inner(node.right) : !['||=', '&&=', '??='].includes(node.operator) && !expression;
    case 'MemberExpression':
      return isOfMath(node) || isKnown(node, about) || (node.object.type === 'Identifier' && node.object.name === 'Number');
    case 'CallExpression':
      return isGuardedCall(node.callee) && (!expression || node.arguments.every((each) => each.type !== 'SpreadElement' && inner(each)));
    default:
      return false;
  }
}

/** Whether a part of an expression is null because an operator has met a null: what follows from it is then unknown, too. */
export function mayBeUnknown(node: AnyNode, about: AboutCode): boolean {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return mayBeUnknown(node.expression, about);
    case 'BinaryExpression':
      return isCoercing(node.operator) && !neverNull(node, about);
    case 'TemplateLiteral':
      return !neverNull(node, about);
    case 'UnaryExpression':
      return ['-', '+', '~'].includes(node.operator) ? !neverNull(node, about) : node.operator === '!' && mayBeUnknown(node.argument, about);
    case 'LogicalExpression':
      if (mayBeUnknown(node.right, about)) return true;
      if (node.operator === '??') return false;
      return node.operator === '&&' ? mayBeUnknown(node.left, about) : mayBeUnknownTruth(node.left, about);
    case 'ConditionalExpression':
      return [node.test, node.consequent, node.alternate].some((each) => mayBeUnknown(each, about));
    case 'CallExpression':
      return (
        (isGuardedCall(node.callee) || isTextMethod(node.callee)) && !node.arguments.every((each) => each.type !== 'SpreadElement' && neverNull(each, about))
      );
    default:
      return false;
  }
}

const truths = new Set(['includes', 'startsWith', 'endsWith', 'test', 'isNaN', 'isFinite']);

/** The same for a condition: `||` after it combines conditions rather than replacing null. */
export function mayBeUnknownTruth(node: AnyNode, about: AboutCode): boolean {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return mayBeUnknownTruth(node.expression, about);
    case 'BinaryExpression':
      return ['<', '<=', '>', '>=', 'in'].includes(node.operator) && mayBeUnknown(node, about);
    case 'UnaryExpression':
      return node.operator === '!' && mayBeUnknown(node.argument, about);
    case 'LogicalExpression':
      return node.operator !== '??' && (mayBeUnknownTruth(node.left, about) || mayBeUnknownTruth(node.right, about));
    case 'ConditionalExpression':
      return mayBeUnknownTruth(node.consequent, about) || mayBeUnknownTruth(node.alternate, about);
    case 'CallExpression': {
      const { callee } = node;
      const name =
        callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
      return truths.has(name) && mayBeUnknown(node, about);
    }
    default:
      return false;
  }
}

function isKnown(node: AnyNode & { type: 'MemberExpression' }, { known }: AboutCode): boolean {
  const path = known.size > 0 ? pathOf(node) : null;
  return path !== null && known.has(path);
}

function isOfMath(node: AnyNode): boolean {
  return node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === 'Math' && !node.computed;
}

/** `Number(…)`, `Math.round(…)`: null gives null, or fails. */
function isGuardedCall(callee: AnyNode): boolean {
  return isOfMath(callee) || (callee.type === 'Identifier' && isGuardedName(callee.name));
}

function isTextMethod(callee: AnyNode): boolean {
  return callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier' && Object.hasOwn(textMethods, callee.property.name);
}
