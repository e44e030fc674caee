import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../../model/values/types.ts';
import { fuse, newTally, type Stage } from './fused.ts';
import { RecentRows } from './recent-rows.ts';

const rows = (...numbers: number[]) => numbers.map((n) => ({ n }));
const n = (row: Row) => row['n'] as number;

it('shows what passed a port, watched or not, and watches it as long as somebody asks', () => {
  let changes = 0;
  const recent = new RecentRows(true, () => changes++);
  recent.add('a', 'rows', rows(1, 2));
  expect(recent.isWatched('a', 'rows')).toBe(false);
  expect(recent.read('a', 'rows', 10, 0).map(n)).toEqual([1, 2]);
  expect([recent.isWatched('a', 'rows'), changes]).toEqual([true, 1]);
  recent.add('a', 'rows', rows(3));
  expect(recent.read('a', 'rows', 2, 3000).map(n)).toEqual([2, 3]);
  recent.expire(7000);
  expect([recent.isWatched('a', 'rows'), changes]).toEqual([true, 1]);
  recent.expire(8000);
  expect([recent.isWatched('a', 'rows'), changes]).toEqual([false, 2]);
});

it('keeps the latest rows only, and of a run that ends nothing that nobody looks at', () => {
  const stream = new RecentRows(true, () => {});
  for (let i = 0; i < 1000; i++) stream.add('a', 'rows', rows(i));
  expect(stream.read('a', 'rows', 1000, 0).length).toBeLessThanOrEqual(100);
  expect(stream.read('a', 'rows', 1, 0).map(n)).toEqual([999]);
  stream.add('a', 'rows', rows(...Array.from({ length: 5000 }, (_, i) => i)));
  expect(stream.read('a', 'rows', 5000, 0)).toHaveLength(1000);

  const bounded = new RecentRows(false, () => {});
  bounded.add('a', 'rows', rows(1));
  expect(bounded.read('a', 'rows', 10, 0)).toEqual([]);
  bounded.add('a', 'rows', rows(2));
  expect(bounded.read('a', 'rows', 10, 0).map(n)).toEqual([2]);
});

it('a chain that is watched gives the same rows, and those that go on within it as well', () => {
  const operators = {
    map: { map: (row: Row) => ({ n: n(row) + 1 }) },
    test: { test: (row: Row) => n(row) % 2 === 0 },
    expand: { expand: (row: Row) => (n(row) % 3 === 0 ? [] : [row, { n: -n(row) }]) },
  };
  const kinds = fc.array(fc.record({ kind: fc.constantFrom('map', 'test', 'expand'), next: fc.constantFrom(0, 1), isWatched: fc.boolean() }), {
    minLength: 2,
    maxLength: 5,
  });
  fc.assert(
    fc.property(kinds, fc.array(fc.integer({ min: -20, max: 20 })), fc.boolean(), (list, numbers, isTimed) => {
      const stages = (watching: boolean): Stage[] =>
        list.map(({ kind, next, isWatched }) => ({
          operator: operators[kind],
          next: kind === 'test' ? next : 0,
          taken: kind === 'test' ? [true, true] : [true],
          isWatched: watching && isWatched,
        }));
      const play = (watching: boolean) => {
        const tallies = list.map(newTally);
        fuse(stages(watching), () => {}, isTimed)(rows(...numbers), tallies);
        return tallies;
      };
      const [plain, watched] = [play(false), play(true)];
      list.forEach(({ isWatched, kind, next }, k) => {
        const isLast = k === list.length - 1;
        const output = kind === 'test' ? next : 0;
        expect([watched[k]!.in, watched[k]!.dropped]).toEqual([plain[k]!.in, plain[k]!.dropped]);
        for (const each of [0, 1]) {
          if (isLast || each !== output) expect(watched[k]!.out[each]).toEqual(plain[k]!.out[each]);
        }
        if (!isLast) expect(watched[k]!.out[output]?.length ?? null).toBe(isWatched ? plain[k + 1]!.in : null);
      });
    }),
  );
});
