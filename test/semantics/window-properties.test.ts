/** Windows against their definition: every row in all windows that hold it, whatever the order, batches and restarts. */

import type { StatefulOperator } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row, Value } from '../../model/values/types.ts';
import aggregate from '../../nodes/aggregates/aggregate.ts';
import { prepareTransform, schema } from '../transform-trial.ts';
import { anyArrival, expectSameRows, finalRows } from './properties.ts';
import { playStream, timed } from './stream.ts';

const readings = timed(schema({ time: 'timestamp', sensor: 'string?', level: 'integer?' }), 'time');
/** Times differ, so that first and last are the same in any order. */
const manyRows = fc.uniqueArray(
  fc.record({ time: fc.integer({ min: -60, max: 200 }), sensor: fc.constantFrom('a', 'b', null), level: fc.option(fc.integer({ min: -3, max: 3 })) }),
  { selector: ({ time }) => time, maxLength: 40 },
);
const arrivals = fc.record({ inputs: manyRows.map((rows) => ({ rows: { schema: readings, rows } })), disorder: fc.nat(60) });
const functions = ['count', 'sum', 'average', 'min', 'max', 'first', 'last', 'distinctCount', 'percentile'] as const;
const aggregations = functions.map((name) => ({ function: name, column: 'level', percent: 50, name }));
const base = { groupBy: ['sensor'], aggregations };

interface Window {
  readonly start: number;
  readonly end: number;
}
type Assignment = (rows: readonly Row[]) => (row: Row) => Window[];

/** Beam's FixedWindows and SlidingWindows: all windows of the size, one every period, that hold the time. */
function sliding(size: number, period: number, offset: number): Assignment {
  return () => (row) => {
    const time = row['time'] as number;
    const windows: Window[] = [];
    for (let start = offset - 1000 * period; start <= time; start += period) if (time < start + size) windows.push({ start, end: start + size });
    return windows;
  };
}
/** Beam's Sessions: each row has a window of its own, from its time as long as the gap, and those that overlap become one. */
function sessions(gap: number): Assignment {
  return (rows) => {
    let windows = rows.map((row) => ({ sensor: row['sensor']!, start: row['time'] as number, end: (row['time'] as number) + gap }));
    const overlap = (a: (typeof windows)[number], b: typeof a) => a !== b && a.sensor === b.sensor && a.start < b.end && b.start < a.end;
    for (;;) {
      const a = windows.find((one) => windows.some((other) => overlap(one, other)));
      if (!a)
        return (row) =>
          windows.filter(({ sensor, start, end }) => sensor === row['sensor'] && start <= (row['time'] as number) && (row['time'] as number) < end);
      const b = windows.find((other) => overlap(a, other))!;
      windows = [...windows.filter((one) => one !== a && one !== b), { sensor: a.sensor, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) }];
    }
  };
}

function naive(rows: readonly Row[], assignment: Assignment): string[] {
  const groups = new Map<string, { window: Window; sensor: Value; rows: Row[] }>();
  const windowsOf = assignment(rows);
  for (const row of rows) {
    for (const window of windowsOf(row)) {
      const key = JSON.stringify([window.start, window.end, row['sensor']]);
      const group = groups.get(key) ?? { window, sensor: row['sensor']!, rows: [] };
      groups.set(key, group);
      group.rows.push(row);
    }
  }
  const results = [...groups.values()].map(({ window, sensor, rows: held }) => {
    const byTime = held.toSorted((a, b) => (a['time'] as number) - (b['time'] as number));
    const values = byTime.flatMap(({ level }) => (level === null ? [] : [level as number]));
    const sorted = values.toSorted((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    const sum = values.length > 0 ? values.reduce((a, b) => a + b, 0) : null;
    return {
      window_start: window.start,
      window_end: window.end,
      sensor,
      count: values.length,
      sum,
      average: sum === null ? null : sum / values.length,
      min: sorted[0] ?? null,
      max: sorted.at(-1) ?? null,
      first: values[0] ?? null,
      last: values.at(-1) ?? null,
      distinctCount: new Set(values).size,
      percentile: values.length > 0 ? (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2 : null,
    };
  });
  return results.map((row) => JSON.stringify(Object.entries(row))).sort();
}

const kinds: readonly [string, Params, Assignment][] = [
  ['tumbling', { window: 'tumbling', every: 20 }, sliding(20, 20, 0)],
  ['tumbling with an offset', { window: 'tumbling', every: 20, offset: 7 }, sliding(20, 20, 7)],
  ['sliding', { window: 'sliding', length: 30, every: 10 }, sliding(30, 10, 0)],
  ['sliding, no multiple', { window: 'sliding', length: 25, every: 10, offset: 3 }, sliding(25, 10, 3)],
  ['session', { window: 'session', gap: 15 }, sessions(15)],
];

describe.each(kinds)('%s', (_, window, assignment) => {
  it('gives what the definition says, however the rows arrive', () => {
    const params = { ...base, ...window };
    const cases = arrivals.chain((given) => anyArrival(aggregate, params, given).map((events) => ({ given, events })));
    fc.assert(
      fc.property(cases, ({ given, events }) => {
        const played = playStream(aggregate, { params, inputs: { rows: readings }, events });
        expect(played.problems).toEqual([]);
        const { rows, late } = finalRows(aggregate, played);
        expect(rows).toEqual(naive(given.inputs.rows.rows, assignment));
        expect(late).toEqual([]);
        expect(played.overtaken).toEqual([]);
        const ends = played.emitted.flatMap((emission) => emission.rows.map((row) => row['window_end'] as number));
        expect(ends).toEqual(ends.toSorted((a, b) => a - b));
      }),
    );
  });

  it('gives the same with rows that come later than promised, but within the allowed time', () => {
    const params = { ...base, ...window, lateness: 100 };
    // The source promises order; rows come out of it all the same, by less than windows wait.
    const cases = arrivals.chain((given) =>
      anyArrival(aggregate, params, given).map((events) => ({
        given,
        events: events.map((event) => ('watermark' in event ? { ...event, watermark: event.watermark + given.disorder } : event)),
      })),
    );
    fc.assert(
      fc.property(cases, ({ given, events }) => {
        const played = playStream(aggregate, { params, inputs: { rows: readings }, events });
        const { rows, late } = finalRows(aggregate, played, { refines: { rows: ['window_start', 'window_end', 'sensor'] }, ignore: ['pane'] });
        expect(late).toEqual([]);
        // A session that grew was told of before as it was then: those that are no windows in the end are let be.
        const wanted = naive(given.inputs.rows.rows, assignment);
        if (window['window'] === 'session') expect(rows).toEqual(expect.arrayContaining(wanted));
        else expect(rows).toEqual(wanted);
      }),
    );
  });

  it('counts or sends away every row, however late', () => {
    const params = { ...window, lateness: 10, aggregations: [{ function: 'count', name: 'count' }] };
    const watermarks = fc.array(fc.integer({ min: -60, max: 250 }), { minLength: 41, maxLength: 41 });
    fc.assert(
      fc.property(manyRows, watermarks, (rows, times) => {
        const events = rows.flatMap((row, i) => [{ rows: [row] }, { watermark: times[i]! }]);
        const { emitted } = playStream(aggregate, { params: { ...params, groupBy: ['sensor', 'time'] }, inputs: { rows: readings }, events });
        const seen = new Set(emitted.flatMap((emission) => emission.rows.map(({ sensor, time }) => JSON.stringify([sensor, time]))));
        expect(seen.size).toBe(rows.length);
      }),
    );
  });
});

/** By asking the platform what date and hour it is there, hour by hour: in zones that change their clocks by whole hours. */
function calendar(zone: string, label: Intl.DateTimeFormatOptions): Assignment {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, ...label });
  const isSame = (a: number, b: number) => format.format(a) === format.format(b);
  return () => (row) => {
    let start = Math.floor((row['time'] as number) / hourMs) * hourMs;
    let end = start + hourMs;
    while (isSame(start, start - hourMs)) start -= hourMs;
    while (isSame(start, end)) end += hourMs;
    return [{ start, end }];
  };
}
const hourMs = 3_600_000;
const clocks = [Date.UTC(2026, 9, 25), Date.UTC(2026, 2, 29)];

it.each<[string, Params, Assignment]>([
  ['days', { unit: 'day', zone: 'Europe/Berlin' }, calendar('Europe/Berlin', { dateStyle: 'short' })],
  ['months', { unit: 'month', zone: 'Europe/Berlin' }, calendar('Europe/Berlin', { month: 'long', year: 'numeric' })],
  ['days far away', { unit: 'day', zone: 'Pacific/Kiritimati' }, calendar('Pacific/Kiritimati', { dateStyle: 'short' })],
])('%s of a calendar: what the definition says, however the rows arrive', (_, window, assignment) => {
  const params = { ...base, window: 'calendar', ...window };
  const scaled = fc.tuple(arrivals, fc.constantFrom(...clocks)).map(([{ inputs, disorder }, start]) => {
    const rows = inputs.rows.rows.map((row) => ({ ...row, time: start + row.time * (hourMs / 2) }));
    return { inputs: { rows: { schema: readings, rows } }, disorder: disorder * hourMs };
  });
  const cases = scaled.chain((given) => anyArrival(aggregate, params, given).map((events) => ({ given, events })));
  fc.assert(
    fc.property(cases, ({ given, events }) => {
      const played = playStream(aggregate, { params, inputs: { rows: readings }, events });
      const { rows, late } = finalRows(aggregate, played);
      expect([rows, late]).toEqual([naive(given.inputs.rows.rows, assignment), []]);
    }),
  );
});

it('keeps the law with early and late results too', () => {
  for (const [, window] of kinds.slice(0, 4)) {
    expectSameRows(aggregate, { ...base, ...window, lateness: 50, early: 1000 }, arrivals, {
      refines: { rows: ['window_start', 'window_end', 'sensor'] },
      ignore: ['pane'],
      numRuns: 30,
    });
  }
});

it.each(kinds)('%s: what is gone stays gone where a restart sets the watermark back', (_, window) => {
  const emitted: string[] = [];
  const surroundings = { now: () => 0, fail: () => {}, emit: (port: string, rows: readonly Row[]) => void emitted.push(...rows.map(() => port)) };
  const { start } = prepareTransform(aggregate, { ...base, ...window }, { rows: [readings] }, surroundings);
  const row = { time: 100, sensor: 'a', level: 1 };
  const first = start() as StatefulOperator;
  first.process([row], 'rows');
  first.advance!(1000);
  const windows = emitted.length;
  const second = start() as StatefulOperator;
  second.restore!(first.snapshot!());
  second.advance!(50);
  second.process([row], 'rows');
  second.advance!(1001);
  second.finish!();
  expect(emitted.slice(windows)).toEqual(['late']);
});

it('keeps no more than what is open, however many windows and keys there were', () => {
  const largest = (windows: number): number => {
    const events = Array.from({ length: windows }, (_, i) => [
      { rows: Array.from({ length: 50 }, (_, key) => ({ time: i * 20, sensor: `${i}-${key}`, level: key })) },
      { watermark: i * 20 - 1 },
    ]).flat();
    const params = { ...base, window: 'tumbling', every: 20 };
    const { stateSizes } = playStream(aggregate, { params, inputs: { rows: readings }, events });
    return Math.max(...stateSizes.map((size) => size!.bytes));
  };
  expect(largest(600)).toBe(largest(150));
});
