import { expect, test } from 'vitest';
import { rowsOf } from './http-rows.ts';

test('a list may be as long as a body can be', () => {
  const schema = { columns: [{ name: 'id', type: 'integer', nullable: false }] } as const;
  const list = Array.from({ length: 500_000 }, (_, id) => ({ id }));
  const result = rowsOf(JSON.stringify(list), false, schema, 'error');
  expect(result).toHaveProperty('rows.length', list.length);
});
