import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../../test/property-seed.ts';
import { MemoryState } from '@millrace/kit/keyed-state';
import { endOfTime } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import { schema } from '../../../test/transform-trial.ts';
import { streamJoining } from './stream-join.ts';

const input = { ...schema({ time: 'timestamp', key: 'string' }), eventTime: { column: 'time' } };
const batch = fc.record({
  port: fc.constantFrom('left', 'right'),
  rows: fc.array(fc.record({ time: fc.nat(9000), key: fc.constantFrom('a', 'b', 'c') }), { maxLength: 300 }),
  watermark: fc.nat(9000),
});

it.each([
  { kind: 'range', before: 500, after: 1500 },
  { kind: 'windows', length: 1000, every: 300, offset: 0 },
  { kind: 'sessions', gap: 40 },
] as const)('leaves nothing in keyed state that can no longer match: $kind', (match) => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 8 }), fc.constantFrom('inner', 'outer'), fc.constantFrom(0, 20_000), (batches, kind, memory) => {
      const states = new Map<string, MemoryState<State>>();
      const context = {
        inputs: { left: input, right: input },
        emit: () => {},
        fail: () => {},
        state: (name: string): MemoryState<any> => {
          states.set(name, new MemoryState());
          return states.get(name)!;
        },
        memory,
      };
      const times = { left: { column: 'time', shift: 0 }, right: { column: 'time', shift: 0 } };
      const columns = [{ name: 'key', type: 'string', left: 'key', right: 'key' } as const];
      const operator = streamJoining({ op: 'coGroup', kind, match, keys: [{ left: 'key', right: 'key' }], lateness: 100, times, stamps: [], columns }, context);
      let watermark = 0;
      for (const each of batches) {
        operator.process(each.rows as Row[], each.port);
        watermark = Math.max(watermark, each.watermark);
        operator.advance!(watermark);
      }
      operator.advance!(endOfTime);
      expect([...states.values()].map(({ size }) => size)).toEqual([...states.values()].map(() => 0));
      expect(operator.stateSize!()).toEqual({ entries: 0, bytes: 0 });
    }),
    { numRuns: 50 },
  );
});

/** So wide that some rows are several parts of a run. */
const texts = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`text${i}`, 'string']));
const wide = { ...schema({ time: 'timestamp', key: 'integer', n: 'integer', ...texts }), eventTime: { column: 'time' } };

it.each([
  { kind: 'range', before: 2000, after: 500 },
  { kind: 'windows', length: 3000, every: 1000, offset: 0 },
  { kind: 'windows', length: 2500, every: 1000, offset: 300 },
] as const)('gives the same rows from runs of any number of parts, through restarts: %j', (match) => {
  const wideBatch = fc.record({
    port: fc.constantFrom('left', 'right'),
    rows: fc.array(fc.record({ time: fc.nat(9000), key: fc.nat(60) }), { maxLength: 80 }),
    watermark: fc.nat(9000),
    restart: fc.boolean(),
  });
  const play = (batches: readonly (typeof wideBatch extends fc.Arbitrary<infer T> ? T : never)[], kind: 'inner' | 'outer', memory: number) => {
    const states = new Map<string, MemoryState<any>>();
    let out: Row[] = [];
    const context = {
      inputs: { left: wide, right: wide },
      emit: (_: string, rows: readonly Row[]) => void out.push(...rows),
      fail: () => {},
      state: (name: string): MemoryState<any> => states.get(name) ?? states.set(name, new MemoryState()).get(name)!,
      memory,
    };
    const times = { left: { column: 'time', shift: 0 }, right: { column: 'time', shift: 0 } };
    const columns = (['left', 'right'] as const).flatMap((side) =>
      ['n', 'text39'].map((name) => ({ name: `${side}_${name}`, type: 'string' as const, left: null, right: null, [side]: name })),
    );
    const make = () => streamJoining({ op: 'coGroup', kind, match, keys: [{ left: 'key', right: 'key' }], lateness: 100, times, stamps: [], columns }, context);
    let operator = make();
    let watermark = 0;
    const emitted: string[][] = [];
    for (const [i, each] of batches.entries()) {
      const row = ({ time, key }: { time: number; key: number }, j: number): Row => ({
        time,
        key,
        n: i * 1000 + j,
        ...Object.fromEntries(Object.keys(texts).map((name) => [name, `${j}`])),
      });
      operator.process(each.rows.map(row), each.port);
      if (each.restart) {
        const before = deserialize(serialize(operator.snapshot!())) as State;
        operator = make();
        operator.restore!(before);
      }
      watermark = Math.max(watermark, each.watermark);
      operator.advance!(watermark);
      emitted.push(out.map((each) => JSON.stringify(each)).sort());
      out = [];
    }
    operator.advance!(endOfTime);
    emitted.push(out.map((each) => JSON.stringify(each)).sort());
    expect([...states.values()].map(({ size }) => size)).toEqual([...states.values()].map(() => 0));
    return emitted;
  };
  fc.assert(
    fc.property(fc.array(wideBatch, { maxLength: 10 }), fc.constantFrom('inner', 'outer'), fc.constantFrom(0, 100_000, 400_000), (batches, kind, memory) => {
      expect(play(batches, kind, memory)).toEqual(play(batches, kind, Number.POSITIVE_INFINITY));
    }),
    { numRuns: 25 },
  );
});

it('counts what rows that are far apart take, so that they leave memory in time', () => {
  const context = { inputs: { left: input, right: input }, emit: () => {}, fail: () => {}, state: () => new MemoryState<any>(), memory: 2_000_000 };
  const times = { left: { column: 'time', shift: 0 }, right: { column: 'time', shift: 0 } };
  const match = { kind: 'range', before: 0, after: 0 } as const;
  const operator = streamJoining(
    { op: 'coGroup', kind: 'outer', match, keys: [{ left: 'key', right: 'key' }], lateness: 0, times, stamps: [], columns: [] },
    context,
  );
  let most = 0;
  for (let batch = 0; batch < 50; batch++) {
    operator.process(
      Array.from({ length: 100 }, (_, i) => ({ time: (batch * 100 + i) * 60_000, key: 'a' })),
      'left',
    );
    const { entries, bytes } = operator.stateSize!();
    if (entries > 0) expect(bytes / entries).toBeGreaterThan(1000);
    most = Math.max(most, bytes);
  }
  expect(most).toBeGreaterThan(1_000_000);
  expect(most).toBeLessThanOrEqual(2_000_000);
});
