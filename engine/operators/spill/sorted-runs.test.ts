import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../../test/property-seed.ts';
import { MemoryState } from '@millrace/kit/keyed-state';
import type { State } from '../../../model/values/types.ts';
import type { PackedRow } from '../rows/packed-rows.ts';
import { type PackedOrder, SortedRuns } from './sorted-runs.ts';

const byFirst: PackedOrder = (a, b) => (a[0] as number) - (b[0] as number);
const runsOf = fc
  .array(fc.array(fc.nat(300), { maxLength: 60 }), { maxLength: 80 })
  .map((runs) => runs.map((values, run) => values.sort((a, b) => a - b).map((value, at): PackedRow => [value, run, at])));

it.each([false, true])('gives what a stable sort does, the state empty afterwards (only the last of equal rows: %s)', (onlyLast) => {
  fc.assert(
    // As many bytes as make chunks of a few rows.
    fc.property(runsOf, fc.nat(80), fc.constantFrom(1, 10_000, 70_000), (drawn, restartAfter, bytes) => {
      const runs = onlyLast ? drawn.map((run) => run.filter((row, i) => run[i + 1]?.[0] !== row[0])) : drawn;
      const state = new MemoryState<State>();
      const begin = () => new SortedRuns(state, { order: byFirst, memory: 0, onlyLast });
      let sorted = begin();
      for (const [i, run] of runs.entries()) {
        sorted.put(run, bytes);
        if (i !== restartAfter) continue;
        const before = sorted;
        sorted = begin();
        sorted.restore(deserialize(serialize(before.snapshot())));
        expect(sorted.rows).toBe(before.rows);
      }
      const all = runs.flat().sort(byFirst);
      const wanted = onlyLast ? all.filter((row, i) => all[i + 1]?.[0] !== row[0]) : all;
      expect([...sorted.take()].flat()).toEqual(wanted);
      expect([state.size, sorted.rows]).toEqual([0, 0]);
    }),
  );
});

it('holds not much more than one row of each key where only the last is kept', () => {
  const sorted = new SortedRuns(new MemoryState<State>(), { order: byFirst, memory: 0, onlyLast: true });
  for (let run = 0; run < 200; run++) {
    sorted.put(
      Array.from({ length: 2000 }, (_, i): PackedRow => [i, run]),
      100,
    );
    expect(sorted.rows).toBeLessThanOrEqual(4 * 2000);
  }
  expect([...sorted.take()].flat()).toEqual(Array.from({ length: 2000 }, (_, i) => [i, 199]));
});

it('merges runs seldom that have no rows in common', () => {
  const state = new MemoryState<State>();
  let written = 0;
  const set = state.set.bind(state);
  state.set = (...entry) => {
    written++;
    set(...entry);
  };
  const sorted = new SortedRuns(state, { order: byFirst, memory: 0, onlyLast: true });
  const [runs, rows] = [60, 2048];
  for (let run = 0; run < runs; run++) {
    sorted.put(
      Array.from({ length: rows }, (_, i): PackedRow => [i * runs + run]),
      1,
    );
  }
  expect(written).toBeLessThan((1.2 * runs * rows) / 512);
});
