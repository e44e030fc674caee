import { appendFileSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../../io/sqlite/sqlite-driver.ts';
import type { State } from '../../../model/values/types.ts';
import type { KeyedSnapshot } from './keyed-snapshot.ts';
import { NodeStates } from './node-states.ts';

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-states-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** As a checkpoint's file stores it. */
const stored = (snapshot: KeyedSnapshot): KeyedSnapshot => deserialize(serialize(snapshot));
const contents = (states: NodeStates, node = 'a', name = 's') => new Map(states.of(node).open<any>(name).entries());
const isStored = ({ kind }: KeyedSnapshot) => kind === 'stored';

type Step =
  | { readonly do: 'set'; readonly state: number; readonly key: string; readonly value: State; readonly expiresAt: number | undefined }
  | { readonly do: 'setAside'; readonly state: number; readonly key: string; readonly value: State }
  | { readonly do: 'get' | 'delete'; readonly state: number; readonly key: string }
  | { readonly do: 'expire'; readonly state: number; readonly time: number }
  | { readonly do: 'snapshot' | 'commit' | 'reopen' }
  | { readonly do: 'restore'; readonly back: number };

const state = fc.nat(2);
const key = fc.oneof({ arbitrary: fc.nat(12).map((n) => `key ${n}`), weight: 9 }, fc.constantFrom('', '\0', '\ud800', '\udc00x', '\ufffd', 'é', '__proto__'));
const value: fc.Arbitrary<State> = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constant(null),
  fc.constant(undefined),
  fc.record({ count: fc.nat(), list: fc.array(fc.nat(), { maxLength: 20 }) }),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Uint8Array.from(bytes)),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('set' as const), state, key, value, expiresAt: fc.option(fc.nat(100), { nil: undefined }) }), weight: 12 },
  { arbitrary: fc.record({ do: fc.constant('setAside' as const), state, key, value }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), state, key }), weight: 6 },
  { arbitrary: fc.record({ do: fc.constant('expire' as const), state, time: fc.nat(100) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constantFrom('snapshot' as const, 'snapshot' as const, 'commit' as const, 'reopen' as const) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('restore' as const), back: fc.nat(3) }), weight: 1 },
);

type Model = Map<string, { readonly value: State; readonly expiresAt: number }>[];

describe('keyed states', () => {
  it('keep little in memory of what is put aside, also once it is read', () => {
    const memory = 800_000;
    const states = new NodeStates({ memory });
    const chunks = states.of('a').open<Uint8Array>('s');
    let most = 0;
    for (let i = 0; i < 400; i++) {
      chunks.setAside(`${i}`, new Uint8Array(10_000).fill(i));
      most = Math.max(most, states.bytes);
    }
    for (let i = 0; i < 400; i++) {
      expect(chunks.get(`${i}`)?.[9_999]).toBe(i & 255);
      most = Math.max(most, states.bytes);
    }
    expect(most).toBeLessThan(memory / 4);
    states.close();
  });

  it('leave room for what operators hold', () => {
    const states = new NodeStates({ memory: 100_000 });
    const entries = states.of('a').open<string>('s');
    states.shareWith(60_000);
    for (let i = 0; i < 1000; i++) entries.set(`${i}`, 'x'.repeat(100));
    expect(states.bytes).toBeLessThan(41_000);
    states.shareWith(1_000_000);
    for (let i = 0; i < 1000; i++) expect(entries.get(`${i}`)).toHaveLength(100);
    expect(states.bytes).toBeLessThan(26_000);
    states.close();
  });

  it.each([
    ['that spill at once', 0],
    ['that spill soon', 4000],
    ['that fit into memory', 2 ** 26],
  ])('%s are what plain maps would be, through checkpoints and restarts', (_, memory) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const folder = newFolder();
        let states = new NodeStates({ folder, memory });
        let model: Model = [new Map(), new Map(), new Map()];
        const places = [
          ['a', 'x'],
          ['a', 'y'],
          ['b', 'x'],
        ] as const;
        const of = (i: number) => states.of(places[i]![0]).open<State>(places[i]![1]);
        let kept: { number: number; snapshot: KeyedSnapshot; model: Model }[] = [];
        let number = 0;
        const copy = (of: Model): Model => of.map((each) => new Map(each));
        for (const each of steps) {
          if (each.do === 'set') {
            of(each.state).set(each.key, each.value, each.expiresAt);
            model[each.state]!.set(each.key, { value: each.value, expiresAt: each.expiresAt ?? Number.POSITIVE_INFINITY });
          } else if (each.do === 'setAside') {
            of(each.state).setAside(each.key, each.value);
            model[each.state]!.set(each.key, { value: each.value, expiresAt: Number.POSITIVE_INFINITY });
          } else if (each.do === 'get') expect(of(each.state).get(each.key)).toEqual(model[each.state]!.get(each.key)?.value);
          else if (each.do === 'delete') {
            of(each.state).delete(each.key);
            model[each.state]!.delete(each.key);
          } else if (each.do === 'expire') {
            const due = [...model[each.state]!].filter(([, { expiresAt }]) => expiresAt <= each.time);
            expect(of(each.state).expire(each.time)).toBe(due.length);
            for (const [key] of due) model[each.state]!.delete(key);
          } else if (each.do === 'snapshot') {
            kept.push({ number: ++number, snapshot: stored(states.snapshot(number)), model: copy(model) });
          } else if (each.do === 'commit') {
            kept = kept.slice(-3);
            if (kept.length > 0) states.committed(kept[0]!.number);
          } else {
            const checkpoint = kept.at(each.do === 'restore' ? -1 - each.back : -1);
            if (!checkpoint) continue;
            kept = kept.slice(0, kept.indexOf(checkpoint) + 1);
            if (each.do === 'reopen') {
              states.close();
              states = new NodeStates({ folder, memory });
            }
            states.restore(checkpoint.snapshot);
            number = checkpoint.number;
            model = copy(checkpoint.model);
          }
          expect(model.map((_, i) => of(i).size)).toEqual(model.map(({ size }) => size));
        }
        model.forEach((wanted, i) => {
          expect(new Map(of(i).entries())).toEqual(new Map([...wanted].map(([key, { value }]) => [key, value])));
        });
        states.close();
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('keep to their memory, and forget first what was not used for longest', () => {
    const states = new NodeStates({ folder: newFolder(), memory: 100_000 });
    const state = states.of('a').open<number>('s');
    for (let i = 0; i < 5000; i++) {
      state.set(`key ${i}`, i);
      state.get('key 0');
      expect(states.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(state.size).toBe(5000);
    expect(states.of('a').size().entries).toBe(5000);
    expect(states.of('a').size().bytes).toBeGreaterThan(5000 * 8);
    // Whatever was in use all along can be had without the file.
    states.close();
    expect(state.get('key 0')).toBe(0);
    expect(() => state.get('key 1')).toThrow();
  });

  it('take a value as it is when it is set again', () => {
    const states = new NodeStates({ folder: newFolder(), memory: 0 });
    const state = states.of('a').open<number[]>('s');
    for (let i = 0; i < 3; i++) {
      const list = state.get('k') ?? [];
      list.push(i);
      state.set('k', list);
    }
    expect(state.get('k')).toEqual([0, 1, 2]);
    states.close();
  });

  it('leave a snapshot as it is, whatever happens to the values later', () => {
    const states = new NodeStates();
    const list = [1];
    states.of('a').open<number[]>('s').set('k', list);
    const snapshot = states.snapshot(1);
    list.push(2);
    const later = new NodeStates();
    later.restore(snapshot);
    expect(contents(later)).toEqual(new Map([['k', [1]]]));
  });

  it('write with a checkpoint only what has changed since the last one', () => {
    const folder = newFolder();
    const states = new NodeStates({ folder, memory: 100_000 });
    const state = states.of('a').open<number>('s');
    for (let i = 0; i < 3000; i++) state.set(`key ${i}`, i);
    states.snapshot(1);
    state.set('key 7', -7);
    states.snapshot(2);
    states.close();
    const database = openSqlite(join(folder, 'state.db'), { access: 'read' });
    expect(database.prepare('select key, version from entries where version > 1').all()).toEqual([{ key: 'key 7', version: 2 }]);
    database.close();
  });

  it('forget what no kept checkpoint needs', () => {
    const folder = newFolder();
    const states = new NodeStates({ folder, memory: 0 });
    const state = states.of('a').open<number>('s');
    for (let checkpoint = 1; checkpoint <= 5; checkpoint++) {
      state.set('changes', checkpoint);
      state.set('stays', 0);
      if (checkpoint === 3) state.delete('goes');
      else if (checkpoint < 3) state.set('goes', checkpoint);
      states.snapshot(checkpoint);
    }
    states.committed(4);
    states.close();
    const database = openSqlite(join(folder, 'state.db'), { access: 'read' });
    expect(database.prepare('select key, version from entries order by key').all()).toEqual([
      { key: 'changes', version: 5 },
      { key: 'stays', version: 5 },
    ]);
    expect(database.prepare('select key, version, since from history order by key').all()).toEqual([
      { key: 'changes', version: 4, since: 5 },
      { key: 'stays', version: 4, since: 5 },
    ]);
    database.close();
  });

  it('keep a temporary file for a run that keeps no state, which goes with it', () => {
    const before = new Set(readdirSync(tmpdir()));
    const states = new NodeStates({ memory: 0 });
    const state = states.of('a').open<number>('s');
    for (let i = 0; i < 100; i++) state.set(`key ${i}`, i, i);
    expect(state.expire(49)).toBe(50);
    const made = readdirSync(tmpdir()).filter((name) => name.startsWith('millrace-state-') && !before.has(name));
    expect(made).not.toEqual([]);
    const other = new NodeStates();
    other.restore(stored(states.snapshot(1)));
    expect(contents(other).size).toBe(50);
    expect(other.of('a').open<number>('s').expire(60)).toBe(11);
    states.close();
    expect(made.filter((name) => existsSync(join(tmpdir(), name)) && readdirSync(join(tmpdir(), name)).length > 0)).toEqual([]);
  });
});

describe('a state file', () => {
  let folder: string;
  let checkpoint: KeyedSnapshot;
  beforeEach(() => {
    folder = newFolder();
    const states = new NodeStates({ folder, memory: 0 });
    const state = states.of('a').open<number>('s');
    for (let i = 0; i < 200; i++) state.set(`key ${i}`, i);
    checkpoint = stored(states.snapshot(3));
    expect(isStored(checkpoint)).toBe(true);
    states.close();
  });
  const restore = () => {
    const states = new NodeStates({ folder });
    try {
      states.restore(checkpoint);
      return contents(states);
    } finally {
      states.close();
    }
  };
  const change = (sql: string) => {
    const database = openSqlite(join(folder, 'state.db'));
    database.exec(sql);
    database.close();
  };
  const damaged = expect.objectContaining({ problem: expect.objectContaining({ code: 'state/damaged', hint: expect.stringMatching(/./) }) });

  it('gives back what was stored', () => {
    expect(restore().size).toBe(200);
  });

  it.each([
    ['is missing', () => rmSync(join(folder, 'state.db'))],
    ['is no database', () => writeFileSync(join(folder, 'state.db'), 'x'.repeat(10_000))],
    ['is empty', () => writeFileSync(join(folder, 'state.db'), '')],
    ['was cut short', () => writeFileSync(join(folder, 'state.db'), readFileSync(join(folder, 'state.db')).subarray(0, 8192))],
    ['lacks an entry', () => change("delete from entries where key = 'key 7'")],
    ['has another value', () => change("update entries set value = (select value from entries where key = 'key 8') where key = 'key 7'")],
    ['has one entry in place of another', () => change("update entries set key = 'key x' where key = 'key 7'")],
    ['ends before the checkpoint', () => change('update progress set version = 2')],
  ])('that %s is said to be damaged', (_, damage) => {
    damage();
    expect(restore).toThrow(damaged);
  });

  it('that is damaged does not keep an older checkpoint from being used that was all in memory', () => {
    const before = new NodeStates({ folder });
    before.of('a').open<number>('s').set('k', 1);
    const older = stored(before.snapshot(2));
    writeFileSync(join(folder, 'state.db'), 'x'.repeat(10_000));
    const states = new NodeStates({ folder, memory: 500 });
    expect(() => states.restore(checkpoint)).toThrow(damaged);
    states.restore(older);
    expect(contents(states)).toEqual(new Map([['k', 1]]));
    for (let i = 0; i < 10; i++) states.of('a').open<number>('s').set(`more ${i}`, i);
    const next = stored(states.snapshot(3));
    expect(isStored(next)).toBe(true);
    states.close();
    checkpoint = next;
    expect(restore().size).toBe(11);
  });

  it('is as at the checkpoint after a crash in the middle of what came next', () => {
    const states = new NodeStates({ folder, memory: 0 });
    states.restore(checkpoint);
    const state = states.of('a').open<number>('s');
    for (let i = 0; i < 300; i++) state.set(`key ${i}`, -1);
    state.delete('key 0');
    // What the disk has while the process still runs.
    const crashed = newFolder();
    for (const file of readdirSync(folder)) copyFileSync(join(folder, file), join(crashed, file));
    states.close();
    appendFileSync(join(crashed, 'state.db-wal'), 'torn');
    folder = crashed;
    expect(restore()).toEqual(new Map(Array.from({ length: 200 }, (_, i) => [`key ${i}`, i])));
  });

  it('belongs to one run at a time', () => {
    const states = new NodeStates({ folder });
    states.restore(checkpoint);
    expect(restore).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code: 'state/in-use' }) }));
    states.close();
    expect(restore().size).toBe(200);
  });
});
