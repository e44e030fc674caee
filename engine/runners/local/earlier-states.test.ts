import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, describe, expect, it } from 'vitest';
import { takeEntries } from '../../operators/keyed/key-groups.ts';
import { EarlierStates } from './earlier-states.ts';
import type { KeyedSnapshot } from './keyed-snapshot.ts';
import { NodeStates } from './node-states.ts';

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-earlier-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const stored = (snapshot: KeyedSnapshot): KeyedSnapshot => deserialize(serialize(snapshot));
const fill = (states: NodeStates, prefix: string, count: number, turn: number): void => {
  const state = states.of('a').open<string>('s');
  for (let i = 0; i < count; i++) state.set(`${prefix}${i}`, `${turn} ${'x'.repeat(50)}`, i % 2 === 0 ? 1000 + i : undefined);
};
const entriesOf = (states: EarlierStates | NodeStates): unknown[] => {
  const state = states instanceof NodeStates ? states.of('a').open<string>('s') : states.of<string>('a', 's');
  return [...state.entriesWithExpiry()].sort(([a], [b]) => (a < b ? -1 : 1));
};

describe.each([
  ['in memory', 2 ** 26],
  ['in files', 2000],
])('keyed state of earlier instances %s', (_, memory) => {
  it('is divided among others as it was at its checkpoint, which can be gone back to', () => {
    const [one, other] = [newFolder(), newFolder()];
    const instances = [one, other].map((folder) => new NodeStates({ folder, memory }));
    for (const [i, states] of instances.entries()) fill(states, `${i}/`, 60, 1);
    const snapshots = instances.map((states) => stored(states.snapshot(4)));
    const wanted = instances.map(entriesOf);
    // What comes after the checkpoint is not in it.
    for (const [i, states] of instances.entries()) fill(states, `${i}/`, 90, 2);
    for (const states of instances) states.close();

    for (const [i, folder] of [one, other].entries()) EarlierStates.settle(folder, snapshots[i]!);
    const readers = [0, 1, 2].map(() => [one, other].map((folder, i) => new EarlierStates({ folder, snapshot: snapshots[i]!, memory })));
    const before = [one, other].map((folder) => (memory < 10_000 ? readFileSync(join(folder, 'state.db')) : null));
    expect(readers.flatMap((earlier) => earlier.map(entriesOf))).toEqual([...wanted, ...wanted, ...wanted]);
    expect(readers[0]![0]!.of('a', 's').get('0/7')).toBe(`1 ${'x'.repeat(50)}`);
    expect([...readers[0]![0]!.of('b', 's').entries()]).toEqual([]);

    const taken = readers.map((earlier, i) => {
      const states = new NodeStates({ folder: newFolder(), memory });
      for (const each of earlier) takeEntries(states.of('a').open('s'), each.of('a', 's'), (key) => key.length % 3 === i);
      return states;
    });
    const divided = taken.flatMap(entriesOf) as [string][];
    expect(divided.sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(wanted.flat());

    const whole = new NodeStates({ folder: newFolder(), memory });
    whole.copy(readers[0]!, ['a'], 4);
    expect(entriesOf(whole)).toEqual(wanted.flat());
    expect(() => whole.snapshot(4)).toThrow('comes after');
    const again = stored(whole.snapshot(5));
    fill(whole, '0/', 3, 3);
    whole.restore(again);
    expect(entriesOf(whole)).toEqual(wanted.flat());

    for (const states of [...readers.flat(), ...taken, whole]) states.close();
    for (const [i, folder] of [one, other].entries()) {
      if (before[i]) expect(readFileSync(join(folder, 'state.db'))).toEqual(before[i]);
      const states = new NodeStates({ folder, memory });
      states.restore(snapshots[i]!);
      expect(entriesOf(states)).toEqual(wanted[i]);
      states.close();
    }
  });
});

it('is refused where the file is not what it was', () => {
  const folder = newFolder();
  const states = new NodeStates({ folder, memory: 0 });
  fill(states, 'k', 40, 1);
  const snapshot = stored(states.snapshot(1));
  states.close();
  if (snapshot.kind === 'held') throw new Error('It is in no file');
  const damaged: KeyedSnapshot = { ...snapshot, states: snapshot.states.map((each) => ({ ...each, sum: each.sum + 1 })) };
  expect(() => new EarlierStates({ folder, snapshot: damaged, memory: 0 })).toThrow('is damaged');
});
