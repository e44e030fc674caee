/** Duplicates within a time: which row stays, when it leaves, and that neither depends on how rows arrive. */

import { traitsOf } from '@millrace/kit/op-traits';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { beginningOfTime } from '../../model/schema/event-time.ts';
import type { Row } from '../../model/values/types.ts';
import dedupe from '../../nodes/rows/dedupe.ts';
import { schema } from '../transform-trial.ts';
import { anyArrival, expectSameRows, finalRows } from './properties.ts';
import { end, playStream, restart, rows, streamTable, timed, watermark } from './stream.ts';

const events = timed(schema({ time: 'timestamp?', id: 'string?', n: 'integer' }), 'time');
const inputs = { rows: events };
const first = { keys: ['id'], within: 10 };
const last = { ...first, keep: 'last' };
const row = (time: number | null, id: string | null, n = 0): Row => ({ time, id, n });

streamTable(dedupe, [
  {
    name: 'first: the earliest row leaves when the watermark has passed it; both ends of the time count; the next row begins anew',
    params: first,
    inputs,
    events: [
      rows(row(5, 'a', 1), row(0, 'a', 2), row(10, 'a', 3)),
      watermark(0),
      rows(row(11, 'a', 4), row(21, 'a', 5), row(22, 'a', 6)),
      watermark(21),
      watermark(22),
    ],
    expect: [
      { after: 1, rows: [row(0, 'a', 2)] },
      { after: 3, rows: [row(11, 'a', 4)] },
      { after: 4, rows: [row(22, 'a', 6)] },
    ],
  },
  {
    name: 'first: a key is remembered until no duplicate can come any more',
    params: first,
    inputs,
    events: [rows(row(0, 'a', 1)), watermark(9), rows(row(10, 'a', 2)), watermark(30)],
    expect: [{ after: 1, rows: [row(0, 'a', 1)] }],
  },
  {
    name: 'last: the latest row leaves when the watermark has passed the time after the first',
    params: last,
    inputs,
    events: [rows(row(10, 'a', 1), row(0, 'a', 2), row(11, 'a', 3)), watermark(9), watermark(10), rows(row(12, 'a', 4)), watermark(21)],
    expect: [
      { after: 2, rows: [row(10, 'a', 1)] },
      { after: 4, rows: [row(12, 'a', 4)] },
    ],
  },
  {
    name: 'keys are apart, null is one like any other, and the end of the input brings the rest',
    params: { ...last, keys: ['id', 'n'] },
    inputs,
    events: [rows(row(1, null), row(2, 'a'), row(3, null), row(4, 'a', 1)), watermark(5)],
    expect: [{ after: 'end', rows: [row(3, null), row(2, 'a'), row(4, 'a', 1)] }],
  },
  {
    name: 'with a time of nothing only rows of the same time are duplicates, and the one that came first is the first',
    params: { ...first, within: 0 },
    inputs,
    events: [rows(row(1, 'a', 1), row(1, 'a', 2), row(2, 'a', 3)), watermark(2)],
    expect: [{ after: 1, rows: [row(1, 'a', 1), row(2, 'a', 3)] }],
  },
  {
    name: 'what comes behind the watermark is late',
    params: first,
    inputs,
    events: [watermark(10), rows(row(10, 'a', 1), row(11, 'a', 2)), watermark(11)],
    expect: [
      { after: 1, port: 'late', rows: [row(10, 'a', 1)] },
      { after: 2, rows: [row(11, 'a', 2)] },
    ],
  },
  {
    name: 'a row without a time fails, and the others go on',
    params: last,
    inputs,
    events: [rows(row(null, 'a'), row(1, 'a'))],
    expect: [{ after: 'end', rows: [row(1, 'a')] }],
    failures: ['The row has no time: "time" is null'],
  },
  {
    name: 'rows without event time are told',
    params: first,
    inputs: { rows: { columns: events.columns } },
    events: [],
    expect: [],
    problems: ['The rows have no event time'],
  },
  {
    name: 'without a time named, the first leaves as it comes, whatever its time, and stays the only one',
    params: { keys: ['id'] },
    inputs,
    events: [rows(row(5, 'a')), watermark(1000), rows(row(1, 'a'), row(null, 'b'), row(2000, 'a'))],
    expect: [
      { after: 0, rows: [row(5, 'a')] },
      { after: 2, rows: [row(null, 'b')] },
    ],
  },
]);

it('forgets keys and rows when their time is over', () => {
  const played = [rows(row(0, 'a'), row(3, 'b')), watermark(5), watermark(10), watermark(13)];
  const of = (params: object) => playStream(dedupe, { params: { ...first, ...params }, inputs, events: played });
  expect(of(last).stateSizes.map((size) => size?.entries)).toEqual([2, 2, 1, 0]);
  expect(of(last).watermarks).toEqual([beginningOfTime, -5, 0, 3]);
  expect(of(first).watermarks).toEqual([beginningOfTime, 5, 10, 13]);
});

it('hands on no watermark while the last of all rows may still come', () => {
  const { watermarks } = playStream(dedupe, { params: { keys: ['id'], keep: 'last' }, inputs, events: [rows(row(0, 'a')), watermark(5), end('rows')] });
  expect(watermarks.slice(0, 2)).toEqual([beginningOfTime, beginningOfTime]);
});

it('needs an input that ends for the last of all rows, and for nothing else', () => {
  const needs = (keep: 'first' | 'last', within: number | null) => traitsOf({ op: 'distinct', keys: ['id'], keep, within }).bounded.includes('rows');
  expect([needs('last', null), needs('last', 5), needs('first', null), needs('first', 5)]).toEqual([true, false, false, false]);
});

/** A time of its own for each row: which of several of one time is the first depends on which came first. */
const someRows = fc.uniqueArray(fc.record({ time: fc.nat(80), id: fc.constantFrom('a', 'b', null), n: fc.nat(3) }), {
  maxLength: 25,
  selector: ({ time }) => time,
});
const arrivals = fc.record({ inputs: fc.record({ rows: someRows.map((list) => ({ schema: events, rows: list })) }), disorder: fc.nat(30) });

it.each(['first', 'last'] as const)('equals going through the rows in the order of time (%s), however they arrive within their bound', (keep) => {
  const params = { keys: ['id'], keep, within: 12 };
  fc.assert(
    fc.property(
      arrivals.chain((all) => anyArrival(dedupe, params, all).map((played) => ({ all, played }))),
      ({ all, played }) => {
        const model: Row[] = [];
        for (const id of ['a', 'b', null]) {
          const same = all.inputs.rows.rows.filter((each) => each.id === id).sort((a, b) => a.time - b.time);
          while (same.length > 0) {
            const until = same[0]!.time + 12;
            const span = same.splice(0, same.findIndex((each) => each.time > until) >>> 0);
            model.push(keep === 'first' ? span[0]! : span.at(-1)!);
          }
        }
        const result = playStream(dedupe, { params, inputs, events: played });
        expect(finalRows(dedupe, result)).toEqual({ rows: model.map((each) => JSON.stringify(Object.entries(each))).sort(), late: [] });
        expect(result.overtaken).toEqual([]);
      },
    ),
  );
});

it('gives the same rows for events that are delivered several times, however they arrive', () => {
  const event = fc.record({ time: fc.nat(60), id: fc.constantFrom('a', 'b') }).map((each) => ({ ...each, n: each.time % 4 }));
  const input = fc.array(event, { maxLength: 25 }).map((list) => ({ schema: events, rows: list }));
  expectSameRows(dedupe, { keys: ['id', 'n'], within: 9 }, fc.record({ inputs: fc.record({ rows: input }), disorder: fc.nat(20) }));
});

it('knows after a restart what has come before', () => {
  const { emitted } = playStream(dedupe, {
    params: first,
    inputs,
    events: [rows(row(0, 'a', 1), row(4, 'a', 2)), watermark(2), restart, rows(row(9, 'a', 3), row(12, 'a', 4)), watermark(20)],
  });
  expect(emitted).toEqual([
    { event: 1, port: 'rows', rows: [row(0, 'a', 1)] },
    { event: 4, port: 'rows', rows: [row(12, 'a', 4)] },
  ]);
});
