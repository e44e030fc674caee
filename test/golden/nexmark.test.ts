/** The queries of bench/nexmark over a small load: every row as SQLite has it, and none of them late. */
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
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  events = eventsDatabase(load);
});
afterAll(() => {
  events.close();
  rmSync(folder, { recursive: true });
});

test.each(queries)('%s', async (query) => {
  const { code, result } = await runPipeline(writePipeline(query, load, folder), folder);
  expect(result.problems).toEqual([]);
  expect(code).toBe(0);
  const { millrace, sql } = answers(query, events, join(folder, 'answer.db'));
  expect(millrace).toEqual(sql);
  expect(sql.length).toBeGreaterThan(0);
  if (result.state === 'refused') return;
  for (const [node, { out }] of Object.entries(result.stats)) {
    for (const port of ['late', 'lateLeft', 'lateRight']) expect(`${node}.${port}: ${out[port] ?? 0}`).toBe(`${node}.${port}: 0`);
  }
});
