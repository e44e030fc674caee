import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineNode, type NodeDefinition, type Writer } from '@millrace/kit/node';
import { afterEach, describe, expect, test } from 'vitest';
import { endOfTime } from '../../../model/schema/event-time.ts';
import { endless, execution, fileSink, range, source, type Trial, turn, until, World, windows } from '../../../test/engine/execution-trial.ts';
import { identity } from '../../../test/engine/identity.ts';
import { toNative } from '../../../test/engine/native-op.ts';
import { CheckpointStore } from '../../store/checkpoints.ts';
import { countTurn, newMonitor, readMonitor } from './monitor.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-execution-'));
  folders.push(folder);
  return folder;
}
describe('the ways to end', () => {
  test('with a checkpoint: what is held stays held, and the next run goes on from there', async () => {
    const world = new World();
    const stateFolder = newFolder();
    const stop = (how: 'checkpoint' | 'drain' | 'cancel') =>
      until(
        12,
        { stateFolder },
        (onRead) => endless(world, {}, onRead),
        (each) => each.stop(how),
      );
    const first = await stop('checkpoint');
    expect([first.isDone, first.committed]).toEqual([false, [1]]);
    expect(world.at('x').rows).toEqual([{ window: 0, sum: 45 }]);
    expect(world.forgotten).toEqual([12]);
    expect(first.execution.snapshot().counts['windows']).toMatchObject({ in: 12, state: { entries: 1 } });

    const second = await stop('drain');
    expect([second.isDone, second.resumed, second.committed]).toEqual([true, [1], [2]]);
    expect(world.at('x').rows).toEqual([
      { window: 0, sum: 45 },
      { window: 1, sum: 21 },
    ]);
    expect(second.execution.snapshot().counts['a']).toMatchObject({ out: { rows: 12 } });

    // After that only positions go on.
    const third = await stop('drain');
    expect([third.resumed, third.committed, world.at('x').rows.length]).toEqual([[2], [3], 2]);
    expect(third.execution.snapshot().counts['a']).toMatchObject({ out: { rows: 0 } });
  });

  test('at once: back to the last commit', async () => {
    const world = new World();
    const stateFolder = newFolder();
    const ended = await until(
      12,
      { stateFolder },
      (onRead) => endless(world, {}, onRead),
      (each) => each.stop('cancel'),
    );
    expect([ended.isDone, ended.committed, world.at('x').rows]).toEqual([false, [], []]);
  });

  test('a rejected preparation ends the run with its error, and undoes what others had prepared', async () => {
    const world = new World();
    const stateFolder = newFolder();
    const prepare = () => {
      throw new Error('the disk is full');
    };
    const make = (onRead: (at: number) => void): Trial => ({
      ...endless(world, {}, onRead),
      nodes: { ...endless(world, {}, onRead).nodes, y: fileSink(world, 'y', false), z: fileSink(world, 'z', false, prepare) },
      edges: ['a -> windows', 'windows -> x', 'windows -> y', 'windows -> z'],
    });
    await expect(until(12, { stateFolder }, make, (each) => void each.checkpoint().catch(() => {}))).rejects.toThrow('the disk is full');
    expect([world.at('x').prepared.size, world.at('y').prepared.size, readdirSync(stateFolder)]).toEqual([0, 0, ['lineage', 'pipeline.json']]);
  });

  test('a run that commits at its end makes no checkpoint, and stopping it with one is a cancel', async () => {
    const world = new World();
    let refused: Promise<unknown> | undefined;
    const ended = await until(
      12,
      { commits: 'end' },
      (onRead) => endless(world, {}, onRead),
      (each) => {
        refused = each.checkpoint().catch((error: Error) => error.message);
        each.stop('checkpoint');
      },
    );
    expect([ended.isDone, world.at('x').rows]).toEqual([false, []]);
    expect(await refused).toMatch(/commits once, at its end/);
  });
});

describe('while it runs', () => {
  test('a paused run reads nothing, and makes checkpoints', async () => {
    const world = new World();
    const reads: number[] = [];
    const ended = await until(
      3,
      { stateFolder: newFolder() },
      (onRead) => {
        const look = (at: number) => {
          reads.push(at);
          onRead(at);
        };
        const trial = endless(world);
        return {
          ...trial,
          nodes: { ...trial.nodes, a: source(world, { rows: range(12), size: 3, slowEvery: 1, endless: true, onRead: look }) },
        };
      },
      async (each) => {
        each.pause();
        const { id } = await each.checkpoint();
        const before = reads.length;
        for (let i = 0; i < 20; i++) await turn();
        expect([id, reads.length]).toEqual([1, before]);
        each.resume();
        while (reads.at(-1) !== 12) await turn();
        each.stop('checkpoint');
      },
    );
    expect(ended.committed).toEqual([1, 2]);
    expect(world.at('x').rows).toEqual([{ window: 0, sum: 45 }]);
  });

  test('checkpoints come by themselves, and only so many are kept', async () => {
    const world = new World();
    const stateFolder = newFolder();
    const { execution: running, committed } = execution(endless(world), { stateFolder, checkpointEveryMs: 1, keepCheckpoints: 2 });
    const done = running.run();
    while (committed.length < 5) await turn();
    running.stop('cancel');
    await done;
    await running.flow?.close();
    expect(new CheckpointStore(stateFolder).list().map(({ id }) => id)).toEqual([committed.at(-1), committed.at(-1)! - 1]);
  });
});

test('sources and nodes tell how they spend their time, and what they keep', async () => {
  const world = new World();
  const trial: Trial = {
    nodes: { a: source(world, { rows: range(12), size: 3, slowEvery: 1 }), x: fileSink(world, 'x', true) },
    edges: ['a -> x'],
    groups: [['a']],
  };
  const { execution: running } = execution(trial, {});
  expect(await running.run()).toBe(true);
  await running.flow?.close();
  const { idleMs, blockedMs } = running.snapshot().counts['a']!;
  expect(idleMs).toBeGreaterThan(0);
  expect(blockedMs).toBeGreaterThan(0);
});

test('a node that waits for the time of a silent source says so', async () => {
  const world = new World();
  const trial: Trial = {
    nodes: {
      loud: source(world, { rows: range(100), size: 10, slowEvery: 0 }),
      silent: source(world, { rows: [3], size: 1, slowEvery: 0, endless: true }),
      windows,
      x: fileSink(world, 'x', false),
    },
    edges: ['loud -> windows', 'silent -> windows', 'windows -> x'],
    groups: [['loud', 'silent']],
    bounded: false,
  };
  const { execution: running } = execution(trial, {});
  const done = running.run();
  while (running.snapshot().counts['loud']?.watermark !== endOfTime) await turn();
  expect(running.flow!.waiting()).toEqual([{ node: 'windows', watermark: 3, holder: 'silent' }]);
  running.stop('cancel');
  expect(await done).toBe(false);
  await running.flow?.close();
});

test('checkpoints, commits and the way back to one are seen as work of the engine, however long they take', async () => {
  const world = new World();
  const stateFolder = newFolder();
  const monitor = newMonitor();
  countTurn(monitor);
  const seen: Record<string, boolean> = {};
  const note = (what: string) => {
    seen[what] = readMonitor(monitor).isEngine;
  };
  const { a } = endless(world).nodes;
  /** Heard of when it is serialised. */
  const told = (what: string) => ({
    get n() {
      note(what);
      return 1;
    },
  });
  const keeper: NodeDefinition = defineNode({
    ...identity,
    type: 'keeper',
    kind: 'transform',
    inputs: [{ name: 'rows' }],
    outputs: [{ name: 'rows' }],
    lower: toNative(),
    run({ emit, state }) {
      const kept = state<{ n: number }>('kept');
      return {
        process(rows) {
          note('code of users');
          kept.set('key', told('keyed state'));
          emit('rows', rows);
        },
        snapshot: () => {
          note('snapshot');
          return told('state');
        },
      };
    },
  });
  const sink: NodeDefinition = defineNode({
    ...identity,
    type: 'sink',
    kind: 'sink',
    inputs: [{ name: 'rows' }],
    committedCheckpoint: async () => {
      await turn();
      note('looking for a checkpoint');
      return 1;
    },
    async run(): Promise<Writer> {
      await turn();
      note('opening');
      return {
        transaction: { keepRedo() {} },
        write() {},
        async prepare() {
          await turn();
          note('preparing');
          return told('token') as { n: number };
        },
        async commit() {
          await turn();
          note('committing');
        },
        abort() {},
        close: () => note('closing'),
        output: () => ({ kind: 'sqlite', path: '/x', table: 't' }),
      };
    },
  });
  const trial: Trial = { nodes: { a: a!, keeper, sink }, edges: ['a -> keeper', 'keeper -> sink'], groups: [['a']], bounded: false };
  for (let start = 0; start < 2; start++) {
    const { execution: running, committed } = execution(trial, { stateFolder, checkpointEveryMs: 1 }, monitor);
    const done = running.run();
    while (committed.length === 0) await turn();
    running.stop('cancel');
    await done;
    await running.flow?.close();
  }
  const { 'code of users': code, ...engine } = seen;
  expect(code).toBe(false);
  const every = ['closing', 'committing', 'keyed state', 'looking for a checkpoint', 'opening', 'preparing', 'snapshot', 'state', 'token'];
  expect(engine).toEqual(Object.fromEntries(every.map((what) => [what, true])));
  expect(readMonitor(monitor).isEngine).toBe(false);
});
