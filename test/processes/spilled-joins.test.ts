/** Joins whose state is larger than the memory for it, in a real run that is killed on the way, against SQL over the same rows. */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contents, newFolder, node, pipeline, RunTrial } from './run-trial.ts';

const memory = 2 ** 19;
const rowCount = 12_000;
const keyCount = 10_000;
let seed = 5;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
const start = Date.UTC(2024, 0, 1);
const eventsOf = (offset: number) => Array.from({ length: rowCount }, (_, n) => ({ ms: start + n * 50 + offset, key: `key-${random(keyCount)}`, n }));
const lefts = eventsOf(0);
const rights = eventsOf(25);
// Every other key is known.
const names = Array.from({ length: keyCount }, (_, i) => ({ key: `key-${2 * i}`, name: `name ${i}` }));
const after = 600_000;

let folder: string;
const trials: RunTrial[] = [];
beforeAll(() => {
  folder = newFolder();
  process.env['MILLRACE_STATE_MEMORY_MB'] = `${memory / 2 ** 20}`;
  const csv = (events: typeof lefts, name: string) =>
    `time,key,${name}\n${events.map(({ ms, key, n }) => `${new Date(ms).toISOString()},${key},${n}\n`).join('')}`;
  writeFileSync(join(folder, 'left.csv'), csv(lefts, 'a'));
  writeFileSync(join(folder, 'right.csv'), csv(rights, 'b'));
  writeFileSync(join(folder, 'names.csv'), `key,name\n${names.map(({ key, name }) => `${key},${name}\n`).join('')}`);
});
afterAll(() => {
  delete process.env['MILLRACE_STATE_MEMORY_MB'];
  for (const trial of trials) trial.kill();
  rmSync(folder, { recursive: true, force: true });
});
function newTrial(): RunTrial {
  const trial = new RunTrial();
  trials.push(trial);
  return trial;
}

function expected(): unknown[] {
  const database = new Database(':memory:');
  try {
    database.exec('CREATE TABLE l (ms INTEGER, key TEXT, a INTEGER); CREATE TABLE r (ms INTEGER, key TEXT, b INTEGER); CREATE TABLE n (key TEXT, name TEXT)');
    const put = { l: database.prepare('INSERT INTO l VALUES (?, ?, ?)'), r: database.prepare('INSERT INTO r VALUES (?, ?, ?)') };
    const putName = database.prepare('INSERT INTO n VALUES (?, ?)');
    database.transaction(() => {
      for (const { ms, key, n } of lefts) put.l.run(ms, key, n);
      for (const { ms, key, n } of rights) put.r.run(ms, key, n);
      for (const { key, name } of names) putName.run(key, name);
    })();
    database.exec('CREATE INDEX i ON r (key); CREATE INDEX j ON n (key)');
    const query = `SELECT l.key, a, b, name FROM l LEFT JOIN r ON r.key = l.key AND r.ms BETWEEN l.ms AND l.ms + ${after} LEFT JOIN n ON n.key = l.key`;
    return database.prepare(query).raw().all();
  } finally {
    database.close();
  }
}
const asText = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

it('gives every row once, with checkpoints no larger than its memory', { timeout: 600_000 }, async () => {
  const source = (path: string) => node('csv-file', { path, eventTime: 'column', timeColumn: 'time' });
  const joins = pipeline(
    {
      left: source('left.csv'),
      right: source('right.csv'),
      names: node('csv-file', { path: 'names.csv' }),
      pairs: node('stream-join', { kind: 'left', keys: [{ left: 'key', right: 'key' }], before: 0, after }),
      named: node('join', { kind: 'left', keys: [{ column: 'key', lookup: 'key' }] }),
      out: node('sqlite-table', { path: 'out.db', table: 'rows', mode: 'append' }),
    },
    ['left -> pairs.left', 'right -> pairs.right', 'pairs -> named.rows', 'names -> named.lookup', 'named -> out'],
  );
  const stateFolder = join(folder, 'state');
  const options = { commits: 'checkpoint', checkpointEveryMs: 300, from: 'latest', stateFolder } as const;

  const first = newTrial();
  await first.start(joins, folder, undefined, options);
  await first.reached('pairs', rowCount);
  await first.client.request('pause', {});
  await first.client.request('checkpoint', {});
  const { stats, checkpoint } = first.summary!;
  expect(stats['pairs']!.state!.bytes).toBeGreaterThan(memory);
  expect(stats['named']!.state!.bytes).toBeGreaterThan(memory);
  expect(checkpoint!.bytes).toBeLessThan(memory);
  const files = readdirSync(stateFolder, { withFileTypes: true, recursive: true });
  // What was written last is in the write-ahead log beside it.
  const stateFiles = files.filter(({ name }) => name === 'state.db' || name === 'state.db-wal');
  expect(stateFiles.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)).toBeGreaterThan(memory);
  first.kill();
  await first.ended.catch(() => {});

  const second = newTrial();
  await second.start(joins, folder, undefined, options);
  const summary = await second.ended;
  expect([summary.state, summary.problems]).toEqual(['done', []]);
  expect(summary.resumedFrom).toBeGreaterThan(0);
  expect(summary.stats['pairs']).toMatchObject({ in: 2 * rowCount, late: 0, failed: 0 });
  const rows = contents(join(folder, 'out.db'))['rows'] as { readonly [column: string]: unknown }[];
  expect(asText(rows.map(({ key, a, b, name }) => [key, a, b, name]))).toEqual(asText(expected()));
});
