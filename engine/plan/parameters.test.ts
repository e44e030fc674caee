import { expect, it } from 'vitest';
import filter from '../../nodes/rows/filter.ts';
import { substitute } from './parameters.ts';

it('puts parameters into what a condition compares with, and leaves names of columns as they are', () => {
  const unknown: string[] = [];
  const rule = (column: string, value: string) => ({ column, operator: '=', value });
  const rules = { match: 'all', rules: [rule('${price}', '${least}'), rule('$${x}', '$${x}'), rule('a', '${none}')] };
  const found = { unknown: (path: string) => unknown.push(path), hasRoom: () => true };
  expect(substitute(filter.params, { mode: 'rules', rules }, { price: 'other', least: 5 }, found)).toEqual({
    mode: 'rules',
    rules: { match: 'all', rules: [rule('${price}', '5'), rule('$${x}', '${x}'), rule('a', '${none}')] },
  });
  expect(unknown).toEqual(['rules.rules.2.value']);
});
