/** The player itself, on nodes whose behaviour in time is plain. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { beginningOfTime, endOfTime } from '../../model/schema/event-time.ts';
import dedupe from '../../nodes/rows/dedupe.ts';
import sort from '../../nodes/rows/sort.ts';
import { schema } from '../transform-trial.ts';
import { expectSameRows } from './properties.ts';
import { at, end, playStream, restart, rows, streamTable, tick, timed, watermark } from './stream.ts';

const readings = timed(schema({ time: 'timestamp', level: 'integer' }), 'time');
const early = { time: at('00:01'), level: 3 };
const late = { time: at('00:02:00.5'), level: 1 };

streamTable(dedupe, [
  {
    name: 'rows that leave at once do so with their own event, before and after a restart',
    params: { keys: ['level'] },
    inputs: { rows: readings },
    events: [rows(early), watermark('00:01'), restart, rows({ ...early, time: at('00:02') }, late), tick('12:00'), end('rows')],
    expect: [
      { after: 0, rows: [early] },
      { after: 3, rows: [late] },
    ],
  },
]);

streamTable(sort, [
  {
    name: 'what waits for the end of the input comes after the last event',
    params: { by: [{ column: 'level' }] },
    inputs: { rows: readings },
    events: [rows(early), watermark('00:01'), rows(late)],
    expect: [{ after: 'end', rows: [late, early] }],
  },
  {
    name: 'with an error among the problems nothing is played',
    params: { by: [{ column: 'levle' }] },
    inputs: { rows: readings },
    events: [rows(early)],
    expect: [],
    problems: ['There is no column "levle"'],
  },
]);

it('a node that holds rows back until the end hands on no watermark before', () => {
  const { watermarks } = playStream(sort, {
    params: { by: [{ column: 'level' }] },
    inputs: { rows: readings },
    events: [rows(early), watermark('00:05'), end('rows')],
  });
  expect(watermarks).toEqual([beginningOfTime, beginningOfTime, endOfTime]);
});

it('gives the same rows however they arrive', () => {
  const row = fc.record({ time: fc.nat(100), level: fc.nat(3) });
  const input = fc.array(row, { maxLength: 20 }).map((list) => ({ schema: readings, rows: list }));
  expectSameRows(sort, { by: [{ column: 'level' }] }, fc.record({ inputs: fc.record({ rows: input }), disorder: fc.nat(20) }));
});

it('finds a node that depends on how rows arrive', () => {
  const input = fc.array(fc.record({ time: fc.nat(100), level: fc.nat(3) }), { minLength: 10, maxLength: 20 });
  const arrivals = fc.record({ inputs: fc.record({ rows: input.map((list) => ({ schema: readings, rows: list })) }), disorder: fc.constant(50) });
  expect(() => expectSameRows(dedupe, { keys: ['level'] }, arrivals)).toThrow();
});
