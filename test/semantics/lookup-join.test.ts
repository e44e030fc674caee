/** The join with a lookup that changes: which version a row gets, when it leaves, and that neither depends on how rows arrive. */

import { completeParams } from '@millrace/kit/params';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traitsOfNode } from '../../engine/plan/lower.ts';
import { beginningOfTime } from '../../model/schema/event-time.ts';
import type { Row } from '../../model/values/types.ts';
import join from '../../nodes/joins/join.ts';
import { schema } from '../transform-trial.ts';
import { anyArrival, finalRows } from './properties.ts';
import { end, idle, playStream, restart, rowsTo, streamTable, timed, watermark } from './stream.ts';

const orders = timed(schema({ time: 'timestamp?', item: 'string?', n: 'integer' }), 'time');
const prices = timed(schema({ item: 'string?', since: 'timestamp?', price: 'integer' }), 'since');
const inputs = { rows: orders, lookup: prices };
const params = { table: 'changing', keys: [{ column: 'item', lookup: 'item' }] };

const order = (time: number | null, item: string | null, n = 0): Row => ({ time, item, n });
const price = (since: number | null, item: string | null, amount: number): Row => ({ item, since, price: amount });
const priced = (row: Row, version: Row | null): Row => ({ ...row, since: version?.['since'] ?? null, price: version?.['price'] ?? null });

streamTable(join, [
  {
    name: 'a row gets the newest version up to its own time, once the watermark has passed that',
    params,
    inputs,
    events: [
      rowsTo('rows', order(110, 'tea', 1), order(100, 'tea', 2), order(99, 'tea', 3)),
      rowsTo('lookup', price(100, 'tea', 4), price(0, 'tea', 3), price(111, 'tea', 5)),
      watermark(99),
      watermark(109),
      watermark(200),
    ],
    expect: [
      { after: 2, rows: [priced(order(99, 'tea', 3), price(0, 'tea', 3))] },
      { after: 3, rows: [priced(order(100, 'tea', 2), price(100, 'tea', 4))] },
      { after: 4, rows: [priced(order(110, 'tea', 1), price(100, 'tea', 4))] },
    ],
  },
  {
    name: 'an inner join leaves out what has no version yet; null matches nothing',
    params,
    inputs,
    events: [
      rowsTo('lookup', price(50, 'tea', 3), price(0, null, 1)),
      rowsTo('rows', order(49, 'tea'), order(60, null), order(60, 'ink'), order(60, 'tea')),
      watermark(100),
    ],
    expect: [{ after: 2, rows: [priced(order(60, 'tea'), price(50, 'tea', 3))] }],
  },
  {
    name: 'a left join keeps it',
    params: { ...params, kind: 'left' },
    inputs,
    events: [rowsTo('lookup', price(50, 'tea', 3), price(0, null, 1)), rowsTo('rows', order(49, 'tea'), order(60, null), order(60, 'tea')), watermark(100)],
    expect: [{ after: 2, rows: [priced(order(49, 'tea'), null), priced(order(60, null), null), priced(order(60, 'tea'), price(50, 'tea', 3))] }],
  },
  {
    name: 'rows wait for the side that lags behind, and no longer once it has ended',
    params,
    inputs,
    events: [rowsTo('lookup', price(0, 'tea', 3)), rowsTo('rows', order(60, 'tea')), watermark(100, 'rows'), watermark(59, 'lookup'), end('lookup')],
    expect: [{ after: 4, rows: [priced(order(60, 'tea'), price(0, 'tea', 3))] }],
  },
  {
    name: 'rows do not wait for a lookup that is idle',
    params,
    inputs,
    events: [rowsTo('lookup', price(0, 'tea', 3)), rowsTo('rows', order(60, 'tea')), watermark(100, 'rows'), idle('lookup')],
    expect: [{ after: 3, rows: [priced(order(60, 'tea'), price(0, 'tea', 3))] }],
  },
  {
    name: 'of versions of one time the last one counts; one that comes late counts from then on',
    params,
    inputs,
    events: [
      rowsTo('lookup', price(10, 'tea', 1), price(10, 'tea', 2)),
      rowsTo('rows', order(20, 'tea', 1)),
      watermark(30),
      rowsTo('lookup', price(15, 'tea', 3), price(5, 'tea', 9)),
      rowsTo('rows', order(40, 'tea', 2)),
      watermark(40),
    ],
    expect: [
      { after: 2, rows: [priced(order(20, 'tea', 1), price(10, 'tea', 2))] },
      { after: 5, rows: [priced(order(40, 'tea', 2), price(15, 'tea', 3))] },
    ],
  },
  {
    name: 'late rows leave by their own port, and those that are allowed find their old version',
    params: { ...params, lateness: 50 },
    inputs,
    events: [
      rowsTo('lookup', price(0, 'tea', 1), price(60, 'tea', 2), price(90, 'tea', 3)),
      watermark(100),
      rowsTo('lookup', price(95, 'tea', 4)),
      rowsTo('rows', order(50, 'tea', 1), order(59, 'tea', 2), order(60, 'tea', 3), order(100, 'tea', 4)),
    ],
    expect: [
      {
        after: 3,
        rows: [
          priced(order(59, 'tea', 2), price(0, 'tea', 1)),
          priced(order(60, 'tea', 3), price(60, 'tea', 2)),
          priced(order(100, 'tea', 4), price(95, 'tea', 4)),
        ],
      },
      { after: 3, port: 'late', rows: [order(50, 'tea', 1)] },
    ],
  },
  {
    name: 'a deleted key has no match from its time on, until its next version; the column that says so is not in the result',
    params: { ...params, kind: 'left', deletedColumn: 'gone' },
    inputs: { rows: orders, lookup: timed(schema({ item: 'string?', since: 'timestamp?', price: 'integer?', gone: 'boolean' }), 'since') },
    events: [
      rowsTo('lookup', { ...price(0, 'tea', 1), gone: false }, { item: 'tea', since: 50, price: null, gone: true }, { ...price(70, 'tea', 2), gone: false }),
      rowsTo('rows', order(49, 'tea'), order(50, 'tea'), order(69, 'tea'), order(70, 'tea')),
      watermark(100),
    ],
    expect: [
      {
        after: 2,
        rows: [
          priced(order(49, 'tea'), price(0, 'tea', 1)),
          priced(order(50, 'tea'), null),
          priced(order(69, 'tea'), null),
          priced(order(70, 'tea'), price(70, 'tea', 2)),
        ],
      },
    ],
  },
  {
    name: 'a version before a deletion that comes late does not bring the key back',
    params: { ...params, kind: 'left', deletedColumn: 'gone' },
    inputs: { rows: orders, lookup: timed(schema({ item: 'string?', since: 'timestamp?', price: 'integer?', gone: 'boolean' }), 'since') },
    events: [
      rowsTo('lookup', { item: 'tea', since: 50, price: null, gone: true }),
      watermark(60),
      rowsTo('lookup', { ...price(40, 'tea', 1), gone: false }),
      restart,
      rowsTo('rows', order(70, 'tea')),
      watermark(70),
      // A day later the deletion itself is forgotten.
      watermark(90_000_000),
    ],
    expect: [{ after: 5, rows: [priced(order(70, 'tea'), null)] }],
  },
  {
    name: 'where its history is gone, the first version that is there at the start counts from the beginning, those that come later do not',
    params: { ...params, kind: 'left', initial: true },
    inputs,
    events: [
      rowsTo('lookup', price(50, 'tea', 1), price(60, 'tea', 2)),
      rowsTo('rows', order(1, 'tea'), order(59, 'tea')),
      watermark(59),
      rowsTo('lookup', price(80, 'ink', 7)),
      rowsTo('rows', order(70, 'ink'), order(80, 'ink')),
      watermark(80),
    ],
    expect: [
      { after: 2, rows: [priced(order(1, 'tea'), price(50, 'tea', 1)), priced(order(59, 'tea'), price(50, 'tea', 1))] },
      { after: 5, rows: [priced(order(70, 'ink'), null), priced(order(80, 'ink'), price(80, 'ink', 7))] },
    ],
  },
  {
    name: 'rows and versions without a time fail',
    params,
    inputs,
    events: [rowsTo('lookup', price(null, 'tea', 1), price(1, 'tea', 2)), rowsTo('rows', order(null, 'tea'), order(5, 'tea')), watermark(9)],
    expect: [{ after: 2, rows: [priced(order(5, 'tea'), price(1, 'tea', 2))] }],
    failures: ['The row has no time: "since" is null', 'The row has no time: "time" is null'],
  },
  {
    name: 'a lookup without event time counts from the beginning: rows wait until it has ended',
    params,
    inputs: { rows: orders, lookup: { columns: prices.columns } },
    events: [rowsTo('rows', order(5, 'tea')), watermark(100, 'rows'), rowsTo('lookup', price(null, 'tea', 1), price(900, 'tea', 2)), end('lookup')],
    expect: [{ after: 3, rows: [priced(order(5, 'tea'), price(900, 'tea', 2))] }],
    problems: ['The lookup has no event time, so its rows count from the beginning'],
  },
  {
    name: 'rows without event time are told',
    params,
    inputs: { rows: { columns: orders.columns }, lookup: prices },
    events: [],
    expect: [],
    problems: ['The rows have no event time'],
  },
  {
    name: 'a lookup that stays as it is: rows are held back until it has ended, whatever the watermark',
    params: { ...params, table: 'fixed' },
    inputs,
    events: [rowsTo('rows', order(5, 'tea')), rowsTo('lookup', price(9, 'tea', 1)), watermark(100), end('lookup'), rowsTo('rows', order(1, 'tea'))],
    expect: [
      { after: 3, rows: [priced(order(5, 'tea'), price(9, 'tea', 1))] },
      { after: 4, rows: [priced(order(1, 'tea'), price(9, 'tea', 1))] },
    ],
  },
]);

describe('watermarks and memory', () => {
  it('hands on no watermark that rows still to come are behind', () => {
    const events = [rowsTo('rows', order(5, 'tea')), watermark(100), end('lookup'), watermark(101)];
    expect(playStream(join, { params: { ...params, table: 'fixed' }, inputs, events }).watermarks).toEqual([
      beginningOfTime,
      beginningOfTime,
      beginningOfTime,
      101,
    ]);
    expect(playStream(join, { params: { ...params, lateness: 7 }, inputs, events }).watermarks).toEqual([beginningOfTime, 93, 93, 94]);
  });

  it('holds rows for as long as they wait', () => {
    const events = [rowsTo('rows', order(5, 'tea'), order(7, 'tea')), watermark(5), watermark(7)];
    expect(playStream(join, { params, inputs, events }).stateSizes.map((size) => size?.entries)).toEqual([2, 1, 0]);
  });

  it('reads the lookup first only where it stays as it is', () => {
    const first = (table: string) => traitsOfNode(join, completeParams(join.params, { ...params, table }), inputs)!.first;
    expect([first('fixed'), first('changing')]).toEqual([['lookup'], []]);
  });
});

it.each(['inner', 'left'])('equals looking through all versions for each row (%s), however rows arrive and however little memory it has', (kind) => {
  const item = fc.constantFrom('tea', 'ink', null);
  const someOrders = fc.array(fc.record({ time: fc.nat(60), item, n: fc.nat(3) }), { maxLength: 15 });
  const someVersions = fc.uniqueArray(fc.record({ item, since: fc.nat(60), price: fc.nat(9) }), {
    maxLength: 15,
    selector: (row) => `${row.item} ${row.since}`,
  });
  const arrivals = fc.record({
    inputs: fc.record({ rows: someOrders.map((rows) => ({ schema: orders, rows })), lookup: someVersions.map((rows) => ({ schema: prices, rows })) }),
    disorder: fc.nat(25),
  });
  const given = { ...params, kind };
  fc.assert(
    fc.property(
      arrivals.chain((all) => anyArrival(join, given, all).map((events) => ({ all, events }))),
      fc.constantFrom(0, 300, Number.POSITIVE_INFINITY),
      ({ all, events }, memory) => {
        const model = all.inputs['rows'].rows.flatMap((row) => {
          const versions = all.inputs['lookup'].rows.filter((version) => row.item !== null && version.item === row.item && version.since <= row.time);
          const newest = versions.sort((a, b) => b.since - a.since)[0] ?? null;
          return newest || kind === 'left' ? [priced(row, newest)] : [];
        });
        const played = playStream(join, { params: given, inputs, events, memory });
        // Also in the same order.
        expect(played.emitted).toEqual(playStream(join, { params: given, inputs, events }).emitted);
        expect(finalRows(join, played)).toEqual({ rows: model.map((row) => JSON.stringify(Object.entries(row))).sort(), late: [] });
        expect(played.overtaken).toEqual([]);
      },
    ),
  );
});

it('keeps versions and waiting rows across a restart', () => {
  const { emitted } = playStream(join, {
    params,
    inputs,
    events: [rowsTo('lookup', price(0, 'tea', 3)), rowsTo('rows', order(5, 'tea')), restart, watermark(9), restart, rowsTo('rows', order(9, 'tea'))],
  });
  expect(emitted).toEqual([
    { event: 3, port: 'rows', rows: [priced(order(5, 'tea'), price(0, 'tea', 3))] },
    { event: 5, port: 'late', rows: [order(9, 'tea')] },
  ]);
});
