/** Joins and duplicates in real runs over files out of order, with the watermarks of their sources, against SQL over the same rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { runPipeline } from '../command-line.ts';

const rowCount = 3000;
const disorder = 3000;
/** Times are all different; `place` orders the rows as they stand in the file. */
interface Event {
  readonly ms: number;
  readonly key: string;
  readonly n: number;
  readonly place: number;
}
let seed = 7;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
function eventsOf(offset: number): Event[] {
  const start = Date.UTC(2024, 0, 1);
  const events = Array.from({ length: rowCount }, (_, n) => ({ ms: start + n * 50 + offset, key: `k${random(80)}`, n, place: n * 50 + random(disorder) }));
  return events.sort((a, b) => a.place - b.place);
}
const left = eventsOf(0);
const right = eventsOf(25);

let folder: string;
let database: Sqlite.Database;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-joins-'));
  const csv = (events: readonly Event[], name: string) =>
    `time,key,${name}\n${events.map(({ ms, key, n }) => `${new Date(ms).toISOString()},${key},${n}\n`).join('')}`;
  writeFileSync(join(folder, 'left.csv'), csv(left, 'a'));
  writeFileSync(join(folder, 'right.csv'), csv(right, 'b'));
  database = new Sqlite(':memory:');
  database.exec(
    'CREATE TABLE l (ms INTEGER, key TEXT, a INTEGER); CREATE TABLE r (ms INTEGER, key TEXT, b INTEGER); CREATE INDEX i ON r (key, ms); CREATE INDEX j ON l (key, ms)',
  );
  for (const { ms, key, n } of left) database.prepare('INSERT INTO l VALUES (?, ?, ?)').run(ms, key, n);
  for (const { ms, key, n } of right) database.prepare('INSERT INTO r VALUES (?, ?, ?)').run(ms, key, n);
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** Runs one node behind the two files (or the first alone) and gives its rows, less the columns of time, and its counts. */
async function run(name: string, type: string, params: object, inputs: readonly string[]) {
  const source = (path: string) => ({ type: 'csv-file', typeVersion: 1, params: { path, eventTime: 'column', timeColumn: 'time', outOfOrder: disorder } });
  const sources = Object.fromEntries(inputs.map((port, i) => [`from_${port}`, source(i === 0 ? 'left.csv' : 'right.csv')]));
  const out = { type: 'sqlite-table', typeVersion: 1, params: { path: 'out.db', table: name, mode: 'replace' } };
  const pipeline = {
    format: 'millrace/pipeline',
    formatVersion: 1,
    name,
    parameters: {},
    nodes: { ...sources, node: { type, typeVersion: 1, params }, out },
    edges: [...inputs.map((port) => `from_${port}.rows -> node.${port}`), 'node.rows -> out.rows'],
  };
  writeFileSync(join(folder, `${name}.millrace.json`), JSON.stringify(pipeline));
  const { result } = await runPipeline(`${name}.millrace.json`, folder);
  expect(result).toMatchObject({ state: 'done', problems: [] });
  const written = new Sqlite(join(folder, 'out.db'), { readonly: true });
  try {
    const rows = written.prepare(`SELECT * FROM "${name}"`).all() as Record<string, unknown>[];
    return { rows, stats: (result as RunSummary).stats['node']! };
  } finally {
    written.close();
  }
}
const asText = (rows: readonly object[], columns: readonly string[]) => rows.map((row) => JSON.stringify(columns.map((name) => (row as any)[name]))).sort();

const keys = [{ left: 'key', right: 'key' }];
const words = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', outer: 'FULL JOIN' } as const;

describe('streams', () => {
  it.each(['inner', 'left', 'right', 'outer'] as const)('%s, within a range', async (kind) => {
    const { rows, stats } = await run(`range_${kind}`, 'stream-join', { kind, keys, before: 4000, after: 9000 }, ['left', 'right']);
    const wanted = database.prepare(
      `SELECT coalesce(l.key, r.key) AS key, a, b FROM l ${words[kind]} r ON l.key = r.key AND r.ms BETWEEN l.ms - 4000 AND l.ms + 9000`,
    );
    expect(asText(rows, ['key', 'a', 'b'])).toEqual(asText(wanted.all() as object[], ['key', 'a', 'b']));
    expect(stats).toMatchObject({ in: 2 * rowCount, late: 0, failed: 0 });
  });

  it('in tumbling windows', async () => {
    const { rows } = await run('tumbling', 'stream-join', { kind: 'outer', keys, match: 'tumbling', every: 7000 }, ['left', 'right']);
    const wanted = database.prepare('SELECT coalesce(l.key, r.key) AS key, a, b FROM l FULL JOIN r ON l.key = r.key AND r.ms / 7000 = l.ms / 7000');
    expect(asText(rows, ['key', 'a', 'b'])).toEqual(asText(wanted.all() as object[], ['key', 'a', 'b']));
  });
});

it('a lookup that changes', async () => {
  const params = { kind: 'left', keys: [{ column: 'key', lookup: 'key' }], table: 'changing' };
  const { rows, stats } = await run('lookup', 'join', params, ['rows', 'lookup']);
  const wanted = database.prepare('SELECT l.key, a, (SELECT b FROM r WHERE r.key = l.key AND r.ms <= l.ms ORDER BY r.ms DESC LIMIT 1) AS b FROM l');
  expect(asText(rows, ['key', 'a', 'b'])).toEqual(asText(wanted.all() as object[], ['key', 'a', 'b']));
  expect(stats).toMatchObject({ late: 0, failed: 0 });
});

it.each(['first', 'last'] as const)('duplicates within a time: the %s', async (keep) => {
  const within = 5000;
  const { rows } = await run(`dedupe_${keep}`, 'dedupe', { keys: ['key'], keep, within }, ['rows']);
  const spans = new Map<string, { until: number; first: Event; last: Event }>();
  const wanted: Event[] = [];
  for (const event of left.toSorted((a, b) => a.ms - b.ms)) {
    const span = spans.get(event.key);
    if (span && event.ms <= span.until) span.last = event;
    else {
      if (span) wanted.push(span[keep]);
      spans.set(event.key, { until: event.ms + within, first: event, last: event });
    }
  }
  for (const span of spans.values()) wanted.push(span[keep]);
  expect(asText(rows, ['key', 'a'])).toEqual(
    asText(
      wanted.map(({ key, n }) => ({ key, a: n })),
      ['key', 'a'],
    ),
  );
});
