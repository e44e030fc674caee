import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../engine/schema/types.ts';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import join from './join.ts';

const main = schema({ a: 'string?', b: 'integer?', size: 'number' });
const lookup = schema({ key: 'string?', b: 'integer?', size: 'number' });
const text = fc.constantFrom('x', 'y', null);
const number = fc.constantFrom(0, 1, null);
const size = fc.integer({ min: 0, max: 9 });
const mainRows = fc.array(fc.record({ a: text, b: number, size }), { maxLength: 20 });
const lookupRows = fc.array(fc.record({ key: text, b: number, size }), { maxLength: 12 });
const keys = [
  { column: 'a', lookup: 'key' },
  { column: 'b', lookup: 'b' },
];

function nestedLoops(rows: readonly Row[], others: readonly Row[], keepUnmatched: boolean): Row[] {
  return rows.flatMap((row) => {
    const matches = others.filter((other) => row['a'] !== null && row['b'] !== null && row['a'] === other['key'] && row['b'] === other['b']);
    const found: (Row | null)[] = matches.length === 0 && keepUnmatched ? [null] : matches;
    return found.map((match) => ({ ...row, size_lookup: match && match['size']! }));
  });
}

it.each(['inner', 'left'])('equals nested loops (%s), whatever the batches and however often it is restarted', (kind) => {
  fc.assert(
    fc.property(mainRows, lookupRows, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 12 }), (rows, others, batchSize, restartAfter) => {
      const inputs = { rows: { schema: main, rows }, lookup: { schema: lookup, rows: others } };
      const { outputs, problems } = tryTransform(join, { kind, keys }, { inputs, batchSize, restartAfter });
      expect(problems).toEqual([]);
      expect(outputs['rows']).toEqual(nestedLoops(rows, others, kind === 'left'));
    }),
  );
});

it('holds rows back that come before the lookup has ended, also across a restart', () => {
  const emitted: Row[] = [];
  const start = () =>
    join.run({
      params: { kind: 'inner', keys: [{ column: 'a', lookup: 'key' }], suffix: '_lookup' },
      inputs: { rows: main, lookup },
      outputs: {},
      emit: (_: string, rows: readonly Row[]) => emitted.push(...rows),
    } as never) as Required<import('../kit/node.ts').StatefulOperator>;
  const first = start();
  first.process([{ a: 'x', b: 1, size: 2 }], 'rows');
  first.process([{ key: 'x', b: 5, size: 3 }], 'lookup');
  expect(emitted).toEqual([]);
  const second = start();
  second.restore(JSON.parse(JSON.stringify(first.snapshot())));
  second.ended('lookup');
  expect(emitted).toEqual([{ a: 'x', b: 1, size: 2, b_lookup: 5, size_lookup: 3 }]);
});

it('makes the added columns nullable in a left join, and gives clashing names the suffix', () => {
  const inputs = { rows: { schema: main, rows: [] }, lookup: { schema: lookup, rows: [] } };
  const { schemas } = tryTransform(join, { kind: 'left', keys: [{ column: 'a', lookup: 'key' }], suffix: '2' }, { inputs });
  expect(schemas['rows']).toEqual(schema({ a: 'string?', b: 'integer?', size: 'number', b2: 'integer?', size2: 'number?' }));
});

it.each([
  [[{ column: 'a', lookup: 'b' }], 'keys.0.column', '"a" is string but "b" is integer, so they never match'],
  [[{ column: 'a', lookup: 'kee' }], 'keys.0.lookup', 'There is no column "kee"; did you mean "key"?'],
  [[], 'keys', 'Match where needs at least a pair of columns'],
])('tells what is wrong with the keys %j', (given, field, message) => {
  const inputs = { rows: { schema: main, rows: [] }, lookup: { schema: lookup, rows: [] } };
  expect(tryTransform(join, { keys: given }, { inputs }).problems).toMatchObject([{ severity: 'error', field, message }]);
});
