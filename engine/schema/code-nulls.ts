/** What becomes of null in users' code, by the kind of code: in expressions operators give null, in code with statements they fail. */
import type { Expression, SpreadElement, Super } from 'acorn';
import type { CodeScope } from './code-scope.ts';
import { nullable, present, type Shape } from './shape.ts';

/** What an operator gives, from what it gives for values that are not null. */
export function ofOperands(operands: readonly Shape[], scope: CodeScope, result: (present: readonly Shape[]) => Shape): Shape {
  if (scope.only !== 'expression') return result(operands);
  const found = result(operands.map(present));
  return operands.some((each) => each.nullable) ? nullable(found) : found;
}

/** What a choice or a negation gives where its condition may be unknown: where an operator has met null, and not a column that is null. */
export function ofCondition(test: Expression, shape: Shape, scope: CodeScope, result: Shape): Shape {
  return scope.only === 'expression' && shape.nullable && !isPlain(test) ? nullable(result) : result;
}

/** Whether it is a value that is there already, and no result of an operator. */
function isPlain(node: Expression | Super): boolean {
  if (node.type === 'ParenthesizedExpression' || node.type === 'ChainExpression') return isPlain(node.expression);
  return node.type === 'Identifier' || node.type === 'MemberExpression';
}

type Meeting = 'arithmetic' | 'comparison' | 'text' | 'argument' | 'member';

/** Tells that a value may be null where `how` it is used, if it is the value's own and not what an operator before has given. */
export function warnOfNull(node: Expression | SpreadElement | Super, shape: Shape, how: Meeting, scope: CodeScope): void {
  if (node.type === 'ParenthesizedExpression') {
    warnOfNull(node.expression, shape, how, scope);
    return;
  }
  const isOwn = node.type === 'Identifier' || node.type === 'MemberExpression' || node.type === 'CallExpression';
  if (!isOwn || !shape.nullable || shape.nan || shape.is === 'unknown' || shape.is === 'null') return;
  const instead = shape.is === 'string' || shape.is === 'date' || how === 'text' ? '""' : '0';
  scope.warn(node, 'code/may-be-null', how === 'comparison' ? 'info' : 'warning', (text) => [
    `\`${text}\` may be null: ${then[how]}`,
    how === 'member' ? `Write \`${text}?.\` to get null then, or test it first` : `For another value, write \`${text} ?? ${instead}\``,
  ]);
}

const then: { readonly [how in Meeting]: string } = {
  arithmetic: 'the result is null then',
  comparison: 'the comparison is neither true nor false then',
  text: 'the text is null then',
  argument: 'the result is null then',
  member: 'the row fails then',
};
