import type { OrderCare, StatefulOperator } from '@millrace/kit/node';
import { looksAt } from '@millrace/kit/op-traits';
import type { Params } from '@millrace/kit/params';
import { expect, it } from 'vitest';
import { OutOfOrder } from '../../model/problems/out-of-order.ts';
import type { Row, State } from '../../model/values/types.ts';
import { prepareTransform, schema } from '../../test/transform-trial.ts';
import setEventTime from './set-event-time.ts';

const minute = (time: number) => `2026-01-31 12:${String(time).padStart(2, '0')}`;
const at = (time: number) => Date.UTC(2026, 0, 31, 12, time);

/** The output in order: rows by their minute, watermarks, and whether it is idle. */
function open(params: object, order?: OrderCare) {
  const out: (number | string)[] = [];
  const clock = { now: at(0) };
  const { start, schemas, problems } = prepareTransform(
    setEventTime,
    { timeColumn: 'line', ahead: null, ...params },
    { rows: [schema({ line: 'string' })] },
    {
      now: () => clock.now,
      fail: ({ code }) => void out.push(code),
      emit: (_, rows) => out.push(...rows.map(({ line }) => ((line as number) - at(0)) / 60_000)),
      outputTime: {
        advance: (time) => void out.push(`up to ${(time + 1 - at(0)) / 60_000}`),
        idle: (isIdle) => void out.push(isIdle ? 'idle' : 'awake'),
        order: () => order,
      },
    },
  );
  const rows = (...minutes: number[]): Row[] => minutes.map((each) => ({ line: minute(each) }));
  return { operator: () => start() as StatefulOperator, out, rows, clock, schemas, problems };
}

it('makes the time and the watermark, and puts the watermark before a row that is late by it', () => {
  const { operator, out, rows, schemas } = open({ outOfOrder: 60_000 });
  const node = operator();
  node.process([...rows(1, 5, 2), { line: 'x' }, ...rows(6)], 'rows');
  expect(out).toEqual(['event-time/format', 1, 5, 'up to 4', 2, 6, 'up to 5']);
  expect(schemas['rows']).toEqual({ columns: [{ name: 'line', type: 'timestamp', nullable: false }], eventTime: { column: 'line', from: 'string' } });
  expect(node.outputWatermark!(at(9))).toBeLessThan(at(0));
});

it('goes on with its watermark after a restart', () => {
  const { operator, out, rows } = open({});
  const before = operator();
  before.process(rows(5), 'rows');
  const node = operator();
  node.restore!(JSON.parse(JSON.stringify(before.snapshot!())) as State);
  node.process(rows(3), 'rows');
  expect(out).toEqual([5, 'up to 5', 'up to 5', 3]);
});

it('closes windows when no rows come', () => {
  const { operator, out, rows, clock } = open({ quietAfter: 60_000 });
  const node = operator();
  node.process(rows(0), 'rows');
  clock.now = at(10);
  // The operator measures how long it is quiet by a clock that cannot be set.
  const { now } = performance;
  performance.now = () => now.call(performance) + 61_000;
  try {
    node.tick!(clock.now);
  } finally {
    performance.now = now;
  }
  expect(out).toEqual([0, 'up to 0', 'up to 9']);
});

it('finds out how far a bounded input is out of order, and gives out nothing more', () => {
  const { operator, out, rows } = open({}, { disorder: null, startsOver: true });
  const node = operator();
  node.process(rows(5), 'rows');
  node.process(rows(3), 'rows');
  node.process(rows(9, 1, 8), 'rows');
  expect(() => node.finish!()).toThrow(OutOfOrder);
  expect(out).toEqual([5, 'up to 5']);
  const held = open({}, { disorder: Number.POSITIVE_INFINITY, startsOver: false });
  held.operator().process(held.rows(5, 3), 'rows');
  expect(held.out).toEqual([5, 3]);
});

it('says what is missing', () => {
  expect(open({ timeColumn: null }).problems).toMatchObject([{ code: 'event-time/column', field: 'timeColumn' }]);
  expect(open({ timeFormat: 'pattern', timePattern: 'nonsense' }).problems).toMatchObject([{ code: 'event-time/format' }]);
  expect(open({ timeColumn: 'other' }).problems).toMatchObject([{ severity: 'error', field: 'timeColumn' }]);
});

it('says what it does as data, the same for the same meaning, and leaves all other columns as they are', () => {
  const input = schema({ ts: 'integer', line: 'string' });
  const opOf = (params: object) => prepareTransform(setEventTime, params as Params, { rows: [input] }, { now: () => 0, fail: () => {}, emit: () => {} }).op;
  const op = opOf({ timeColumn: 'ts', timeFormat: 'seconds', timeZone: 'Europe/Berlin', timePattern: 'dd.MM.yyyy' });
  expect(op).toEqual(opOf({ timeColumn: 'ts', timeFormat: 'seconds' }));
  expect(JSON.parse(JSON.stringify(op))).toEqual(op);
  expect(looksAt(op, input)).toEqual(['ts']);
});
