/** Values of earlier rows: which row is the one before, and when a key is forgotten. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../model/values/types.ts';
import previousRow from '../../nodes/columns/previous-row.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { rows, streamTable, tick, timed, watermark } from './stream.ts';

const columns = schema({ time: 'timestamp?', id: 'string?', n: 'integer?' });
const timedRows = timed(columns, 'time');
const row = (time: number | null, id: string | null, n: number | null): Row => ({ time, id, n });
const before = (given: Row, previous: number | null): Row => ({ ...given, previous_n: previous });
const params = { keys: ['id'], columns: [{ column: 'n', rows: 1, change: false }] };

streamTable(previousRow, [
  {
    name: 'each row leaves at once; null is a key of its own, and 1 is not "1"',
    params: { ...params, keys: ['id'] },
    inputs: { rows: schema({ id: 'string?', n: 'integer?' }) },
    events: [rows({ id: null, n: 1 }, { id: 'null', n: 2 }), rows({ id: null, n: 3 }), rows({ id: 'null', n: null })],
    expect: [
      { after: 0, rows: [before({ id: null, n: 1 }, null), before({ id: 'null', n: 2 }, null)] },
      { after: 1, rows: [before({ id: null, n: 3 }, 1)] },
      { after: 2, rows: [before({ id: 'null', n: null }, 2)] },
    ],
  },
  {
    name: 'a key without a row for the time given starts anew, whether or not the watermark has told so',
    params: { ...params, ttl: 100 },
    inputs: { rows: timedRows },
    events: [
      rows(row(0, 'a', 1), row(0, 'b', 1), row(50, 'b', 2), row(99, 'a', 3), row(20, 'a', 4)),
      rows(row(149, 'b', 5)),
      rows(row(199, 'a', 6)),
      watermark(248),
      rows(row(249, 'b', 7), row(298, 'a', 8)),
    ],
    expect: [
      {
        after: 0,
        rows: [before(row(0, 'a', 1), null), before(row(0, 'b', 1), null), before(row(50, 'b', 2), 1), before(row(99, 'a', 3), 1), before(row(20, 'a', 4), 3)],
      },
      { after: 1, rows: [before(row(149, 'b', 5), 2)] },
      { after: 2, rows: [before(row(199, 'a', 6), null)] },
      { after: 4, rows: [before(row(249, 'b', 7), null), before(row(298, 'a', 8), 6)] },
    ],
  },
  {
    name: 'without event time the wall clock counts',
    params: { ...params, ttl: 100 },
    inputs: { rows: columns },
    events: [tick(1000), rows(row(0, 'a', 1)), tick(1099), rows(row(0, 'a', 2)), tick(1199), rows(row(0, 'a', 3))],
    expect: [
      { after: 1, rows: [before(row(0, 'a', 1), null)] },
      { after: 3, rows: [before(row(0, 'a', 2), 1)] },
      { after: 5, rows: [before(row(0, 'a', 3), null)] },
    ],
  },
  {
    name: 'a row without a time fails only where times are needed',
    params: { ...params, ttl: 100 },
    inputs: { rows: timedRows },
    events: [rows(row(null, 'a', 1), row(1, 'a', 2))],
    expect: [{ after: 0, rows: [before(row(1, 'a', 2), null)] }],
    failures: ['"time" is null'],
  },
  {
    name: 'a difference that would be rounded fails its row, and counts as the row before for the next',
    params: { columns: [{ column: 'n', rows: 1, name: 'old', change: true }] },
    inputs: { rows: schema({ n: 'integer' }) },
    events: [rows({ n: Number.MIN_SAFE_INTEGER }, { n: Number.MAX_SAFE_INTEGER }, { n: Number.MAX_SAFE_INTEGER - 1 })],
    expect: [
      {
        after: 0,
        rows: [
          { n: Number.MIN_SAFE_INTEGER, old: null, change_old: null },
          { n: Number.MAX_SAFE_INTEGER - 1, old: Number.MAX_SAFE_INTEGER, change_old: -1 },
        ],
      },
    ],
    failures: ['beyond 2^53'],
  },
  {
    name: 'names that are taken, differences of text and nothing to do are problems',
    params: { columns: [{ column: 'id', rows: 1, name: 'n', change: true }] },
    inputs: { rows: columns },
    events: [],
    expect: [],
    problems: ['"n"', 'no difference'],
  },
  { name: 'nothing to do is a problem', params: {}, inputs: { rows: columns }, events: [], expect: [], problems: ['nothing to look up in earlier rows'] },
]);

it('is the value so many rows before with the same key, and only changes are let through', () => {
  const list = fc.array(fc.record({ time: fc.constant(null), id: fc.constantFrom('a', 'b', null), n: fc.option(fc.nat(2)) }), { maxLength: 40, size: 'max' });
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.nat(10), (rows, back, onlyChanges, restartAfter) => {
      const given = { keys: ['id'], columns: [{ column: 'n', rows: back, name: 'old', change: true }], changes: onlyChanges ? ['n'] : [] };
      const { outputs } = tryTransform(previousRow, given, { inputs: { rows: { schema: columns, rows } }, restartAfter });
      const wanted = rows.flatMap((each, i) => {
        const earlier = rows.slice(0, i).filter(({ id }) => id === each.id);
        if (onlyChanges && earlier.length > 0 && earlier.at(-1)!.n === each.n) return [];
        const old = earlier.at(-back)?.n ?? null;
        return [{ ...each, old, change_old: old === null || each.n === null ? null : each.n - old }];
      });
      expect(outputs['rows']).toEqual(wanted);
    }),
  );
});
