import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { KeyIndex, RowKeys } from './keys.ts';

const id = [{ name: 'id', keyOf: null }];

test('an index comes back however many of its keys were released', () => {
  const count = 500_000;
  const index = new KeyIndex(1);
  const rows = Array.from({ length: count }, (_, id) => ({ id }));
  new RowKeys(id).assign(rows, index);
  index.releaseWhere((slot) => slot > 0);

  const restored = new KeyIndex(1);
  restored.restore(deserialize(serialize(index.snapshot())));
  expect(restored.count).toBe(1);
  const keys = new RowKeys(id);
  keys.read([{ id: 0 }, { id: 1 }]);
  expect([keys.find(0, restored), keys.find(1, restored)]).toEqual([0, -1]);
});
