/** A disk that is full for a while, and databases that others lock for a while: the run waits or starts again, and loses nothing. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from './disturbed-run.ts';
import { count } from './pipeline.ts';
import { Feeder, Playground } from './rounds.ts';

let playground: Playground;
const mounted: string[] = [];
beforeEach(() => {
  playground = new Playground();
});
afterEach(async () => {
  await playground.end();
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
  await playground.close();
});

function mount(folder: string, megabytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]).status === 0;
  if (isMounted) mounted.push(folder);
  return isMounted;
}

/** Takes all room that is left, but for less than a page. */
function fill(file: string): void {
  for (const size of [1 << 20, 1 << 16, 1 << 12]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;

test.skipIf(!mayMount)('a disk that is full again and again, of the outputs and of the checkpoints', { timeout: 600_000 }, async (context) => {
  const place = join(playground.folder, 'small');
  if (!mount(place, 64)) context.skip('no file system can be mounted here');
  const data = join(playground.folder, 'disturbed-data');
  if (!mount(data, 16)) context.skip('no file system can be mounted here');
  const { run, feed } = playground.open('disturbed', null, place);
  const feeder = new Feeder(feed);
  run.start();
  await until(
    () => count(place, 'one.db', 'readings') > 0,
    () => run.words,
  );
  for (const full of [place, data, place]) {
    const before = run.words.length;
    await until(
      () => {
        // Again and again: what the run takes away makes room.
        fill(join(full, 'ballast'));
        return /full|no space|ENOSPC/i.test(run.words.slice(before)) || !run.isAlive;
      },
      () => `It did not notice. ${run.words}`,
    );
    expect(run.isAlive, run.words).toBe(true);
    await sleep(500);
    rmSync(join(full, 'ballast'));
    const rows = count(place, 'one.db', 'readings');
    await until(
      () => count(place, 'one.db', 'readings') > rows,
      () => `It did not go on. ${run.words}`,
    );
  }
  feeder.stop();
  await playground.compare(run, place, feeder.orders);
});

test.skipIf(!mayMount)('outputs on a file system that is unmounted, and mounted again', { timeout: 600_000 }, async (context) => {
  const place = join(playground.folder, 'stick');
  const content = join(playground.folder, 'stick-content');
  mkdirSync(content);
  const plugIn = () => spawnSync('mount', ['--bind', content, place]).status === 0;
  mkdirSync(place);
  if (!plugIn()) context.skip('no file system can be mounted here');
  mounted.push(place);
  const { run, feed } = playground.open('disturbed', null, place);
  const feeder = new Feeder(feed);
  run.start();
  await until(
    () => count(place, 'one.db', 'readings') > 0,
    () => run.words,
  );
  const before = run.words.length;
  const rows = count(place, 'one.db', 'readings');
  // Lazily: the run has files open there, as with a stick that is pulled out.
  spawnSync('umount', ['-l', place]);
  await until(
    () => /gone|not there|does not exist|missing/.test(run.words.slice(before)) || !run.isAlive,
    () => `It did not notice. ${run.words}`,
  );
  expect(run.isAlive, run.words).toBe(true);
  expect(readdirSync(place), 'files beside the mount').toEqual([]);
  expect(plugIn()).toBe(true);
  await until(
    () => count(place, 'one.db', 'readings') > rows,
    () => `It did not go on. ${run.words}`,
  );
  feeder.stop();
  await playground.compare(run, place, feeder.orders);
});

/** Takes a database for itself. The run leaves it for moments only: whoever waits asks often, and lets orders come meanwhile. */
async function lock(file: string): Promise<Database.Database> {
  const other = new Database(file, { timeout: 0 });
  for (const deadline = Date.now() + 120_000; ; await sleep(1)) {
    try {
      return other.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      if (!/^SQLITE_BUSY/.test((error as { code?: string }).code ?? '') || Date.now() > deadline) throw error;
    }
  }
}

test('databases that another program locks for a while', { timeout: 600_000 }, async () => {
  const { run, place, feed } = playground.open('disturbed', null);
  const feeder = new Feeder(feed);
  run.start();
  await until(
    () => count(place, 'two.db', 'minutes') > 0,
    () => run.words,
  );
  for (const [file, ms] of [
    ['one.db', 1500],
    ['two.db', null],
    ['one.db', 300],
  ] as const) {
    const other = await lock(join(place, file));
    // Once for so long that the run says what it waits for.
    if (ms !== null) await sleep(ms);
    else
      await until(
        () => new RegExp(`has locked .*${file}`).test(run.words),
        () => run.words,
      );
    other.exec('ROLLBACK');
    other.close();
    expect(run.isAlive, run.words).toBe(true);
    await sleep(400);
  }
  feeder.stop();
  await playground.compare(run, place, feeder.orders);
});
