import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../../test/property-seed.ts';
import { MemoryState } from '../../../kit/keyed-state.ts';
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
      const times = { left: { column: 'time' }, right: { column: 'time' } };
      const columns = [{ column: { name: 'key', type: 'string', nullable: false }, left: 'key', right: 'key' } as const];
      const operator = streamJoining({ kind, match, keys: [{ left: 'key', right: 'key' }], lateness: 100, times, stamps: [], columns }, context);
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
