import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../engine/schema/types.ts';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import sort from './sort.ts';

const columns = schema({ name: 'string?', size: 'number?', at: 'integer' });
const rowsOf = fc
  .array(fc.record({ name: fc.constantFrom('Z', 'a', 'ä', '', null), size: fc.constantFrom(-1.5, 0, 3, 20, null) }), { maxLength: 40 })
  .map((rows) => rows.map((row, at) => ({ ...row, at })));

const compareBy = (column: string, sign: number) => (a: Row, b: Row) => {
  const [x, y] = [a[column]!, b[column]!];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  return x === y ? 0 : x < y ? -sign : sign;
};

it('equals a stable sort with nulls last, whatever the batches and however often it is restarted', () => {
  const direction = fc.constantFrom('asc', 'desc');
  fc.assert(
    fc.property(
      rowsOf,
      direction,
      direction,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 9 }),
      (rows, first, second, batchSize, restartAfter) => {
        const by = [
          { column: 'name', direction: first },
          { column: 'size', direction: second },
        ];
        const { outputs } = tryTransform(sort, { by }, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter });
        const sign = (text: string) => (text === 'asc' ? 1 : -1);
        const expected = [...rows].sort((a, b) => compareBy('name', sign(first))(a, b) || compareBy('size', sign(second))(a, b));
        expect(outputs['rows']).toEqual(expected);
      },
    ),
  );
});
