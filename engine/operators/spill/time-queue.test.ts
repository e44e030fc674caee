import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimeQueue } from './time-queue.ts';

it('gives items in the order of their times, and of one time in that in which they came, whatever was taken between', () => {
  const step = fc.oneof({ arbitrary: fc.integer({ min: -5, max: 5 }), weight: 2 }, { arbitrary: fc.constant(null), weight: 1 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new TimeQueue<{ time: number; turn: number }>();
      let model: { time: number; turn: number }[] = [];
      for (const [turn, time] of steps.entries()) {
        if (time !== null) {
          queue.add(time, { time, turn });
          model = [...model, { time, turn }].sort((a, b) => a.time - b.time || a.turn - b.turn);
        } else if (model.length > 0) expect(queue.take()).toEqual(model.shift());
        expect(queue.size).toBe(model.length);
        expect(queue.next).toBe(model[0]?.time ?? Number.POSITIVE_INFINITY);
      }
      expect(queue.inOrder()).toEqual(model);
    }),
  );
});
