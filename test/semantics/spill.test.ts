/** State that does not fit into memory: what comes out, and with which event, is the same as if it did. */

import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import aggregate from '../../nodes/aggregates/aggregate.ts';
import dedupe from '../../nodes/rows/dedupe.ts';
import sort from '../../nodes/rows/sort.ts';
import topN from '../../nodes/rows/top-n.ts';
import { schema } from '../transform-trial.ts';
import { inAnyOrder, type Played, playStream, type StreamEvent, timed } from './stream.ts';

const columns = schema({ time: 'timestamp', sensor: 'string?', line: 'integer?', level: 'integer?', word: 'string?' });
const readings = timed(columns, 'time');
const row = fc.record({
  time: fc.integer({ min: -60, max: 200 }),
  sensor: fc.constantFrom('a', 'b', 'c', '', null),
  line: fc.constantFrom(0, -1, null),
  level: fc.option(fc.integer({ min: -3, max: 3 })),
  word: fc.option(fc.constantFrom('x', 'yy', 'z')),
});
/** Times and watermarks mostly rise, so that windows are open, wait for late rows, and are gone. */
const events = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.array(row, { minLength: 1, maxLength: 12 }).map((rows) => ({ rows })) },
      { weight: 3, arbitrary: fc.nat(60).map((watermark) => ({ watermark })) },
      { weight: 2, arbitrary: fc.nat(100).map((tick) => ({ tick })) },
      { weight: 1, arbitrary: fc.constant({ restart: true as const }) },
    ),
    { maxLength: 25 },
  )
  .map((drawn): StreamEvent[] => {
    let watermark = -60;
    let clock = 0;
    return drawn.map((event) => {
      if ('rows' in event) return { rows: event.rows.map((each) => ({ ...each, time: Math.floor(each.time / 4) + watermark })) };
      if ('watermark' in event) watermark += event.watermark;
      if ('tick' in event) clock += event.tick;
      return 'watermark' in event ? { watermark } : 'tick' in event ? { tick: clock } : event;
    });
  });

/** Batches of rows with so many keys that their groups are parted. */
const manyKeys = fc
  .record({ batches: fc.integer({ min: 1, max: 6 }), size: fc.integer({ min: 1, max: 1500 }), keys: fc.integer({ min: 1, max: 3000 }), seed: fc.nat() })
  .map(({ batches, size, keys, seed }): StreamEvent[] => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const drawn = Array.from({ length: batches }, (_, batch): StreamEvent[] => [
      {
        rows: Array.from({ length: size }, () => {
          const key = random(keys);
          return { time: batch * 10 + random(40), sensor: `s${key}`, line: key % 7, level: random(9), word: random(2) === 0 ? null : 'w' };
        }),
      },
      { tick: 60 * batch },
      { watermark: batch * 10 - 20 + random(10) },
    ]).flat();
    return drawn.toSpliced(random(drawn.length), 0, { restart: true });
  });

const functions = ['count', 'sum', 'average', 'min', 'max', 'first', 'last', 'distinctCount', 'percentile'] as const;
const anyAggregations = fc.array(
  fc.oneof(
    fc.constantFrom(...functions).map((name) => ({ function: name, column: 'level', percent: 50 })),
    fc.constantFrom('min', 'max', 'first', 'last', 'distinctCount', 'count').map((name) => ({ function: name, column: 'word' })),
  ),
  { minLength: 1, maxLength: 6 },
);
const anyWindow = fc.oneof(
  fc.constant({ window: 'none' }),
  fc.constant({ window: 'tumbling', every: 20 }),
  fc.constant({ window: 'sliding', length: 30, every: 10 }),
  fc.constant({ window: 'sliding', length: 25, every: 10, offset: 3 }),
  fc.constant({ window: 'session', gap: 15 }),
);
const anyParams = fc
  .record({
    window: anyWindow,
    groupBy: fc.subarray(['sensor', 'line']),
    aggregations: anyAggregations,
    lateness: fc.constantFrom(0, 25),
    early: fc.constantFrom(null, 50),
    timeColumn: fc.constantFrom(null, 'time'),
  })
  .map(({ window, aggregations, timeColumn, ...rest }): Params => {
    const named = aggregations.map((each, i) => ({ ...each, name: `a${i}` }));
    return { ...rest, ...window, aggregations: named, timeColumn };
  });

describe('aggregate', () => {
  it('gives the same with any limit', () => {
    fc.assert(
      fc.property(anyParams, events, fc.boolean(), fc.constantFrom(0, 2000), (params, played, hasTime, memory) => {
        const inputs = { rows: hasTime || params['timeColumn'] === null ? readings : columns };
        const unlimited = playStream(aggregate, { params, inputs, events: played });
        expect(unlimited.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        const limited = playStream(aggregate, { params, inputs, events: played, memory });
        expect(inAnyOrder(limited.emitted)).toEqual(inAnyOrder(unlimited.emitted));
        const overtaken = ({ overtaken: rows }: Played) => rows.map((each) => JSON.stringify(each)).sort();
        expect(overtaken(limited)).toEqual(overtaken(unlimited));
        expect(limited.watermarks).toEqual(unlimited.watermarks);
        expect(limited.failures).toEqual(unlimited.failures);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same with many groups, which are parted by their keys', () => {
    fc.assert(
      fc.property(anyParams, manyKeys, fc.constantFrom(0, 30_000, 300_000), (params, drawn, memory) => {
        const unlimited = playStream(aggregate, { params, inputs: { rows: readings }, events: drawn });
        const limited = playStream(aggregate, { params, inputs: { rows: readings }, events: drawn, memory });
        expect(inAnyOrder(limited.emitted)).toEqual(inAnyOrder(unlimited.emitted));
      }),
      { numRuns: 60 },
    );
  });

  it('spills a key that has more sessions than a call takes arguments', () => {
    const sessions = 200_000;
    const rows = Array.from({ length: sessions }, (_, i) => ({ time: i * 100, sensor: 'a', line: 0, level: i, word: null }));
    const params: Params = { window: 'session', gap: 15, groupBy: ['sensor'], aggregations: [{ function: 'count' }], early: 50 };
    const events: StreamEvent[] = [{ rows }, { rows: [{ ...rows[0]!, time: -100 }] }, { watermark: 450 }];
    const { emitted } = playStream(aggregate, { params, inputs: { rows: readings }, events, memory: 0 });
    expect(emitted.reduce((sum, { rows: some }) => sum + some.length, 0)).toBe(sessions + 1);
  });

  it('holds little more than it may, whatever the number of groups', () => {
    const memory = 200_000;
    for (const window of ['none', 'tumbling', 'sliding', 'session']) {
      const params: Params = { window, groupBy: ['sensor'], aggregations: [{ function: 'last', column: 'word' }] };
      const rows = Array.from({ length: 20_000 }, (_, i) => ({ time: i, sensor: `sensor ${(i * 7919) % 20_000}`, line: 0, level: i, word: 'w' }));
      const batches = Array.from({ length: 20 }, (_, i) => ({ rows: rows.slice(i * 1000, i * 1000 + 1000) }));
      const unlimited = playStream(aggregate, { params, inputs: { rows: readings }, events: batches });
      const limited = playStream(aggregate, { params, inputs: { rows: readings }, events: batches, memory });
      expect(Math.max(...unlimited.stateSizes.map((size) => size!.bytes)), window).toBeGreaterThan(5 * memory);
      expect(Math.max(...limited.stateSizes.map((size) => size!.bytes)), window).toBeLessThan(1.2 * memory);
    }
  });
});

describe('top rows', () => {
  const anyTop = fc.record({
    keys: fc.subarray(['sensor', 'line']),
    column: fc.constantFrom('level', 'word'),
    order: fc.constantFrom('greatest', 'least'),
    count: fc.integer({ min: 1, max: 4 }),
    over: fc.constantFrom('all', 'tumbling'),
    every: fc.constant(20),
  });

  it.each([
    ['few', events, 300],
    ['many', manyKeys, 60],
  ] as const)('are the same with any limit, for %s keys', (_, anyEvents, numRuns) => {
    fc.assert(
      fc.property(anyTop, anyEvents, fc.constantFrom(0, 2000, 50_000), (params, played, memory) => {
        const unlimited = playStream(topN, { params, inputs: { rows: readings }, events: played });
        const limited = playStream(topN, { params, inputs: { rows: readings }, events: played, memory });
        expect(inAnyOrder(limited.emitted)).toEqual(inAnyOrder(unlimited.emitted));
        expect(limited.overtaken).toEqual([]);
      }),
      { numRuns },
    );
  });
});

describe.each([
  ['the last rows of keys', dedupe, { keys: ['sensor'], keep: 'last' }],
  ['the first rows of keys', dedupe, { keys: ['sensor'], keep: 'first' }],
  ['rows in order', sort, { by: [{ column: 'level', direction: 'asc' }] }],
  ['top rows', topN, { keys: ['sensor'], column: 'level', order: 'greatest', count: 2, over: 'all' }],
] as const)('%s', (_, node, params) => {
  it('are the same with any limit', () => {
    fc.assert(
      fc.property(manyKeys, fc.constantFrom(0, 2000, 50_000), (played, memory) => {
        const unlimited = playStream(node, { params, inputs: { rows: readings }, events: played });
        const limited = playStream(node, { params, inputs: { rows: readings }, events: played, memory });
        expect(inAnyOrder(limited.emitted)).toEqual(inAnyOrder(unlimited.emitted));
      }),
      { numRuns: 8 },
    );
  });

  it('hold little more than they may', () => {
    const memory = 300_000;
    const batches = Array.from({ length: 20 }, (_, batch) => ({
      rows: Array.from({ length: 1000 }, (_, i) => ({ time: i, sensor: `sensor ${batch * 1000 + i}`, line: 0, level: (i * 7919) % 1000, word: 'w' })),
    }));
    const { stateSizes } = playStream(node, { params, inputs: { rows: readings }, events: batches, memory });
    expect(Math.max(...stateSizes.map((size) => size?.bytes ?? 0))).toBeLessThan(1.5 * memory);
  });
});
