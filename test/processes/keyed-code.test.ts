/** Keyed code in a real run: confined, over a file out of order, with the watermarks of its source, against SQL over the same rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPipeline } from '../command-line.ts';

const rowCount = 5000;
const disorder = 3000;
let seed = 11;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
const start = Date.UTC(2024, 0, 1);
const events = Array.from({ length: rowCount }, (_, n) => ({ ms: start + n * 50, key: `k${random(80)}`, n, place: n * 50 + random(disorder) })).sort(
  (a, b) => a.place - b.place,
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-keyed-'));
  writeFileSync(join(folder, 'in.csv'), `time,key,n\n${events.map(({ ms, key, n }) => `${new Date(ms).toISOString()},${key},${n}\n`).join('')}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Sums by windows of seven seconds, by hand: a timer for each window, and a throw now and then. */
const code = `interface State { sums: any }
export const initial: State = { sums: {} };

export function onRow(row: Row, state: State, context: Context) {
  if (row.n % 1000 === 999) throw new Error('not this one');
  const end = time.floor(row.time, 7000) + 7000;
  const name = String(end);
  state.sums[name] = (state.sums[name] ?? 0) + row.n;
  context.setTimer(end - 1, name);
  return null;
}

export function onTimer(timer: Timer, state: State, context: Context) {
  const sum = Number(state.sums[timer.name]);
  delete state.sums[timer.name];
  if (Object.keys(state.sums).length === 0) context.forget();
  return { time: timer.time, key: context.key.key, sum, ended: context.ended };
}
`;

it('sums by windows as SQL does, long before the input ends', async () => {
  const source = { type: 'csv-file', typeVersion: 1, params: { path: 'in.csv', eventTime: 'column', timeColumn: 'time', outOfOrder: disorder } };
  const pipeline = {
    format: 'millrace/pipeline',
    formatVersion: 1,
    name: 'keyed',
    parameters: {},
    nodes: {
      source,
      keyed: { type: 'keyed-code', typeVersion: 1, params: { keys: ['key'], code }, onError: 'skip' },
      out: { type: 'sqlite-table', typeVersion: 1, params: { path: 'out.db', table: 'sums', mode: 'replace' } },
    },
    edges: ['source.rows -> keyed.rows', 'keyed.rows -> out.rows'],
  };
  writeFileSync(join(folder, 'keyed.millrace.json'), JSON.stringify(pipeline));
  const { result } = await runPipeline('keyed.millrace.json', folder);
  expect(result).toMatchObject({ state: 'done', stats: { keyed: { in: rowCount, failed: rowCount / 1000 } } });
  expect(result.problems[0]).toMatchObject({
    code: 'code/threw',
    message: 'not this one.',
    node: 'keyed',
    field: 'code',
    range: { line: 5 },
    row: { n: expect.any(Number) as number },
  });

  const database = new Sqlite(join(folder, 'out.db'));
  try {
    database.exec('CREATE TABLE events (ms INTEGER, key TEXT, n INTEGER)');
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?)');
    database.transaction(() => {
      for (const { ms, key, n } of events) insert.run(ms, key, n);
    })();
    const wanted = database.prepare('SELECT key, sum(n) AS sum FROM events WHERE n % 1000 <> 999 GROUP BY key, ms / 7000 ORDER BY key, sum').all();
    expect(database.prepare('SELECT key, sum FROM sums ORDER BY key, sum').all()).toEqual(wanted);
    const { atEnd } = database.prepare<[], { atEnd: number }>('SELECT count(*) AS atEnd FROM sums WHERE ended').get()!;
    expect(atEnd).toBeLessThan(wanted.length / 2);
  } finally {
    database.close();
  }
});
