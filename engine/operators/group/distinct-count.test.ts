import { describe, expect, it } from 'vitest';
import type { Value } from '../../../model/values/types.ts';
import { DistinctCount } from './distinct-count.ts';

const slots = 40;

/** Numbers that look random, and are the same each time. */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
const special: readonly Value[] = [0, -0, Number.NaN, 0.5, -1, 2 ** 40, 2 ** 40 + 1, 'a', '0', true, null];

describe('a distinct count', () => {
  it.each([1, 2, 3])('counts as Sets do, whatever is cleared, merged and moved (%i)', (seed) => {
    const draw = draws(seed);
    let count = new DistinctCount(null);
    const sets = Array.from({ length: slots }, () => new Set<Value>());
    count.reserve(slots);
    for (let step = 0; step < 400; step++) {
      const [a, b] = [draw(slots), draw(slots)];
      const kind = draw(10);
      if (kind === 0) {
        count.clear(a);
        sets[a] = new Set();
      } else if (kind === 1 && a !== b) {
        count.merge(Int32Array.of(a), Int32Array.of(b), 1);
        for (const value of sets[b] ?? []) sets[a]?.add(value);
      } else if (kind === 2) {
        const moved = count.extract(Int32Array.of(a, b));
        count.absorb(Int32Array.of(b, -1), moved);
        for (const value of sets[a] ?? []) sets[b]?.add(value);
      } else if (kind === 3) {
        const restored = new DistinctCount(null);
        restored.restore(structuredClone(count.snapshot()));
        count = restored;
      } else {
        const values = Array.from({ length: 50 }, () => (draw(4) === 0 ? (special[draw(special.length)] ?? null) : draw(200)));
        const into = Int32Array.from(values, () => draw(slots));
        count.add(into, values, values.length);
        for (const [i, value] of values.entries()) if (value !== null) sets[into[i] ?? 0]?.add(value);
      }
      expect(sets.map((_, slot) => count.result(slot))).toEqual(sets.map(({ size }) => size));
    }
  });

  it('takes less than 40 bytes for a number, of many groups with few each', () => {
    const count = new DistinctCount(null);
    count.reserve(20_000);
    const groups = Int32Array.from({ length: 20_000 }, (_, slot) => slot);
    for (let value = 0; value < 10; value++) count.add(groups, Array(20_000).fill(value), 20_000);
    expect(count.bytes()).toBeLessThan(20_000 * 10 * 40);
  });
});
