/** What users' code must not do with decimals: JavaScript's own operators and functions would throw, or silently give another result. */
import type { Node } from 'acorn';
import type { CodeScope } from './code-scope.ts';
import type { Shape } from './shape.ts';

const isDecimal = (shape: Shape | undefined): boolean => shape?.is === 'decimal';

const helpers: { readonly [operator: string]: string } = {
  '+': 'decimal.add(a, b)',
  '-': 'decimal.subtract(a, b)',
  '*': 'decimal.multiply(a, b)',
  '/': 'decimal.divide(a, b, digits)',
  '<': 'decimal.compare(a, b) < 0',
  '<=': 'decimal.compare(a, b) <= 0',
  '>': 'decimal.compare(a, b) > 0',
  '>=': 'decimal.compare(a, b) >= 0',
  '===': 'decimal.equals(a, b)',
  '==': 'decimal.equals(a, b)',
  '!==': '!decimal.equals(a, b)',
  '!=': '!decimal.equals(a, b)',
};
const equalities = new Set(['===', '==', '!==', '!=']);

function report(node: Node, what: string, instead: string, scope: CodeScope): void {
  scope.report(node, 'code/decimal', () => [
    `${what} does not work on decimals`,
    `Write ${instead}, or convert it by decimal.toNumber(…) where rounding does not matter.`,
  ]);
}

/** Comparing with null is right. */
export function checkOperator(node: Node, operator: string, left: Shape, right: Shape, scope: CodeScope): void {
  if (!isDecimal(left) && !isDecimal(right)) return;
  if (operator === 'in' || operator === 'instanceof') return;
  if (equalities.has(operator) && (left.is === 'null' || right.is === 'null')) return;
  report(node, `"${operator}"`, helpers[operator] ?? 'it with the helpers of decimal', scope);
}

export function checkUnary(node: Node, operator: string, operand: Shape, scope: CodeScope): void {
  if (!isDecimal(operand)) return;
  if (operator === '-') report(node, '"-"', 'decimal.negate(…)', scope);
  else if (operator === '+' || operator === '~' || operator === 'typeof') report(node, `"${operator}"`, 'decimal.toNumber(…)', scope);
}

export function checkUpdate(node: Node, operator: string, operand: Shape, scope: CodeScope): void {
  if (isDecimal(operand)) report(node, `"${operator}"`, operator === '++' ? 'decimal.add(…, 1)' : 'decimal.subtract(…, 1)', scope);
}

/** A `switch`, or a computed name of a field: both treat equal decimals as different. */
export function checkIdentity(node: Node, what: string, shape: Shape, scope: CodeScope): void {
  if (isDecimal(shape)) report(node, what, 'decimal.equals(a, b)', scope);
}

const own = new Set(['toString', 'toJSON']);

/** The fields and methods of a decimal: it has no others. */
export function checkMember(node: Node, object: Shape, key: string | null, scope: CodeScope): void {
  if (!isDecimal(object) || (key !== null && own.has(key))) return;
  const instead = key === 'toFixed' || key === 'toPrecision' ? 'decimal.round(…, digits)' : 'decimal.round(…), decimal.compare(…) and their like';
  report(node, `".${key ?? '[…]'}"`, instead, scope);
}

const byIdentity = new Set(['includes', 'indexOf', 'lastIndexOf', 'get', 'set', 'has', 'add', 'delete']);

/** A method of another value that would compare decimals as objects or as texts. */
export function checkMethod(node: Node, self: Shape, name: string, args: readonly Shape[], scope: CodeScope): void {
  const [first] = args;
  if (byIdentity.has(name) && isDecimal(first)) report(node, `".${name}"`, 'decimal.equals(a, b)', scope);
  if ((name === 'sort' || name === 'toSorted') && args.length === 0 && isDecimal(self.item)) report(node, `".${name}()"`, `${name}(decimal.compare)`, scope);
}

const instead: { readonly [name: string]: string } = {
  'Math.abs': 'decimal.abs(…)',
  'Math.min': 'decimal.min(…)',
  'Math.max': 'decimal.max(…)',
  'Math.round': 'decimal.round(…)',
  round: 'decimal.round(…, digits)',
  'Object.is': 'decimal.equals(a, b)',
};

/** Functions of numbers and times, which do not handle decimals. */
export function checkCall(node: Node, name: string, args: readonly Shape[], scope: CodeScope): void {
  if (!args.some(isDecimal)) return;
  const isOfNumbers = /^(Math|Number|time)\b/.test(name) || ['isNaN', 'isFinite', 'BigInt', 'Date', 'round', 'Object.is'].includes(name);
  if (isOfNumbers) report(node, `"${name}"`, instead[name] ?? 'decimal.toNumber(…)', scope);
}

/** `new Set([…])` and `new Date(…)`. */
export function checkNew(node: Node, name: string, first: Shape | undefined, scope: CodeScope): void {
  if (name === 'Date' && isDecimal(first)) report(node, '"new Date"', 'decimal.toNumber(…)', scope);
  if (name === 'Set' && isDecimal(first?.item)) report(node, '"new Set"', 'decimal.equals(a, b)', scope);
}
