/** The queries of bench/nexmark over a small load, in one run: every row as SQLite has it, and none of them late. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answers, eventsDatabase, queries, writePipeline } from '../../bench/nexmark/nexmark.ts';
import { runPipeline } from '../command-line.ts';

const load = { events: 10_000, eventRate: 100 };
let folder: string;
let events: Sqlite.Database;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  events = eventsDatabase(load);
  const { code, result } = await runPipeline(writePipeline(queries, load, folder), folder);
  expect(result.problems).toEqual([]);
  expect(code).toBe(0);
  if (result.state === 'refused') return;
  const late = Object.entries(result.stats).flatMap(([node, { out }]) =>
    ['late', 'lateLeft', 'lateRight'].flatMap((port) => (out[port] ? [`${node}.${port}: ${out[port]}`] : [])),
  );
  expect(late).toEqual([]);
});
afterAll(() => {
  events.close();
  rmSync(folder, { recursive: true });
});

test.each(queries)('%s', (query) => {
  const { millrace, sql } = answers(query, events, folder);
  expect(millrace).toEqual(sql);
  expect(sql.length).toBeGreaterThan(0);
});

test('all of the suite', () => {
  expect(queries).toEqual(Array.from({ length: 23 }, (_, i) => `q${i}`));
});
