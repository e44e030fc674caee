import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../../../test/property-seed.ts';
import { MemoryState } from '@millrace/kit/keyed-state';
import type { Row, State } from '../../../model/values/types.ts';
import { schema } from '../../../test/transform-trial.ts';
import type { JoinKey } from './join-keys.ts';
import { filterOf, mayHave } from './key-filter.ts';
import { blockLayout, RowBlock } from './row-block.ts';
import { type BlockRun, partOf, rowsByPart, SpilledBlocks } from './spilled-blocks.ts';

const columns = schema({ key: 'integer', n: 'number?', text: 'string?', day: 'date?', flag: 'boolean?', any: 'json?' });
const layout = blockLayout(columns, (row) => row['key'] as JoinKey);
const row = fc.record({
  key: fc.nat(6),
  n: fc.constantFrom(null, 0, -0, 1.5, -7),
  text: fc.constantFrom(null, '', 'a', 'NaN'),
  day: fc.constantFrom(null, '2024-01-31'),
  flag: fc.constantFrom(null, true, false),
  any: fc.constantFrom(null, 1, 'x', [1, { a: null }]),
}) as fc.Arbitrary<Row>;
const timed = fc.record({ time: fc.nat(50), row });
type Timed = { readonly time: number; readonly row: Row };

function blockOf(rows: readonly Timed[]): RowBlock {
  const block = new RowBlock(layout);
  for (const { time, row } of rows) block.add(row['key'] as JoinKey, time, row);
  return block;
}
/** What `find` has to give: by time, then as they were added. */
const wanted = (rows: readonly Timed[], key: JoinKey, from: number, to: number) =>
  rows.filter(({ time, row }) => row['key'] === key && time >= from && time <= to).sort((a, b) => a.time - b.time);
function found(block: RowBlock, key: JoinKey, from: number, to: number): Timed[] {
  const places: number[] = [];
  return Array.from({ length: block.find(key, from, to, places) }, (_, i) => ({ time: block.times[places[i]!]!, row: block.row(places[i]!) }));
}

it('gives rows back as they were, and finds them by key and time, also once a key has many', () => {
  fc.assert(
    fc.property(fc.array(timed, { maxLength: 300 }), fc.nat(300), fc.nat(6), fc.nat(50), fc.nat(50), (rows, first, key, from, to) => {
      // The index is made at once, or when some of the rows are there.
      const block = blockOf(rows.slice(0, first));
      expect(found(block, key, from, to)).toEqual(wanted(rows.slice(0, first), key, from, to));
      for (const { time, row } of rows.slice(first)) block.add(row['key'] as JoinKey, time, row);
      for (const again of [block, RowBlock.unpack(layout, deserialize(serialize(block.pack())))]) {
        expect(rows.map((_, at) => again.row(at))).toEqual(rows.map(({ row }) => row));
        expect(found(again, key, from, to)).toEqual(wanted(rows, key, from, to));
        const all: Row[] = [];
        again.each(key, (at) => all.push(again.row(at)));
        expect(all).toEqual(rows.filter(({ row }) => row['key'] === key).map(({ row }) => row));
      }
      block.clear();
      for (const { time, row } of rows) block.add(row['key'] as JoinKey, time, row);
      expect(rows.map((_, at) => block.row(at))).toEqual(rows.map(({ row }) => row));
      expect(found(block, key, from, to)).toEqual(wanted(rows, key, from, to));
    }),
    { numRuns: 60 },
  );
});

it('changes no value that is not of the type of its column', () => {
  const rows = [3, 'three', null, 3.5].map((n, key) => ({ time: key, row: { key, n, text: null, day: null, flag: null, any: null } }));
  const block = blockOf(rows);
  expect(rows.map((_, at) => block.row(at))).toEqual(rows.map(({ row }) => row));
  expect(RowBlock.unpack(layout, block.pack([3, 1])).row(1)).toEqual(rows[1]!.row);
});

/** So wide that a few rows make several parts. */
const wide = schema({ key: 'integer', ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`text${i}`, 'string'])) });
const wideLayout = blockLayout(wide, (row) => row['key'] as JoinKey);
const wideRow = (key: number, i: number): Row => ({ key, ...Object.fromEntries(Array.from({ length: 40 }, (_, column) => [`text${column}`, `${i}`])) });

it('parts a run by keys, gives each part back, and keeps marks and what expires by run', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 120 }), fc.nat(500), (keys, other) => {
      const state = new MemoryState<State>();
      let spilled = new SpilledBlocks(state, wideLayout);
      const block = new RowBlock(wideLayout);
      for (const [i, key] of keys.entries()) block.add(key, i, wideRow(key, i), i % 2);
      const places = new Map<number, readonly [number, number]>();
      const run = spilled.put(block, 10, { spilledTo: (at, part, place) => places.set(at, [part, place]) });
      expect(run.parts >= Math.min(2, keys.length / 20)).toBe(true);
      const later = spilled.put(block, 20, { isSought: true });
      const nextId = spilled.snapshot();
      spilled = new SpilledBlocks(state, wideLayout);
      spilled.restore(nextId);
      // The first has no filter.
      expect(spilled.mayHave(run, -1)).toBe(true);
      for (const [i, key] of keys.entries()) {
        expect(spilled.mayHave(later, key)).toBe(true);
        const [part, place] = places.get(i)!;
        expect(part).toBe(partOf(key, run.parts));
        expect([spilled.part(run, part)!.row(place), spilled.part(run, part)!.times[place]]).toEqual([wideRow(key, i), i]);
        expect(spilled.marks(run, part)[place]).toBe(i % 2);
      }
      const [part, place] = places.get(0)!;
      spilled.mark(run, part, [place], 1, 10);
      expect(spilled.marks(run, part)[place]).toBe(1);
      if (!keys.some((key) => partOf(key, run.parts) === partOf(other, run.parts))) expect(spilled.part(run, partOf(other, run.parts))).toBeNull();
      // The parts of a run with fewer of them are those of one with more, put together.
      const coarse = rowsByPart(block, run.parts);
      for (const [fine, rows] of rowsByPart(block, run.parts * 2).entries()) for (const at of rows) expect(coarse[fine & (run.parts - 1)]).toContain(at);
      spilled.expire([run] satisfies BlockRun[], 10);
      expect(spilled.part(run, part)).toBeNull();
      expect(spilled.part(later, part)).not.toBeNull();
      spilled.expire([later], 20);
      expect(state.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('seldom takes a key for one that a run may have, whatever part it leads to', () => {
  const filter = filterOf(Array.from({ length: 10_000 }, (_, key) => key * 3));
  const others = Array.from({ length: 10_000 }, (_, key) => key * 3 + 1);
  expect(others.filter((key) => mayHave(filter, key)).length).toBeLessThan(1000);
  const ofOnePart = others.filter((key) => partOf(key, 64) === 5);
  expect(ofOnePart.filter((key) => mayHave(filter, key)).length).toBeLessThan(ofOnePart.length / 4);
});
