import { isNumberLike, isNumeric } from './known-calls.ts';
import { isText, numberOf, of, type Shape, unknown } from './shape.ts';

/**
 * The result of an operator between two values. A text plus anything counts as text, although JavaScript may make a number of a null there.
 * `safeDivisor`: the right side is known not to be zero, so that no NaN or infinity (both are null in a row) results.
 */
export function arithmetic(operator: string, left: Shape, right: Shape, safeDivisor: boolean): Shape {
  const kinds = [left.is, right.is];
  if (operator === '+' && (isText(left) || isText(right))) return of('string');
  if (operator === '+' && kinds.includes('Date')) return of('string');
  if (operator === '+' && !(isNumberLike(left) && isNumberLike(right))) return unknown;
  const sound = isNumeric(left) && isNumeric(right);
  const times = [left, right].filter((shape) => shape.is === 'timestamp' || shape.is === 'Date').length;
  const whole = kinds.every((is) => ['integer', 'boolean', 'null', 'timestamp', 'Date'].includes(is));
  switch (operator) {
    case '+':
      return numberOf(whole ? (times === 1 ? 'timestamp' : 'integer') : 'number', sound);
    case '-':
      return numberOf(whole ? (times === 1 && (left.is === 'timestamp' || left.is === 'Date') ? 'timestamp' : 'integer') : 'number', sound);
    case '*':
      return numberOf(whole ? 'integer' : 'number', sound);
    case '/':
      return numberOf('number', sound && safeDivisor);
    case '%':
      return numberOf(whole ? 'integer' : 'number', sound && safeDivisor);
    case '**':
      return numberOf('number', false);
    default:
      return of('integer');
  }
}
