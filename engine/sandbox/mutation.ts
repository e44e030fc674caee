import { type AnyNode, parse } from 'acorn';
import type { Row, Value } from '../schema/types.ts';

/** Methods and properties by which an object is changed, or by which a function that changes one is got hold of. */
const members = new Set([
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
  '__defineGetter__',
  '__defineSetter__',
  '__proto__',
  'constructor',
  'prototype',
  'getPrototypeOf',
  'getOwnPropertyDescriptor',
  'getOwnPropertyDescriptors',
  'call',
  'apply',
  'bind',
  'buffer',
]);
/** Globals that run code which cannot be seen here, or that hold nothing but such methods. */
const globals = new Set(['eval', 'Function', 'Compartment', 'globalThis', 'Reflect', 'Atomics', 'Proxy']);

/**
 * Whether JavaScript may change the row that it is given: it assigns to or deletes a property of anything, calls a method
 * that changes its object, or does what hides such a call, as reading a property by a name that is only known when it runs.
 * Says yes too often rather than too rarely; such code is given a copy of the row.
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
        return isSuspect(node.property, node.computed);
      case 'Property':
        return isSuspect(node.key, node.computed);
      case 'Identifier':
        return globals.has(node.name);
      default:
        return false;
    }
  });
}

/** Whether the name of a member may be one of `members`. Numbers are not, nor is what is counted up from one. */
function isSuspect(key: AnyNode, computed: boolean): boolean {
  if (!computed) return key.type === 'Identifier' && members.has(key.name);
  if (key.type === 'Literal') return typeof key.value !== 'number' && members.has(String(key.value));
  return !isNumber(key);
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
