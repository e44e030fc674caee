import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimeOrdered } from './time-ordered.ts';

interface Item {
  readonly time: number;
  readonly turn: number;
}

it('is a sorted list, whatever is added, taken and asked for, over many chunks as well', () => {
  const time = fc.integer({ min: -20, max: 20 });
  const step = fc.oneof(
    { arbitrary: fc.record({ add: fc.array(time, { minLength: 1, maxLength: 5 }), times: fc.integer({ min: 1, max: 400 }) }), weight: 3 },
    { arbitrary: fc.record({ take: fc.integer({ min: 1, max: 1500 }) }), weight: 1 },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), time, time, (steps, from, to) => {
      const items = new TimeOrdered<Item>();
      let model: Item[] = [];
      let turn = 0;
      for (const each of steps) {
        if ('add' in each) {
          for (let i = 0; i < each.times; i++) {
            for (const time of each.add) {
              const item = { time, turn: turn++ };
              items.add(item);
              model.push(item);
            }
          }
          model.sort((a, b) => a.time - b.time || a.turn - b.turn);
        } else {
          const count = Math.min(each.take, model.length);
          for (let i = 0; i < count; i++) {
            expect(items.first).toBe(model[i]);
            items.shift();
          }
          model = model.slice(count);
        }
        expect(items.first).toBe(model[0]);
      }
      expect([...items]).toEqual(model);
      const found: Item[] = [];
      items.between(from, to, (item) => void found.push(item));
      expect(found).toEqual(model.filter((item) => item.time >= from && item.time <= to));
    }),
    { numRuns: 60 },
  );
});
