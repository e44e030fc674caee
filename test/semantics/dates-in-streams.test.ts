/** Days as keys, as times and as values. */
import { describe, expect, it } from 'vitest';
import aggregate from '../../nodes/aggregates/aggregate.ts';
import previousRow from '../../nodes/columns/previous-row.ts';
import join from '../../nodes/joins/join.ts';
import streamJoin from '../../nodes/joins/stream-join.ts';
import sort from '../../nodes/rows/sort.ts';
import topN from '../../nodes/rows/top-n.ts';
import { schema, tryTransform } from '../transform-trial.ts';
import { playStream, rowsTo, watermark } from './stream.ts';

const days = schema({ day: 'date?', amount: 'integer' });
const rows = [
  { day: '2026-02-01', amount: 3 },
  { day: '2026-01-31', amount: 4 },
  { day: null, amount: 5 },
  { day: '2026-02-01', amount: 6 },
];
const trial = { inputs: { rows: { schema: days, rows } } };
const aggregation = (name: string, column: string) => ({ function: name, column, percent: 50, name });

describe('days', () => {
  it('group rows, and have a least, a greatest, a first and a number of different ones', () => {
    const sums = tryTransform(aggregate, { groupBy: ['day'], aggregations: [aggregation('sum', 'amount')] }, trial);
    expect(sums.outputs['rows']).toEqual([
      { day: '2026-02-01', sum: 9 },
      { day: '2026-01-31', sum: 4 },
      { day: null, sum: 5 },
    ]);
    const all = ['count', 'min', 'max', 'first', 'last', 'distinctCount'].map((name) => aggregation(name, 'day'));
    expect(tryTransform(aggregate, { aggregations: all }, trial).outputs['rows']).toEqual([
      { count: 3, min: '2026-01-31', max: '2026-02-01', first: '2026-02-01', last: '2026-02-01', distinctCount: 2 },
    ]);
  });

  it.each(['sum', 'average', 'percentile'])('have no %s, which is told before anything runs', (name) => {
    const { problems } = tryTransform(aggregate, { aggregations: [aggregation(name, 'day')] }, trial);
    expect(problems).toMatchObject([{ severity: 'error', message: expect.stringContaining('date') }]);
  });

  it('are the key of a lookup', () => {
    const holidays = { schema: schema({ date: 'date', holiday: 'string' }), rows: [{ date: '2026-02-01', holiday: 'Sunday' }] };
    const { outputs } = tryTransform(
      join,
      { keys: [{ column: 'day', lookup: 'date' }], kind: 'left' },
      { inputs: { rows: { schema: days, rows }, lookup: holidays } },
    );
    expect(outputs['rows']!.map((row) => row['holiday'])).toEqual(['Sunday', null, null, 'Sunday']);
  });

  it('are in the order of time', () => {
    const sorted = tryTransform(sort, { by: [{ column: 'day', direction: 'desc' }] }, trial);
    expect(sorted.outputs['rows']!.map((row) => row['day'])).toEqual(['2026-02-01', '2026-02-01', '2026-01-31', null]);
    const top = tryTransform(topN, { column: 'day', count: 1, order: 'least' }, trial);
    expect(top.problems).toEqual([]);
  });

  it('are looked back at, with the days between them, and changes of them count', () => {
    const params = { columns: [{ column: 'day', rows: 1, name: null, change: true }], changes: ['day'] };
    const { outputs, problems, schemas } = tryTransform(previousRow, params, { inputs: { rows: { schema: days, rows: [...rows, rows[3]!] } } });
    expect(problems).toEqual([]);
    expect(schemas['rows']!.columns.slice(2).map(({ name, type }) => [name, type])).toEqual([
      ['previous_day', 'date'],
      ['change_day', 'integer'],
    ]);
    expect(outputs['rows']!.map((row) => row['change_day'])).toEqual([null, -1, null, null]);
  });

  it('are times of streams that are joined: each its midnight in UTC', () => {
    const side = (name: string) => ({ columns: [...schema({ key: 'string', day: 'date?' }).columns, { name, type: 'integer', nullable: false } as const] });
    const params = { keys: [{ left: 'key', right: 'key' }], leftTime: 'day', rightTime: 'day', before: 86_400_000, after: 0, kind: 'left' };
    const played = playStream(streamJoin, {
      params,
      inputs: { left: side('order'), right: side('payment') },
      events: [
        rowsTo('left', { key: 'a', day: '2026-01-31', order: 1 }, { key: 'a', day: '2026-02-02', order: 2 }, { key: 'a', day: null, order: 3 }),
        rowsTo('right', { key: 'a', day: '2026-01-30', payment: 7 }),
        { restart: true },
        rowsTo('right', { key: 'a', day: '2026-01-31', payment: 8 }),
        watermark(Date.UTC(2026, 1, 3)),
      ],
    });
    expect(played.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(played.failures).toMatchObject([{ row: { order: 3 } }]);
    expect(played.emitted.flatMap((each) => each.rows.map(({ event_time, order, payment }) => [event_time, order, payment]))).toEqual([
      [Date.UTC(2026, 0, 31), 1, 7],
      [Date.UTC(2026, 0, 31), 1, 8],
      [Date.UTC(2026, 1, 2), 2, null],
    ]);
  });
});
