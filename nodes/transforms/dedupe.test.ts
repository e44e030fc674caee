import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../engine/schema/types.ts';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import dedupe from './dedupe.ts';

const columns = schema({ a: 'string?', b: 'integer?', at: 'integer' });
const rowsOf = fc
  .array(fc.record({ a: fc.constantFrom('x', 'y', '1', null), b: fc.constantFrom(1, 2, null) }), { maxLength: 40 })
  .map((rows) => rows.map((row, at) => ({ ...row, at })));
const sameKey = (a: Row, b: Row) => a['a'] === b['a'] && a['b'] === b['b'];

it.each(['first', 'last'] as const)('keeps the rows that no other comes before or after (%s), whatever the batches and restarts', (keep) => {
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 9 }), (rows, batchSize, restartAfter) => {
      const { outputs } = tryTransform(dedupe, { keys: ['a', 'b'], keep }, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter });
      const rivals = (at: number) => (keep === 'first' ? rows.slice(0, at) : rows.slice(at + 1));
      expect(outputs['rows']).toEqual(rows.filter((row) => !rivals(row.at).some((other) => sameKey(row, other))));
    }),
  );
});
