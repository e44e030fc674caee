import type { StatefulOperator } from '@millrace/kit/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsToState } from '../../engine/operators/rows/state.ts';
import type { Row } from '../../model/values/types.ts';
import { prepareTransform, schema, tryTransform } from '../../test/transform-trial.ts';
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

const direction = fc.constantFrom('asc', 'desc');
const anyMemory = fc.constantFrom(0, 500, 2000, Number.POSITIVE_INFINITY);

it('equals a stable sort with nulls last, whatever the batches and the memory, and however often it is restarted', () => {
  fc.assert(
    fc.property(
      rowsOf,
      direction,
      direction,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 9 }),
      anyMemory,
      (rows, first, second, batchSize, restartAfter, memory) => {
        const by = [
          { column: 'name', direction: first },
          { column: 'size', direction: second },
        ];
        const { outputs } = tryTransform(sort, { by }, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter, memory });
        const sign = (text: string) => (text === 'asc' ? 1 : -1);
        const expected = [...rows].sort((a, b) => compareBy('name', sign(first))(a, b) || compareBy('size', sign(second))(a, b));
        expect(outputs['rows']).toEqual(expected);
      },
    ),
  );
});

it('goes on from the rows alone, which was its state before it kept any on disk', () => {
  const given = [3, 1, 2].map((at) => ({ name: 'a', size: null, at }));
  const emitted: Row[] = [];
  const surroundings = { memory: 0, now: () => 0, fail: () => {}, emit: (_: string, rows: readonly Row[]) => void emitted.push(...rows) };
  const operator = prepareTransform(sort, { by: [{ column: 'at' }] }, { rows: [columns] }, surroundings).start() as StatefulOperator;
  operator.restore!(rowsToState(given, columns));
  operator.process([{ name: 'b', size: 1, at: 0 }], 'rows');
  operator.finish!();
  expect(emitted.map(({ at }) => at)).toEqual([0, 1, 2, 3]);
});
