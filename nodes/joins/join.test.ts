import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import { end, playStream, restart, rowsTo } from '../../test/semantics/stream.ts';
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

/** Bytes: enough for no row, a row or two, a few, all. */
const memory = fc.constantFrom(0, 300, 1000, Number.POSITIVE_INFINITY);

it.each(['inner', 'left'])('equals nested loops (%s), whatever the batches, however often it is restarted, and however little memory it has', (kind) => {
  fc.assert(
    fc.property(
      mainRows,
      lookupRows,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 12 }),
      memory,
      (rows, others, batchSize, restartAfter, memory) => {
        const inputs = { rows: { schema: main, rows }, lookup: { schema: lookup, rows: others } };
        const { outputs, problems } = tryTransform(join, { kind, keys }, { inputs, batchSize, restartAfter, memory });
        expect(problems).toEqual([]);
        expect(outputs['rows']).toEqual(nestedLoops(rows, others, kind === 'left'));
      },
    ),
  );
});

it('holds rows back in their order that come before the lookup has ended, across restarts, and however little memory it has', () => {
  const event = fc.oneof(
    mainRows.map((rows) => rowsTo('rows', ...rows)),
    lookupRows.map((rows) => rowsTo('lookup', ...rows)),
    fc.constant(restart),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), memory, (events, memory) => {
      const given = (port: string) => events.flatMap((each) => ('rows' in each && each.port === port ? each.rows : []));
      const { emitted } = playStream(join, { params: { kind: 'left', keys }, inputs: { rows: main, lookup }, events: [...events, end('lookup')], memory });
      const rows = nestedLoops(given('rows'), given('lookup'), true);
      expect(emitted).toEqual(rows.length > 0 ? [{ event: events.length, port: 'rows', rows }] : []);
    }),
  );
});

it('holds no more rows than fit into its memory', () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ a: `${i}`, b: 0, size: i }));
  const others = rows.map(({ a, ...rest }) => ({ key: a, ...rest }));
  const events = [rowsTo('rows', ...rows), rowsTo('lookup', ...others), end('lookup')];
  const { stateSizes } = playStream(join, { params: { keys }, inputs: { rows: main, lookup }, events, memory: 100_000 });
  for (const size of stateSizes) expect(size!.bytes).toBeLessThan(101_000);
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
