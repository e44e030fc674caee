/** What users' code must not do with texts, days and lists: JavaScript converts them to numbers, and silently gives NaN, "2026-01-311" or false. */
import type { Node } from 'acorn';
import type { CodeScope } from './code-scope.ts';
import { isText, type Shape } from './shape.ts';

const calculating = new Set(['-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>', '>>>']);
const ordering = new Set(['<', '<=', '>', '>=']);
const numbers: ReadonlySet<Shape['is']> = new Set(['integer', 'number', 'timestamp']);

const isNumber = (shape: Shape): boolean => numbers.has(shape.is);
/** Values that are never a number, and do not become one by themselves. */
const isNoNumber = (shape: Shape): boolean => isText(shape) || shape.is === 'bytes' || shape.is === 'object' || shape.is === 'array';

function name(shape: Shape): string {
  if (isText(shape)) return shape.is === 'date' ? 'a day' : 'a text';
  return shape.is === 'bytes' ? 'bytes' : shape.is === 'array' ? 'a list' : 'an object';
}

function report(node: Node, operator: string, shape: Shape, scope: CodeScope): void {
  scope.report(node, 'code/not-a-number', () => [`"${operator}" needs numbers, and one side is ${name(shape)}`, hint(shape)]);
}

function hint(shape: Shape): string {
  if (shape.is === 'date') return 'Make it a time with time.floor(…, "day"), which is its midnight in milliseconds: a day has 86,400,000 of them.';
  if (shape.is === 'string') return 'Read the number from it with Number(…) or text.number(…), or set the type of the column where it is read.';
  return 'Take one value of it.';
}

export function checkNumbers(node: Node, operator: string, left: Shape, right: Shape, scope: CodeScope): void {
  const wrong = [left, right].find(isNoNumber);
  if (!wrong) return;
  if (calculating.has(operator)) report(node, operator, wrong, scope);
  // With a text, "+" joins both: that is what is meant.
  else if (operator === '+' && wrong.is === 'date' && [left, right].some(isNumber)) report(node, operator, wrong, scope);
  else if (ordering.has(operator) && [left, right].some(isNumber)) reportUnlike(node, operator, left, right, scope);
  else if ((operator === '===' || operator === '!==') && isText(wrong) && [left, right].some(isNumber)) reportUnlike(node, operator, left, right, scope);
}

function reportUnlike(node: Node, operator: string, left: Shape, right: Shape, scope: CodeScope): void {
  const [wrong, other] = isNoNumber(left) ? [left, right] : [right, left];
  scope.report(node, 'code/not-a-number', () => {
    const what = other.is === 'timestamp' ? 'a time' : 'a number';
    return [`"${operator}" compares ${name(wrong)} with ${what}, which are never equal, and neither is before the other`, hint(wrong)];
  });
}

/** `+row.text` is how JavaScript reads a number from a text. */
export function checkSign(node: Node, operator: string, operand: Shape, scope: CodeScope): void {
  if (!isNoNumber(operand) || !['-', '+', '~', '++', '--'].includes(operator)) return;
  if (operator === '+' && operand.is === 'string') return;
  scope.report(node, 'code/not-a-number', () => [`"${operator}" needs a number, and this is ${name(operand)}`, hint(operand)]);
}

/** Functions of numbers. */
export function checkNumbersOf(node: Node, called: string, args: readonly Shape[], scope: CodeScope): void {
  const wrong = /^Math\.|^round$/.test(called) ? args.find(isNoNumber) : undefined;
  if (wrong) scope.report(node, 'code/not-a-number', () => [`"${called}" needs numbers, and was given ${name(wrong)}`, hint(wrong)]);
}
