/** Missing values: which value of which row fills them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import fill from '../../nodes/columns/fill.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { rows, streamTable, timed } from './stream.ts';

const columns = schema({ time: 'timestamp?', id: 'string?', n: 'integer?', text: 'string?' });
const row = (time: number, id: string | null, n: number | null, text: string | null = 'x'): Row => ({ time, id, n, text });
const previous = (column: string) => ({ column, with: 'previous' });
const value = (column: string, text: string) => ({ column, with: 'value', value: text });

streamTable(fill, [
  {
    name: 'each key has a value before of its own, which a restart keeps and a pause forgets',
    params: { columns: [previous('n')], keys: ['id'], ttl: 100 },
    inputs: { rows: timed(columns, 'time') },
    events: [
      rows(row(0, 'a', 1), row(0, null, 2)),
      { restart: true },
      rows(row(50, 'a', null), row(99, null, null)),
      rows(row(150, 'a', null), row(150, null, null)),
    ],
    expect: [
      { after: 0, rows: [row(0, 'a', 1), row(0, null, 2)] },
      { after: 2, rows: [row(50, 'a', 1), row(99, null, 2)] },
      { after: 3, rows: [row(150, 'a', null), row(150, null, 2)] },
    ],
  },
  {
    name: 'blank text is missing only where that is said',
    params: { columns: [previous('text'), previous('n')], blanks: true },
    inputs: { rows: columns },
    events: [rows(row(0, 'a', 0, 'x'), row(0, 'b', null, '  '), row(0, 'c', null, null), row(0, 'd', 4, ''))],
    expect: [{ after: 0, rows: [row(0, 'a', 0, 'x'), row(0, 'b', 0, 'x'), row(0, 'c', 0, 'x'), row(0, 'd', 4, 'x')] }],
  },
  {
    name: 'keys cannot be filled, values must fit, and there must be something to do',
    params: { columns: [previous('id'), value('n', '1.5'), value('n', '')], keys: ['id'] },
    inputs: { rows: columns },
    events: [],
    expect: [],
    problems: ['identifies rows', '"1.5" is not a whole number', 'no value to fill "n"'],
  },
  { name: 'nothing to do is a problem', params: {}, inputs: { rows: columns }, events: [], expect: [], problems: ['nothing to fill'] },
]);

it('promises no null where a value fills it, and takes rows one by one as long as none looks back', () => {
  const input = { inputs: { rows: { schema: columns, rows: [row(0, null, null, null)] } } };
  const { schemas, outputs } = tryTransform(fill, { columns: [value('n', '0'), value('text', ''), value('time', '2024-01-31')] }, input);
  expect(schemas['rows']).toEqual(schema({ time: 'timestamp', id: 'string?', n: 'integer', text: 'string' }));
  expect(outputs['rows']).toEqual([row(0, null, 0, '')]);
});

it('is the last value of the same key that was not missing', () => {
  const list = fc.array(fc.record({ time: fc.constant(0), id: fc.constantFrom('a', 'b', null), n: fc.option(fc.nat(3)), text: fc.constant('x') }), {
    maxLength: 40,
    size: 'max',
  });
  fc.assert(
    fc.property(list, fc.nat(10), fc.boolean(), (given, restartAfter, fallsBack) => {
      const params = { columns: [previous('n'), ...(fallsBack ? [value('n', '-1')] : [])], keys: ['id'] };
      const { outputs } = tryTransform(fill, params, { inputs: { rows: { schema: columns, rows: given } }, restartAfter });
      const wanted = given.map((each, i) => {
        const last = given.slice(0, i + 1).findLast(({ id, n }) => id === each.id && n !== null);
        return { ...each, n: last?.n ?? (fallsBack ? -1 : null) };
      });
      expect(outputs['rows']).toEqual(wanted);
    }),
  );
});
