/**
 * Every example is run in processes of its own, and what it wrote is compared with test/golden/expected, counters
 * included. `MILLRACE_UPDATE=1` writes the expectations anew; read their diff.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileExtension } from '../../engine/document/file.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { runPipeline } from '../command-line.ts';

const examples = join(import.meta.dirname, '../../examples');
const expected = join(import.meta.dirname, 'expected');
/** Files whose rows come from several sources at once: in any order. */
const unordered = ['remarkable-days.jsonl'];
const isUpdate = process.env['MILLRACE_UPDATE'] === '1';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-golden-'));
  cpSync(examples, folder, { recursive: true, filter: (path) => !/\.(db|jsonl|csv)$/.test(path) || path.includes('data') });
});
/** A stream without end, as one that ends: its first rows, as fast as they go. */
const ended = { count: 20_000, endless: false, rate: 0 };
function end(path: string): void {
  const pipeline = JSON.parse(readFileSync(path, 'utf8'));
  for (const node of Object.values<{ params: object }>(pipeline.nodes)) if ('endless' in node.params) Object.assign(node.params, ended);
  writeFileSync(path, JSON.stringify(pipeline));
}
afterAll(() => rmSync(folder, { recursive: true }));

const ids = readdirSync(examples).flatMap((name) => (name.endsWith(fileExtension) ? [name.slice(0, -fileExtension.length)] : []));

test.each(ids)('%s', async (id) => {
  end(join(folder, id + fileExtension));
  const { code, result } = await runPipeline(id + fileExtension, folder);
  expect(result.problems).toEqual([]);
  expect(code).toBe(0);
  const found = filesOf(result as RunSummary);
  const place = join(expected, id);
  if (isUpdate) {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    for (const [name, text] of found) writeFileSync(join(place, name), text);
  }
  expect([...found.keys()].sort()).toEqual(existsSync(place) ? readdirSync(place).sort() : []);
  for (const [name, text] of found) expect(text, name).toBe(readFileSync(join(place, name), 'utf8'));
});

/** What a run left behind, as text files: a table is one JSON object a line in the order of its lines. */
function filesOf(summary: RunSummary): Map<string, string> {
  const files = new Map<string, string>();
  const counts = Object.entries(summary.stats).map(([node, { in: rows, out, dropped, failed }]) => [node, { in: rows, out, dropped, failed }]);
  files.set('counts.json', `${JSON.stringify(Object.fromEntries(counts), null, 2)}\n`);
  for (const { kind, path, table, committed } of summary.outputs) {
    expect(committed).toBe(true);
    if (kind === 'file') {
      const text = readFileSync(path!, 'utf8');
      files.set(basename(path!), unordered.includes(basename(path!)) ? sortedLines(text) : text);
    }
    if (kind !== 'sqlite') continue;
    const rows = query(path!, `SELECT * FROM "${table}"`).map((row) => JSON.stringify(row));
    files.set(
      `${basename(path!)}.${table}.jsonl`,
      rows
        .sort()
        .map((line) => `${line}\n`)
        .join(''),
    );
  }
  return files;
}

function sortedLines(text: string): string {
  return text
    .split(/(?<=\n)/)
    .sort()
    .join('');
}

function query(path: string, sql: string): Record<string, unknown>[] {
  const database = new Sqlite(path, { readonly: true });
  try {
    return database.prepare<[], Record<string, unknown>>(sql).all();
  } finally {
    database.close();
  }
}

describe('the same by hand-written SQL', () => {
  /** A CSV file without quotes as a table of texts. */
  function imported(text: string): Sqlite.Database {
    const [header, ...lines] = text.trimEnd().split(/\r?\n/);
    const names = header!.split(',').map((name) => `"${name}"`);
    const database = new Sqlite(':memory:');
    database.exec(`CREATE TABLE input (${names.join(', ')})`);
    const insert = database.prepare(`INSERT INTO input VALUES (${names.map(() => "nullif(?, '')").join(', ')})`);
    for (const line of lines) insert.run(line.split(','));
    return database;
  }

  test('bird strikes', () => {
    const input = imported(gunzipSync(readFileSync(join(examples, 'data/bird-strikes.csv.gz'))).toString('utf8'));
    const wanted = input
      .prepare(
        `SELECT "Aircraft Make Model" AS aircraft, "Phase of flight" AS phase, count(*) AS strikes, sum(CAST("Cost Total $" AS INTEGER)) AS cost,
           count(DISTINCT "Wildlife Species") AS species
         FROM input WHERE phase NOT IN ('Parked', 'Taxi')
         GROUP BY aircraft, phase ORDER BY strikes DESC, aircraft, phase LIMIT 100`,
      )
      .all();
    expect(query(join(folder, 'bird-strikes.db'), 'SELECT aircraft, phase, strikes, cost, species FROM by_phase ORDER BY rowid')).toEqual(wanted);
    expect(wanted).toHaveLength(100);
  });

  test('Seattle weather', () => {
    const input = imported(readFileSync(join(examples, 'data/seattle-weather.csv'), 'utf8'));
    const wanted = input
      .prepare(
        `SELECT substr(date, 1, 7) || '-01T00:00:00.000Z' AS month, count(*) AS days, sum(CAST(precipitation AS REAL) >= 1) AS wet_days,
           round(sum(CAST(precipitation AS REAL)), 1) AS rain_mm, max(CAST(temp_max AS REAL)) AS hottest, min(CAST(temp_min AS REAL)) AS coldest
         FROM input GROUP BY month ORDER BY month`,
      )
      .all();
    expect(query(join(folder, 'seattle-weather.db'), 'SELECT month, days, wet_days, rain_mm, hottest, coldest FROM months ORDER BY month')).toEqual(wanted);
    expect(wanted).toHaveLength(48);
  });
});
