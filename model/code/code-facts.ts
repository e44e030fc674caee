/** Facts from the syntax tree alone: names of fields, paths, and what a condition implies about null. */
import type { Expression, Super } from 'acorn';

import { isCoercing } from './null-coercion.ts';

/** The name of the field that a member expression or a property reads, if the text states it. */
export function keyOf(key: Expression | { type: 'PrivateIdentifier'; name: string }, computed: boolean): string | null {
  if (!computed && key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && (typeof key.value === 'string' || typeof key.value === 'number') ? String(key.value) : null;
}

/** `row.temperature` for `row.temperature`, `row?.temperature` and `row["temperature"]`: the key of facts about null. */
export function pathOf(node: Expression | Super): string | null {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'ChainExpression' || node.type === 'ParenthesizedExpression') return pathOf(node.expression);
  if (node.type !== 'MemberExpression') return null;
  const base = pathOf(node.object);
  const key = keyOf(node.property, node.computed);
  return base !== null && key !== null ? `${base}.${key}` : null;
}

/** Paths that cannot be null when `test` came out truthy (or falsy). */
export function nonNull(test: Expression, outcome: boolean): string[] {
  switch (test.type) {
    case 'ParenthesizedExpression':
      return nonNull(test.expression, outcome);
    case 'UnaryExpression':
      return test.operator === '!' ? nonNull(test.argument, !outcome) : [];
    case 'LogicalExpression':
      if (test.operator === (outcome ? '&&' : '||')) return [...nonNull(test.left, outcome), ...nonNull(test.right, outcome)];
      if (test.operator === '||' && outcome) {
        const right = new Set(nonNull(test.right, true));
        return nonNull(test.left, true).filter((path) => right.has(path));
      }
      return [];
    case 'BinaryExpression': {
      if (isCoercing(test.operator) && outcome) return operandPaths(test);
      const equal = test.operator === '===' || test.operator === '==';
      if ((!equal && test.operator !== '!==' && test.operator !== '!=') || test.left.type === 'PrivateIdentifier') return [];
      const [path, other] = pathOf(test.left) === null || pathOf(test.left) === 'undefined' ? [pathOf(test.right), test.left] : [pathOf(test.left), test.right];
      if (path === null) return [];
      const null_ =
        (other.type === 'Literal' && other.value === null) || (other.type === 'Identifier' && other.name === 'undefined' && test.operator.length === 2);
      if (null_) return equal === outcome ? [] : [path];
      return equal === outcome && other.type === 'Literal' ? [path] : [];
    }
    default: {
      const path = outcome ? pathOf(test) : null;
      return path === null ? [] : [path];
    }
  }
}

/** What an operator has met and was not null: with null there, its result is null, or there is none. */
function operandPaths(node: Expression): string[] {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return operandPaths(node.expression);
    case 'UnaryExpression':
      return ['-', '+', '~'].includes(node.operator) ? operandPaths(node.argument) : [];
    case 'BinaryExpression':
      if (!isCoercing(node.operator) || node.left.type === 'PrivateIdentifier') return [];
      return [...operandPaths(node.left), ...operandPaths(node.right)];
    default: {
      const path = pathOf(node);
      return path === null ? [] : [path];
    }
  }
}
