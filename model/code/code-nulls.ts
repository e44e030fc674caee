/** How null behaves in users' code: in expressions operators give null, in code with statements they fail. */
import type { Expression, MemberExpression, SpreadElement, Super } from 'acorn';
import type { CodeScope } from './code-scope.ts';
import { insteadOfNull, optionalLink } from './null-fix.ts';
import { nullable, present, type Shape } from './shape.ts';

/** The result of an operator, from its result for values that are not null. */
export function ofOperands<const T extends readonly Shape[]>(operands: T, scope: CodeScope, result: (present: T) => Shape): Shape {
  if (scope.only !== 'expression') return result(operands);
  const found = result(operands.map(present) as readonly Shape[] as T);
  return operands.some((each) => each.nullable) ? nullable(found) : found;
}

/** The result of a choice or a negation whose condition may be unknown: because an operator has met null, rather than a column that is null. */
export function ofCondition(test: Expression, shape: Shape, scope: CodeScope, result: Shape): Shape {
  return scope.only === 'expression' && shape.nullable && !isPlain(test) ? nullable(result) : result;
}

/** Whether it is an existing value, not the result of an operator. */
function isPlain(node: Expression | Super): boolean {
  if (node.type === 'ParenthesizedExpression' || node.type === 'ChainExpression') return isPlain(node.expression);
  return node.type === 'Identifier' || node.type === 'MemberExpression';
}

type Meeting = 'arithmetic' | 'comparison' | 'text' | 'argument' | 'template';

/** Reports that a value may be null for its use `how`, if it is the value's own null and not the result of an earlier operator. */
export function warnOfNull(node: Expression | SpreadElement | Super, shape: Shape, how: Meeting, scope: CodeScope): void {
  if (node.type === 'ParenthesizedExpression') {
    warnOfNull(node.expression, shape, how, scope);
    return;
  }
  if (!isOwnNull(node, shape)) return;
  const isText = shape.is === 'string' || shape.is === 'date' || how === 'text' || how === 'template';
  const instead = isText ? '""' : '0';
  const alone = how === 'argument' || how === 'template';
  scope.warn(
    node,
    'code/may-be-null',
    how === 'comparison' ? 'info' : 'warning',
    (text) => [`\`${text}\` may be null: ${then[how]}`, `For another value, write \`${text} ?? ${instead}\``],
    (code) => insteadOfNull(code, { start: node.start, end: node.end, plain: true, alone }, instead),
  );
}

/** The same for the object of a member. */
export function warnOfNullObject({ object, property, end }: MemberExpression, shape: Shape, scope: CodeScope): void {
  let node = object;
  while (node.type === 'ParenthesizedExpression') node = node.expression;
  if (property.type === 'PrivateIdentifier' || !isOwnNull(node, shape)) return;
  scope.warn(
    node,
    'code/may-be-null',
    'warning',
    (text) => [`\`${text}\` may be null: the row fails then`, `Write \`${text}?.\` to get null then, or test it first`],
    (code) => optionalLink(code, object.end, end),
  );
}

function isOwnNull({ type }: Expression | SpreadElement | Super, shape: Shape): boolean {
  const isOwn = type === 'Identifier' || type === 'MemberExpression' || type === 'CallExpression';
  return isOwn && shape.nullable && !shape.nan && shape.is !== 'unknown' && shape.is !== 'null';
}

const then: { readonly [how in Meeting]: string } = {
  arithmetic: 'the result is null then',
  comparison: 'the comparison is neither true nor false then',
  text: 'the text is null then',
  template: 'the text is null then',
  argument: 'the result is null then',
};
