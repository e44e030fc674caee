import { serialize } from 'node:v8';
import type { StatefulOperator } from '@millrace/kit/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsToState } from '../../engine/operators/rows/state.ts';
import type { Row } from '../../model/values/types.ts';
import { prepareTransform, schema, tryTransform } from '../../test/transform-trial.ts';
import dedupe from './dedupe.ts';

const columns = schema({ a: 'string?', b: 'integer?', at: 'integer' });
const rowsOf = fc
  .array(fc.record({ a: fc.constantFrom('x', 'y', '1', null), b: fc.constantFrom(1, 2, null) }), { maxLength: 40 })
  .map((rows) => rows.map((row, at) => ({ ...row, at })));
const sameKey = (a: Row, b: Row) => a['a'] === b['a'] && a['b'] === b['b'];

const anyMemory = fc.constantFrom(0, 500, 2000, Number.POSITIVE_INFINITY);
const keys = ['a', 'b'];

it.each(['first', 'last'] as const)('keeps the rows that no other comes before or after (%s), whatever the batches, the memory and restarts', (keep) => {
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 9 }), anyMemory, (rows, batchSize, restartAfter, memory) => {
      const { outputs } = tryTransform(dedupe, { keys, keep }, { inputs: { rows: { schema: columns, rows } }, batchSize, restartAfter, memory });
      const rivals = (at: number) => (keep === 'first' ? rows.slice(0, at) : rows.slice(at + 1));
      expect(outputs['rows']).toEqual(rows.filter((row) => !rivals(row.at).some((other) => sameKey(row, other))));
    }),
  );
});

it.each(['first', 'last'] as const)('holds little more than it may, and says so in its snapshot, whatever the number of keys (%s)', (keep) => {
  const emitted: Row[] = [];
  const memory = 200_000;
  const surroundings = { memory, now: () => 0, fail: () => {}, emit: (_: string, rows: readonly Row[]) => void emitted.push(...rows) };
  const operator = prepareTransform(dedupe, { keys, keep }, { rows: [columns] }, surroundings).start() as StatefulOperator;
  // Each key comes three times.
  const rows = Array.from({ length: 60_000 }, (_, at) => ({ a: `key ${(at * 7919) % 20_000}`, b: 1, at }));
  for (let i = 0; i < rows.length; i += 1000) {
    operator.process(rows.slice(i, i + 1000), 'rows');
    expect(operator.stateSize!().bytes).toBeLessThan(1.5 * memory);
  }
  if (keep === 'first') expect(serialize(operator.snapshot!()).length).toBeLessThan(100);
  operator.finish?.();
  expect(emitted).toEqual(keep === 'first' ? rows.slice(0, 20_000) : rows.slice(40_000));
});

it('goes on from the rows alone, which was its state before it kept any on disk', () => {
  const given = [
    { a: 'x', b: 1, at: 0 },
    { a: 'y', b: 1, at: 1 },
  ];
  const emitted: Row[] = [];
  const surroundings = { memory: 0, now: () => 0, fail: () => {}, emit: (_: string, rows: readonly Row[]) => void emitted.push(...rows) };
  const operator = prepareTransform(dedupe, { keys, keep: 'last' }, { rows: [columns] }, surroundings).start() as StatefulOperator;
  operator.restore!(rowsToState(given, columns));
  operator.process([{ a: 'x', b: 1, at: 2 }], 'rows');
  operator.finish!();
  expect(emitted.map(({ at }) => at)).toEqual([1, 2]);
});
