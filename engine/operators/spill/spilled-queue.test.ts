import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../../test/property-seed.ts';
import { MemoryState } from '@millrace/kit/keyed-state';
import type { State } from '../../../model/values/types.ts';
import { SpilledQueue } from './spilled-queue.ts';

/** A batch of so many items, of few times; how many to take; or a restart. */
const step = fc.oneof(
  { arbitrary: fc.record({ add: fc.integer({ min: 1, max: 700 }), times: fc.integer({ min: 1, max: 40 }) }), weight: 3 },
  { arbitrary: fc.record({ take: fc.nat(600) }), weight: 3 },
  { arbitrary: fc.constant('restart' as const), weight: 1 },
);

it('gives items in the order of their times, and of one time in that in which they came, and leaves nothing behind', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (steps, draws) => {
      const state = new MemoryState<State>();
      let queue = new SpilledQueue<number>(state);
      const model: { time: number; item: number }[] = [];
      let count = 0;
      const take = () => expect(queue.take()).toBe(model.shift()!.item);
      for (const each of steps) {
        if (each === 'restart') {
          const before = deserialize(serialize(queue.snapshot()));
          queue = new SpilledQueue(state);
          queue.restore(before);
        } else if ('add' in each) {
          const added = Array.from({ length: each.add }, () => ({ time: draws.next().value! % each.times, item: count++ }));
          queue.add(added);
          model.push(...added);
          model.sort((a, b) => a.time - b.time || a.item - b.item);
        } else for (let i = 0; i < each.take && model.length > 0; i++) take();
        expect(queue.next <= (model[0]?.time ?? Number.POSITIVE_INFINITY)).toBe(true);
      }
      while (model.length > 0) take();
      expect([queue.next, state.size]).toEqual([Number.POSITIVE_INFINITY, 0]);
    }),
    { numRuns: 50 },
  );
});
