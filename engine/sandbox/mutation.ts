import { type AnyNode, parse } from 'acorn';
import { suspectGlobals, suspectNames } from './harmless.ts';
import { partsOf } from './syntax-tree.ts';

/**
 * Syntax that changes nothing by itself. Everything else is refused: a class, for example, defines its fields on whatever its base's
 * constructor returns.
 */
const harmlessSyntax = new Set(
  (
    'Program EmptyStatement BlockStatement ExpressionStatement ReturnStatement IfStatement SwitchStatement SwitchCase ThrowStatement TryStatement ' +
    'CatchClause WhileStatement DoWhileStatement ForStatement ForInStatement ForOfStatement LabeledStatement BreakStatement ContinueStatement ' +
    'FunctionDeclaration VariableDeclaration VariableDeclarator ExportDefaultDeclaration ExportNamedDeclaration ' +
    'Identifier Literal TemplateLiteral TemplateElement TaggedTemplateExpression ThisExpression ArrayExpression ObjectExpression Property SpreadElement ' +
    'FunctionExpression ArrowFunctionExpression UnaryExpression UpdateExpression BinaryExpression LogicalExpression AssignmentExpression ' +
    'ConditionalExpression CallExpression NewExpression SequenceExpression ParenthesizedExpression MemberExpression ChainExpression ' +
    'ObjectPattern ArrayPattern AssignmentPattern RestElement'
  ).split(' '),
);

/**
 * Whether JavaScript may change the row that it receives: it assigns to or deletes a property of anything, uses one of JavaScript's own
 * names that may do so (harmless.ts), or hides such a name, for example by reading a property whose name is only known at run time. If in
 * doubt, yes; such code receives a copy of the row.
 */
export function mayMutate(code: string): boolean {
  const suspects = suspectNames();
  /** Whether a member of this name is read. Numbers are harmless, and so is a counter. */
  const isSuspect = (key: AnyNode, computed: boolean): boolean => {
    if (!computed) return key.type === 'Identifier' ? suspects.has(key.name) : key.type !== 'Literal' || suspects.has(String(key.value));
    if (key.type === 'Literal') return typeof key.value !== 'number' && suspects.has(String(key.value));
    return !isNumber(key);
  };
  return some(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    if (!harmlessSyntax.has(node.type)) return true;
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return node.async || node.generator === true;
      case 'AssignmentExpression':
        return assignsToMember(node.left);
      case 'ForInStatement':
      case 'ForOfStatement':
        return assignsToMember(node.left);
      case 'UpdateExpression':
        return node.argument.type === 'MemberExpression';
      case 'UnaryExpression':
        return node.operator === 'delete';
      case 'MemberExpression':
        return isSuspect(node.property, node.computed);
      case 'ObjectPattern':
        return node.properties.some((property) => property.type === 'Property' && isSuspect(property.key, property.computed));
      case 'ObjectExpression':
        return node.properties.some((property) => property.type === 'Property' && (property.computed ? isSuspect(property.key, true) : isLink(property.key)));
      case 'Identifier':
        return suspectGlobals.has(node.name);
      default:
        return false;
    }
  });
}

/** In a literal any name is one of a new object's own, except those that give it a prototype or a constructor. */
function isLink(key: AnyNode): boolean {
  const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? key.value : null;
  return name === '__proto__' || name === 'constructor';
}

const numeric = new Set(['-', '*', '/', '%', '**', '|', '&', '^', '<<', '>>', '>>>']);
function isNumber(node: AnyNode): boolean {
  if (node.type === 'BinaryExpression') return numeric.has(node.operator);
  if (node.type === 'UnaryExpression') return node.operator === '-' || node.operator === '+' || node.operator === '~';
  return node.type === 'UpdateExpression';
}

function assignsToMember(target: AnyNode): boolean {
  return target.type === 'MemberExpression' || (target.type.endsWith('Pattern') && some(target, (node) => node.type === 'MemberExpression'));
}

function some(root: AnyNode, holds: (node: AnyNode) => boolean): boolean {
  const pending = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (holds(node)) return true;
    for (const part of partsOf(node)) pending.push(part);
  }
  return false;
}
