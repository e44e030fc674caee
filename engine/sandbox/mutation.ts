import { type AnyNode, parse } from 'acorn';
import type { Row, Value } from '../schema/types.ts';

const mutators = new Set([
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'fill',
  'copyWithin',
  'set',
  'assign',
  'defineProperty',
  'defineProperties',
  'setPrototypeOf',
]);

/**
 * Whether JavaScript may change the row that it is given: it assigns to or deletes a property of anything, or calls a
 * method that changes its object. Says yes too often rather than too rarely; such code is given a copy of the row.
 */
export function mayMutate(code: string): boolean {
  return some(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    switch (node.type) {
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
        return node.property.type === 'Identifier' && mutators.has(node.property.name);
      default:
        return false;
    }
  });
}

function assignsToMember(target: AnyNode): boolean {
  return target.type === 'MemberExpression' || (target.type.endsWith('Pattern') && some(target, (node) => node.type === 'MemberExpression'));
}

function some(node: AnyNode, holds: (node: AnyNode) => boolean): boolean {
  if (holds(node)) return true;
  return Object.values(node).some((child) => (Array.isArray(child) ? child : [child]).some((each) => typeof each?.type === 'string' && some(each, holds)));
}

/** A copy of a row that shares nothing changeable with it. */
export function copyRow(row: Row): Row {
  const copy: Record<string, Value> = { ...row };
  for (const name in copy) if (typeof copy[name] === 'object' && copy[name] !== null) copy[name] = structuredClone(copy[name]);
  return copy;
}
