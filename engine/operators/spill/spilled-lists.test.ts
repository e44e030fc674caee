import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../../test/property-seed.ts';
import { MemoryState } from '@millrace/kit/keyed-state';
import type { State } from '../../../model/values/types.ts';
import { SpilledLists } from './spilled-lists.ts';

// Keys that could be taken for parts of each other.
const key = fc.constantFrom('', '*', '0*', 'a', '0*a', '1*a', '*a');
const step = fc.oneof(
  fc.record({ key, append: fc.nat(400) }),
  fc.record({ key, doubleMultiplesOf: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ key, remove: fc.constant(true) }),
);

it('keeps lists of any length by key', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const state = new MemoryState<State>();
      const lists = new SpilledLists<number>(state);
      const model = new Map<string, number[]>();
      let count = 0;
      for (const each of steps) {
        const before = model.get(each.key);
        if ('append' in each) {
          const items = Array.from({ length: each.append }, () => count++);
          expect(lists.append(each.key, items)).toBe(before?.length ?? 0);
          model.set(each.key, [...(before ?? []), ...items]);
        } else if ('remove' in each) {
          lists.delete(each.key);
          model.delete(each.key);
        } else {
          const change = (item: number) => (item % each.doubleMultiplesOf === 0 ? item * 2 : item);
          lists.update(each.key, change);
          if (before) model.set(each.key, before.map(change));
        }
        for (const [name, items] of model) {
          expect([lists.has(name), ...lists.get(name)]).toEqual([true, ...items]);
          for (const [place, item] of items.entries()) expect(lists.at(name, place)).toBe(item);
        }
        expect(lists.has('none')).toBe(false);
      }
      for (const name of model.keys()) lists.delete(name);
      expect(state.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});
