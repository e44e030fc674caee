/** Sort and remove duplicates over far more than memory may hold, killed in between, against SQL over the same rows. */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newFolder, node, pipeline, RunTrial } from './run-trial.ts';

const megabyte = 2 ** 20;
const rowCount = 150_000;
let seed = 5;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
/** Each key comes four times, at any time, and each value some times. */
const events = Array.from({ length: rowCount }, (_, n) => ({ n, key: `device-${random(rowCount / 4)}`, value: random(rowCount / 10) }));

let folder: string;
const trials: RunTrial[] = [];
const memory = process.env['MILLRACE_STATE_MEMORY_MB'];
beforeEach(() => {
  folder = newFolder();
  process.env['MILLRACE_STATE_MEMORY_MB'] = '2';
});
afterEach(() => {
  if (memory === undefined) delete process.env['MILLRACE_STATE_MEMORY_MB'];
  else process.env['MILLRACE_STATE_MEMORY_MB'] = memory;
  for (const trial of trials.splice(0)) trial.kill();
  rmSync(folder, { recursive: true, force: true });
});

const table = (name: string) => node('sqlite-table', { path: 'out.db', table: name, mode: 'append' });
const trial = pipeline(
  {
    events: node('csv-file', { path: 'events.csv' }),
    sorted: node('sort', { by: [{ column: 'value', direction: 'desc' }] }),
    first: node('dedupe', { keys: ['key'], keep: 'first' }),
    last: node('dedupe', { keys: ['key'], keep: 'last' }),
    sortedOut: table('sorted'),
    firstOut: table('first'),
    lastOut: table('last'),
  },
  ['sorted', 'first', 'last'].flatMap((id) => [`events -> ${id}`, `${id} -> ${id}Out`]),
);

const wanted = {
  sorted: 'SELECT n FROM events ORDER BY value DESC, n',
  first: 'SELECT min(n) AS n FROM events GROUP BY key ORDER BY n',
  last: 'SELECT max(n) AS n FROM events GROUP BY key ORDER BY n',
} as const;

it('gives what SQL does of more rows and keys than memory holds, also when it is killed in between', async () => {
  writeFileSync(join(folder, 'events.csv'), `n,key,value\n${events.map(({ n, key, value }) => `${n},${key},${value}\n`).join('')}`);
  const stateFolder = join(folder, 'state');
  const options = { commits: 'checkpoint', checkpointEveryMs: 3_600_000, from: 'latest', stateFolder } as const;
  const begin = async (): Promise<RunTrial> => {
    const next = new RunTrial();
    trials.push(next);
    await next.start(trial, folder, undefined, options);
    return next;
  };

  const first = await begin();
  await first.reached('sorted', rowCount / 4);
  await first.client.request('pause', {});
  const { id } = await first.client.request('checkpoint', {});
  for (const name of ['sorted', 'first', 'last']) expect(first.summary!.stats[name]!.state!.bytes, name).toBeGreaterThan(megabyte / 2);
  const sizes = readdirSync(stateFolder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => ({ name: file.name, bytes: statSync(join(file.parentPath, file.name)).size }));
  expect(sizes.find(({ name }) => name === 'state.db')!.bytes).toBeGreaterThan(2 * megabyte);
  for (const { name, bytes } of sizes) if (!name.startsWith('state.db')) expect(bytes, name).toBeLessThan(megabyte / 2);
  await first.client.request('resume', {});
  await first.reached('sorted', rowCount / 2);
  first.kill();
  await first.ended.catch(() => {});

  const second = await (await begin()).ended;
  expect([second.state, second.problems]).toEqual(['done', []]);
  expect(second.resumedFrom).toBe(id);
  expect(second.stats['sorted']!.in).toBe(rowCount);

  const database = new Sqlite(join(folder, 'out.db'));
  try {
    database.exec('CREATE TEMP TABLE events (n INTEGER, key TEXT, value INTEGER)');
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?)');
    database.transaction(() => {
      for (const { n, key, value } of events) insert.run(n, key, value);
    })();
    const list = (query: string) => database.prepare(query).pluck().all().join(' ');
    for (const [name, query] of Object.entries(wanted)) expect(list(`SELECT n FROM "${name}" ORDER BY rowid`) === list(query), name).toBe(true);
  } finally {
    database.close();
  }
});
