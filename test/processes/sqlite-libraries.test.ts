/** Runs write and read the same with either library, and say nothing about it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import { millrace } from '../command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-libraries-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pipeline = (nodes: object, edges: readonly string[]) =>
  JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'Trial', parameters: {}, nodes, edges, layout: {} });
const node = (type: string, params: object) => ({ type, typeVersion: 1, params });

test.each(['node', 'better-sqlite3'])('%s', async (library) => {
  writeFileSync(join(folder, 'in.csv'), `id,text,ratio\n${Array.from({ length: 40 }, (_, i) => `${i},größe ${i},${i / 8}`).join('\n')}\n`);
  const table = (path: string) => node('sqlite-table', { path, table: 't' });
  writeFileSync(join(folder, 'write.json'), pipeline({ file: node('csv-file', { path: 'in.csv' }), sink: table('a.db') }, ['file.rows -> sink.rows']));
  // Reads and writes one file: with two libraries, one would take the locks of the other.
  const query = node('sqlite-query', { path: 'a.db', read: 'query', sql: 'SELECT id, text, ratio FROM t WHERE id >= 20' });
  writeFileSync(join(folder, 'read.json'), pipeline({ file: query, sink: table('a.db') }, ['file.rows -> sink.rows']));
  for (const file of ['write.json', 'read.json']) {
    expect(await millrace(['run', file], folder, { MILLRACE_SQLITE: library })).toMatchObject({ code: 0, errors: expect.not.stringContaining('Warning') });
  }
  const database = openSqlite(join(folder, 'a.db'), { access: 'read' });
  expect(database.prepare('SELECT count(*) AS n, min(id) AS first, max(text) AS last, sum(ratio) AS sum, typeof(id) AS type FROM t').get()).toEqual({
    n: 20,
    first: 20,
    last: 'größe 39',
    sum: Array.from({ length: 20 }, (_, i) => (i + 20) / 8).reduce((a, b) => a + b),
    type: 'integer',
  });
  database.close();
});
