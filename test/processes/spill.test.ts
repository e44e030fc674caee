/** Aggregations over far more groups than memory may hold, killed in between, against SQL over the same rows. */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newFolder, node, pipeline, RunTrial } from './run-trial.ts';

const megabyte = 2 ** 20;
const rowCount = 30_000;
const disorder = 3000;
const minute = 60_000;
const gap = 20_000;
const start = Date.UTC(2024, 0, 1);
let seed = 5;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
/** Most keys come twice in a window of ten minutes, and not all of that within the gap of a session. */
const events = Array.from({ length: rowCount }, (_, n) => ({ ms: start + n * 10, key: `device-${random(25_000)}`, n, place: n * 10 + random(disorder) })).sort(
  (a, b) => a.place - b.place,
);

let folder: string;
const trials: RunTrial[] = [];
const memory = process.env['MILLRACE_STATE_MEMORY_MB'];
beforeEach(() => {
  folder = newFolder();
  process.env['MILLRACE_STATE_MEMORY_MB'] = '1';
});
afterEach(() => {
  if (memory === undefined) delete process.env['MILLRACE_STATE_MEMORY_MB'];
  else process.env['MILLRACE_STATE_MEMORY_MB'] = memory;
  for (const trial of trials.splice(0)) trial.kill();
  rmSync(folder, { recursive: true, force: true });
});

const count = { function: 'count', name: 'count' };
const sum = { function: 'sum', column: 'n', name: 'sum' };
const last = { function: 'last', column: 'n', name: 'last' };
const table = (name: string) => node('sqlite-table', { path: 'out.db', table: name, mode: 'append' });
const trial = pipeline(
  {
    events: node('csv-file', { path: 'events.csv', eventTime: 'column', timeColumn: 'time', outOfOrder: disorder }),
    windows: node('aggregate', { groupBy: ['key'], aggregations: [count, sum, last], window: 'tumbling', every: 10 * minute }),
    sessions: node('aggregate', { groupBy: ['key'], aggregations: [count, sum], window: 'session', gap }),
    whole: node('aggregate', { groupBy: ['key'], aggregations: [count, { function: 'distinctCount', column: 'n', name: 'different' }] }),
    top: node('top-n', { keys: ['key'], column: 'n', count: 2, over: 'tumbling', every: 10 * minute }),
    windowsOut: table('windows'),
    sessionsOut: table('sessions'),
    wholeOut: table('whole'),
    topOut: table('top'),
  },
  ['windows', 'sessions', 'whole', 'top'].flatMap((id) => [`events -> ${id}`, `${id} -> ${id}Out`]),
);

const wanted = {
  windows: `SELECT DISTINCT key, ms / 600000 AS window, count(*) OVER w AS count, sum(n) OVER w AS sum, last_value(n) OVER w AS last FROM events
    WINDOW w AS (PARTITION BY key, ms / 600000 ORDER BY ms ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`,
  sessions: `SELECT key, count(*) AS count, sum(n) AS sum FROM
    (SELECT *, sum(begins) OVER (PARTITION BY key ORDER BY ms) AS session FROM
      (SELECT *, ms - lag(ms, 1, 0) OVER (PARTITION BY key ORDER BY ms) >= ${gap} AS begins FROM events))
    GROUP BY key, session`,
  whole: 'SELECT key, count(*) AS count, count(DISTINCT n) AS different FROM events GROUP BY key',
  top: 'SELECT * FROM (SELECT key, n, row_number() OVER (PARTITION BY key, ms / 600000 ORDER BY n DESC) AS rank FROM events) WHERE rank <= 2',
} as const;

it('gives what SQL does of more groups than memory holds, also when it is killed in between', async () => {
  writeFileSync(join(folder, 'events.csv'), `time,key,n\n${events.map(({ ms, key, n }) => `${new Date(ms).toISOString()},${key},${n}\n`).join('')}`);
  const stateFolder = join(folder, 'state');
  const options = { commits: 'checkpoint', checkpointEveryMs: 1000, from: 'latest', stateFolder } as const;
  const begin = async (): Promise<RunTrial> => {
    const next = new RunTrial();
    trials.push(next);
    await next.start(trial, folder, undefined, options);
    return next;
  };

  const first = await begin();
  await first.reached('whole', rowCount / 2);
  await first.client.request('pause', {});
  const { id } = await first.client.request('checkpoint', {});
  const { state } = first.summary!.stats['whole']!;
  expect(state!.bytes).toBeGreaterThan(megabyte / 4);
  const sizes = readdirSync(stateFolder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    // A checkpoint that is made meanwhile moves its files.
    .map((file) => ({ name: file.name, bytes: statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0 }));
  expect(sizes.find(({ name }) => name === 'state.db')!.bytes).toBeGreaterThan(megabyte);
  for (const { name, bytes } of sizes) if (!name.startsWith('state.db')) expect(bytes, name).toBeLessThan(megabyte / 2);
  await first.client.request('resume', {});
  await first.reached('whole', (rowCount * 3) / 4);
  first.kill();
  await first.ended.catch(() => {});

  const second = await (await begin()).ended;
  expect([second.state, second.problems]).toEqual(['done', []]);
  expect(second.resumedFrom).toBeGreaterThanOrEqual(id);
  expect(second.stats['whole']!.in).toBe(rowCount);

  const database = new Sqlite(join(folder, 'out.db'));
  try {
    database.exec('CREATE TEMP TABLE events (ms INTEGER, key TEXT, n INTEGER)');
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?)');
    database.transaction(() => {
      for (const { ms, key, n } of events) insert.run(ms, key, n);
    })();
    for (const [name, query] of Object.entries(wanted)) {
      const columns = query.includes(' AS last')
        ? 'key, count, sum, last'
        : { sessions: 'key, count, sum', whole: 'key, count, different', top: 'key, n, rank' }[name];
      const sorted = (from: string) => database.prepare(`SELECT ${columns} FROM ${from} ORDER BY ${columns}`).raw().all();
      expect(sorted(`"${name}"`), name).toEqual(sorted(`(${query})`));
    }
  } finally {
    database.close();
  }
});
