import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import '../../test/property-seed.ts';
import { type CheckpointHead, CheckpointStore, latestCheckpoint, type RewindableSource } from './checkpoints.ts';
import { lockStateFolder } from './checkpoints-lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-checkpoints-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const head = (id: number, lineage = 'one'): CheckpointHead => ({
  id,
  at: 1000 * id,
  lineage,
  pipeline: 'Trial',
  kind: 'running',
  decider: null,
  shape: { pipeline: 'Trial', nodes: {} },
});
const content = { list: [1, null, 'ü', undefined], bytes: new Uint8Array([1, 2]), numbers: new Float64Array([0.5]), map: new Map([[1, { big: 2 ** 60 }]]) };
const fileOf = (id: number, kind: 'millrace' | 'copy' = 'millrace') => join(folder, `checkpoint-${String(id).padStart(8, '0')}.${kind}`);

describe('checkpoints', () => {
  test('come back as they were, the newest first', async () => {
    const store = new CheckpointStore(join(folder, 'made', 'when needed'));
    expect([store.list(), store.highest()]).toEqual([[], 0]);
    for (const id of [1, 2, 10]) await store.write(head(id), { ...content, id });
    const again = new CheckpointStore(store.folder);
    expect(again.list().map(({ id, at, lineage }) => [id, at, lineage])).toEqual([
      [10, 10_000, 'one'],
      [2, 2000, 'one'],
      [1, 1000, 'one'],
    ]);
    expect(again.list()[0]!.bytes).toBe(readFileSync(join(store.folder, 'checkpoint-00000010.millrace')).length);
    expect(again.read(2)).toMatchObject({ head: head(2), content: { ...content, id: 2 } });
    expect(again.highest()).toBe(10);
  });

  test('have sources beside them that keep books of them, for as long as there are any', async () => {
    const told: string[] = [];
    const store = new CheckpointStore(folder, (message) => told.push(message));
    const keeper = (path: string): RewindableSource => ({ type: 'replay', params: { path, only: null } });
    const [one, other] = [keeper('one'), keeper('other')];
    await store.addRewindable([]);
    expect([readdirSync(folder), store.rewindable()]).toEqual([[], []]);
    await store.addRewindable([one]);
    await store.addRewindable([one, other]);
    await store.write(head(1), {});
    store.removeAfter(0);
    expect(new CheckpointStore(folder).rewindable()).toEqual([one, other]);
    truncateSync(join(folder, 'bookkeepers.json'), 10);
    expect(store.rewindable()).toEqual([]);
    expect(told).toEqual([expect.stringContaining('stay marked as replayed')]);
    await store.addRewindable([other]);
    expect(store.rewindable()).toEqual([other]);
    store.clear();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('are pruned by number and lineage', async () => {
    const store = new CheckpointStore(folder);
    await store.setLineage('one');
    for (const id of [1, 2, 3, 4]) await store.write(head(id), {});
    expect(store.prune(3, 'one')).toBe(2);
    await store.write(head(5, 'two'), {});
    expect(latestCheckpoint(folder)?.id).toBe(4);
    await store.setLineage('two');
    expect(latestCheckpoint(folder)?.id).toBe(5);
    // By a store that has written none of them.
    expect(new CheckpointStore(folder).prune(3, 'two')).toBe(5);
    expect(store.list().map(({ id }) => id)).toEqual([5]);
    store.clear();
    expect([readdirSync(folder), store.lineage(), latestCheckpoint(folder)]).toEqual([[], null, null]);
  });

  test('of which any byte was lost or changed are told from sound ones', async () => {
    const store = new CheckpointStore(folder);
    await store.write(head(1), content);
    const sound = readFileSync(fileOf(1));
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isCut) => {
        const damaged = Buffer.from(isCut ? sound.subarray(0, at) : sound);
        if (!isCut) damaged[at]! ^= flip;
        const told: string[] = [];
        const found = () => new CheckpointStore(folder, (message) => told.push(message)).list().map(({ id }) => id);
        writeFileSync(fileOf(1), damaged);
        writeFileSync(fileOf(1, 'copy'), sound);
        expect(found()).toEqual([1]);
        expect(told).toEqual([expect.stringMatching(/^The file of checkpoint 1 is damaged: .+\. Its copy is sound and is used instead\.$/)]);
        writeFileSync(fileOf(1), sound);
        writeFileSync(fileOf(1, 'copy'), damaged);
        expect(found()).toEqual([1]);
        expect(told.splice(0)).toHaveLength(1);
        writeFileSync(fileOf(1), damaged);
        expect(found()).toEqual([]);
        expect(told).toEqual([expect.stringMatching(/^Checkpoint 1 is damaged and was left out: .+\.$/)]);
      }),
    );
  });

  test('are there twice: of either file alone they come back, and both are removed', async () => {
    const told: string[] = [];
    const store = new CheckpointStore(folder, (message) => told.push(message));
    for (const id of [1, 2, 3]) await store.write(head(id), { ...content, id });
    rmSync(fileOf(1, 'copy'));
    rmSync(fileOf(2));
    expect(store.list().map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(store.read(2)).toMatchObject({ head: head(2), content: { ...content, id: 2 } });
    expect(told).toEqual(['The file of checkpoint 2 is damaged: its file is missing. Its copy is sound and is used instead.']);
    store.remove(2);
    store.remove(3);
    expect(store.list().map(({ id }) => id)).toEqual([1]);
    expect(readdirSync(folder)).toEqual(['checkpoint-00000001.millrace']);
  });

  test('count without a copy, which is told', async () => {
    mkdirSync(fileOf(1, 'copy'));
    const told: string[] = [];
    const store = new CheckpointStore(folder, (message) => told.push(message));
    expect(await store.write(head(1), content)).toBeGreaterThan(100);
    expect(told).toEqual([expect.stringMatching(/^Checkpoints are kept without a copy: .+\.$/)]);
    expect(store.read(1).content).toEqual(content);
  });

  test('that are damaged or missing are refused by name, with those that there are', async () => {
    const store = new CheckpointStore(folder);
    for (const id of [1, 2, 3]) await store.write(head(id), content);
    for (const kind of ['millrace', 'copy'] as const) truncateSync(fileOf(3, kind), 100);
    expect(latestCheckpoint(folder)?.id).toBe(2);
    const problem = (id: number) => {
      try {
        store.read(id);
      } catch (error) {
        return (error as { problem?: unknown }).problem;
      }
    };
    const hint = 'There are these checkpoints: 2, 1.';
    expect(problem(3)).toMatchObject({
      code: 'checkpoint/missing',
      message: 'The run cannot resume from checkpoint 3: it is damaged: its checksum is wrong.',
      hint,
    });
    expect(problem(7)).toMatchObject({ message: 'The run cannot resume from checkpoint 7: there is none of that number.', hint });
    // A damaged one does not replace a sound one.
    expect(new CheckpointStore(folder).prune(2, 'one')).toBe(1);
  });

  test('that cannot be written leave nothing behind', async () => {
    const store = new CheckpointStore(folder);
    await expect(store.write(head(1), { no: () => {} })).rejects.toThrow();
    writeFileSync(join(folder, 'file'), '');
    await expect(new CheckpointStore(join(folder, 'file')).write(head(1), {})).rejects.toThrow(/could not be written|EEXIST|ENOTDIR/);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('the lock of a state folder', () => {
  const lock = () => readFileSync(join(folder, 'run.lock'), 'utf8');

  test('is for one at a time, and free again when it is given back', () => {
    const unlock = lockStateFolder(folder);
    expect(() => lockStateFolder(folder)).toThrow(`Another run of this pipeline is under way, in process ${process.pid}.`);
    unlock();
    unlock();
    lockStateFolder(folder)();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is that of a live process, and no longer that of a dead one', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(other, 'spawn');
    writeFileSync(join(folder, 'run.lock'), JSON.stringify({ pid: other.pid, startedAt: null }));
    expect(() => lockStateFolder(folder)).toThrow(`in process ${other.pid}`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const unlock = lockStateFolder(folder);
    expect(JSON.parse(lock()).pid).toBe(process.pid);
    unlock();
  });

  test('does not count where its process number belongs to another one now, or where it is no lock at all', () => {
    for (const text of [JSON.stringify({ pid: process.pid, startedAt: 'long ago' }), '', 'x']) {
      writeFileSync(join(folder, 'run.lock'), text);
      lockStateFolder(folder)();
    }
    if (process.platform === 'linux') {
      writeFileSync(join(folder, 'run.lock'), JSON.stringify({ pid: 1, startedAt: '-1' }));
      lockStateFolder(folder)();
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});
