import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import '../../../test/property-seed.ts';
import type { Row } from '../../../model/values/types.ts';
import {
  databaseSink,
  endless,
  execution,
  fileSink,
  lookup,
  range,
  run,
  source,
  type Trial,
  until,
  type Watched,
  World,
  windows,
} from '../../../test/engine/execution-trial.ts';
import type { RunOptions } from '../../protocol/run-api.ts';
import { CheckpointStore } from '../../store/checkpoints.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-execution-'));
  folders.push(folder);
  return folder;
}
const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort();

describe('a run that dies goes on from its last checkpoint', () => {
  const sourceTrial = fc.record({ count: fc.integer({ min: 0, max: 60 }), size: fc.integer({ min: 1, max: 7 }), slowEvery: fc.integer({ min: 0, max: 3 }) });
  test('at any step, and as often as it likes: the same rows as undisturbed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          a: sourceTrial,
          b: sourceTrial,
          lookupRows: fc.integer({ min: 1, max: 9 }),
          isSlow: fc.boolean(),
          deaths: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 4 }),
          every: fc.integer({ min: 1, max: 9 }),
        }),
        async ({ a, b, lookupRows, isSlow, deaths, every }) => {
          const trial = (world: World, ask: () => void): Trial => {
            let reads = 0;
            const onRead = () => {
              if (++reads % every === 0) ask();
            };
            return {
              nodes: {
                c: source(world, { rows: range(lookupRows), size: 2, slowEvery: 2, onRead }),
                a: source(world, { ...a, rows: range(a.count, 3), onRead }),
                b: source(world, { ...b, rows: range(b.count, 2), onRead }),
                windows,
                lookup,
                sums: fileSink(world, 'sums', isSlow),
                counts: databaseSink(world, 'counts'),
                copies: databaseSink(world, 'copies'),
              },
              edges: ['a -> windows', 'b -> windows', 'windows -> sums', 'a -> lookup', 'c -> lookup.lookup', 'lookup -> counts', 'lookup -> copies'],
              groups: [['c'], ['a', 'b']],
            };
          };
          const calm = new World();
          await run(
            trial(calm, () => {}),
            { stateFolder: newFolder() },
          );

          const world = new World();
          const stateFolder = newFolder();
          for (const left of [...deaths, Number.POSITIVE_INFINITY]) {
            Object.assign(world, { left, isDead: false });
            let current: Watched | null = null;
            const ask = () => void current?.execution.checkpoint().catch(() => {});
            current = execution(trial(world, ask), { stateFolder });
            const isDone = await current.execution.run().catch((error: Error) => {
              if (!world.isDead) throw error;
              return false;
            });
            await current.execution.flow?.close();
            expect(isDone || world.isDead).toBe(true);
          }
          for (const name of ['sums', 'counts', 'copies']) expect(sorted(world.at(name).rows)).toEqual(sorted(calm.at(name).rows));
          // Nothing to go on from is left of a run whose input has ended.
          expect(new CheckpointStore(stateFolder).list()).toEqual([]);
        },
      ),
      {
        numRuns: 30,
        // A checkpoint was asked for in the very turn in which a source ended: its last rows were on their way to a sink, and got lost.
        examples: [[{ a: { count: 1, size: 1, slowEvery: 1 }, b: { count: 9, size: 2, slowEvery: 2 }, lookupRows: 5, isSlow: true, deaths: [50], every: 3 }]],
      },
    );
  });

  test('with several outputs that commit at the end: all or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), async (left) => {
        const world = new World();
        const stateFolder = newFolder();
        const trial: Trial = {
          nodes: { a: source(world, { rows: range(10), size: 3, slowEvery: 2 }), x: fileSink(world, 'x', false), y: databaseSink(world, 'y') },
          edges: ['a -> x', 'a -> y'],
          groups: [['a']],
        };
        world.left = left;
        await run(trial, { stateFolder, commits: 'end' }).catch(() => {});
        Object.assign(world, { left: Number.POSITIVE_INFINITY, isDead: false });
        expect((await run(trial, { stateFolder, commits: 'end' })).isDone).toBe(true);
        for (const name of ['x', 'y']) expect(world.at(name).rows.map(({ n }) => n)).toEqual(range(10));
      }),
      { numRuns: 20 },
    );
  });
});

test('a drain that dies while it commits is brought to its end by the next start, which reads on no further', async () => {
  const outputs: Partial<Trial> = { edges: ['a -> windows', 'windows -> x', 'windows -> y', 'windows -> z'] };
  const trial = (world: World, onRead: (at: number) => void): Trial => {
    const nodes = { ...endless(world, {}, onRead).nodes, y: databaseSink(world, 'y'), z: fileSink(world, 'z', false) };
    return { ...endless(world, outputs, onRead), nodes };
  };
  const drain = (world: World, stateFolder: string) =>
    until(
      12,
      { stateFolder },
      (onRead) => trial(world, onRead),
      (each) => each.stop('drain'),
    );
  const wanted = [
    { window: 0, sum: 45 },
    { window: 1, sum: 21 },
  ];
  let cutOff = 0;
  for (let left = 0; left < 40; left++) {
    const [world, stateFolder] = [new World(), newFolder()];
    world.left = left;
    const first = await drain(world, stateFolder).catch(() => null);
    expect(first !== null).toBe(!world.isDead);
    Object.assign(world, { left: Number.POSITIVE_INFINITY, isDead: false });
    const newest = new CheckpointStore(stateFolder).list()[0];
    if (newest?.kind === 'draining' && world.at('y').committed === newest.id) {
      cutOff++;
      // Its source never ends: it would wait for rows for ever.
      const second = await run(
        trial(world, () => {}),
        { stateFolder },
      );
      expect([second.isDone, second.logs.at(-1)]).toEqual([true, expect.stringMatching(/was drained before.*Started again, the run reads on/)]);
    } else if (!first) expect((await drain(world, stateFolder)).isDone).toBe(true);
    for (const name of ['x', 'y', 'z']) expect(world.at(name).rows).toEqual(wanted);
    expect(new CheckpointStore(stateFolder).list()[0]?.kind).toBe('drained');
    const third = await drain(world, stateFolder);
    expect(third.execution.snapshot().counts['a']).toMatchObject({ out: { rows: 0 } });
    for (const name of ['x', 'y', 'z']) expect(world.at(name).rows).toEqual(wanted);
  }
  expect(cutOff).toBeGreaterThan(2);
});

describe('what it goes on from', () => {
  const stopped = async (world: World, stateFolder: string, more: Partial<Trial> = {}, options: Partial<RunOptions> = {}) =>
    until(
      12,
      { stateFolder, ...options },
      (onRead) => endless(world, more, onRead),
      (each) => each.stop('checkpoint'),
    );

  test('from scratch: a new lineage, and the old checkpoints go with the first new one', async () => {
    const [world, stateFolder] = [new World(), newFolder()];
    await stopped(world, stateFolder);
    const again = await stopped(world, stateFolder, {}, { from: 'scratch' });
    expect([again.resumed, again.committed]).toEqual([[], [2]]);
    expect(new CheckpointStore(stateFolder).list().map(({ id }) => id)).toEqual([2]);
  });

  test('a certain one; what came after it is given up', async () => {
    const [world, stateFolder] = [new World(), newFolder()];
    await stopped(world, stateFolder);
    await stopped(world, stateFolder);
    const again = await stopped(world, stateFolder, {}, { from: 1 });
    expect([again.resumed, again.committed]).toEqual([[1], [3]]);
    await expect(stopped(world, stateFolder, {}, { from: 2 })).rejects.toThrow('The run cannot resume from checkpoint 2: there is none of that number');
  });

  test('not from a pipeline that has changed, unless it may lose that state', async () => {
    const [world, stateFolder] = [new World(), newFolder()];
    await stopped(world, stateFolder);
    const changed = { params: { windows: { size: '5 m' } } };
    await expect(stopped(world, stateFolder, changed)).rejects.toThrow(
      /since checkpoint 1, and the state of one node does not fit any more: "windows" \(its size was changed from nothing to 5 m\)/,
    );
    const again = await stopped(world, stateFolder, changed, { dropChangedState: true });
    expect(again.resumed).toEqual([1]);
    expect(again.logs).toContain('warning: The state of "windows" was dropped: its size was changed from nothing to 5 m.');
    const { a, x } = endless(world).nodes;
    const other: Partial<Trial> = { name: 'Other', nodes: { q: a!, r: windows, s: x! }, edges: ['q -> r', 'r -> s'], groups: [['q']] };
    await expect(stopped(world, stateFolder, other)).rejects.toThrow('Checkpoint 2 is of another pipeline, "Trial"');
  });
});
