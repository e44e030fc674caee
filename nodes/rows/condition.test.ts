import { type Condition, type ConditionRule, conditionOperators } from '@millrace/kit/fields';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row, Value } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';
import { compileExpression } from '../../test/conformance/users-code.ts';
import { schema } from '../../test/transform-trial.ts';
import { conditionExpression, conditionProblems, conditionText } from './condition.ts';

const columns = schema({ name: 'string?', size: 'number?', count: 'integer', hot: 'boolean?', time: 'timestamp?', 'odd "name"': 'string' });
const words = ['', 'a', 'ab', 'b', 'import(', '<!-- x -->', "it's", '\\', 'eval(', '${x}', '`', '\u2028'];
const rowOf = fc.record({
  name: fc.constantFrom(...words, null),
  size: fc.constantFrom(-1, 0, 1.5, 30, null),
  count: fc.constantFrom(-1, 0, 1, 30),
  hot: fc.constantFrom(true, false, null),
  time: fc.constantFrom(0, 1, 86_400_000, null),
  'odd "name"': fc.constantFrom(...words),
});
const ruleOf = fc.record({
  column: fc.constantFrom(...columns.columns.map((column) => column.name)),
  operator: fc.constantFrom(...conditionOperators),
  value: fc.constantFrom(...words, '0', '1', '1.5', '30', '-1', 'true', '1970-01-02', '0, 1', 'a,b', '[', 'a|b'),
});
const conditionOf: fc.Arbitrary<Condition> = fc.record({ match: fc.constantFrom('all', 'any'), rules: fc.array(ruleOf, { minLength: 1, maxLength: 3 }) });

/** The meaning of a rule, without any expression. */
function meets({ column: name, operator, value: text }: ConditionRule, row: Row): boolean {
  const value = row[name]!;
  const { type } = columns.columns.find((column) => column.name === name)!;
  const cast = (each: string): Value => {
    const result = castValue(each, type);
    return result.ok ? result.value : null;
  };
  if (operator === 'isNull' || operator === 'isNotNull') return (value === null) === (operator === 'isNull');
  if (value === null) return false;
  const wanted = cast(text)!;
  switch (operator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    case 'contains':
      return (value as string).includes(text);
    case 'startsWith':
      return (value as string).startsWith(text);
    case 'endsWith':
      return (value as string).endsWith(text);
    case 'matches':
      return new RegExp(text, 'u').test(value as string);
    case 'in':
      return text.split(',').some((each) => cast(each.trim()) === value);
  }
}

it('equals the expression that it stands for', () => {
  fc.assert(
    fc.property(conditionOf, fc.array(rowOf, { minLength: 1, maxLength: 5 }), (condition, rows) => {
      fc.pre(conditionProblems(condition, columns, 'rules').length === 0);
      const test = compileExpression(conditionExpression(condition, columns), 'rules');
      for (const row of rows) {
        const expected = condition.match === 'all' ? condition.rules.every((rule) => meets(rule, row)) : condition.rules.some((rule) => meets(rule, row));
        expect(test(row)).toBe(expected);
      }
    }),
    { numRuns: 1000 },
  );
});

it('reads like what one would write by hand', () => {
  const condition: Condition = {
    match: 'all',
    rules: [
      { column: 'size', operator: '>', value: '30' },
      { column: 'name', operator: 'in', value: 'a, b' },
    ],
  };
  expect(conditionExpression(condition, columns)).toBe('(row.size !== null && row.size > 30) && (row.name === "a" || row.name === "b")');
  expect(conditionText(condition)).toBe('size > 30 and name in a, b');
});

it.each([
  [{ column: 'size', operator: '>', value: 'many' }, 'rules.rules.0.value', '"many" is not a number'],
  [{ column: 'size', operator: '=', value: '' }, 'rules.rules.0.value', 'The value for "size" is missing'],
  [{ column: 'size', operator: 'contains', value: '3' }, 'rules.rules.0.operator', '"contains" works on text and date columns, but "size" is number'],
  [{ column: 'name', operator: 'matches', value: '[' }, 'rules.rules.0.value', 'This is not a regular expression'],
] as const)('tells what is wrong with %j', (rule, field, message) => {
  const problems = conditionProblems({ match: 'all', rules: [rule] }, columns, 'rules');
  expect(problems).toMatchObject([{ field, message: expect.stringContaining(message) as string }]);
});
