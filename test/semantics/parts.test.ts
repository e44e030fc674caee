/** Outputs whose rows come in parts are what one writer makes. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SinkDefinition } from '@millrace/kit/node';
import { SinkRun } from '@millrace/kit/testing/sink-run';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';

const schema: Schema = {
  columns: (
    [
      ['n', 'integer'],
      ['text', 'string'],
      ['share', 'number'],
      ['sum', 'decimal'],
      ['at', 'timestamp'],
      ['day', 'date'],
      ['ok', 'boolean'],
      ['more', 'json'],
      ['raw', 'bytes'],
    ] as const
  ).map(([name, type]) => ({ name, type, nullable: true })),
};
const rows: Row[] = Array.from({ length: 500 }, (_, i) => ({
  n: i,
  text: i % 7 === 0 ? null : `x "${i}",\n`,
  share: i / 3,
  sum: `${i}.10`,
  at: 1706702400000 + i,
  day: '2026-01-31',
  ok: i % 2 === 0,
  more: { i: [i, null] },
  raw: Uint8Array.of(i & 255),
}));

async function write(type: string, params: { readonly [param: string]: unknown }, parts: number, prepare = (_: string) => {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-parts-'));
  prepare(folder);
  const definition = definitions.find((each) => each.type === type) as SinkDefinition;
  const run = new SinkRun(folder, { commits: 'end', lineage: '' });
  const writer = await run.open({ definition, params }, schema);
  const share = Math.ceil(rows.length / parts);
  await writer.write(rows.slice(0, share));
  const finished = [];
  for (let i = 1; i < parts; i++) {
    const part = await run.openPart({ definition, params }, schema, writer.part!(i)!);
    await part.write(rows.slice(i * share, (i + 1) * share));
    finished.push(await part.finish());
    await part.close();
  }
  for (const each of finished) await writer.join!(each);
  await writer.commit(1);
  await run.close();
  expect(run.failures).toEqual([]);
  return folder;
}

/** All that the file holds, in the order of its rows. */
function contentOf(path: string) {
  const connection = openSqlite(path, { access: 'read' });
  try {
    const objects = connection.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all();
    const types = schema.columns.map(({ name }) => `typeof("${name}")`).join(', ');
    return { objects, rows: connection.prepare(`SELECT rowid, *, ${types} FROM t ORDER BY rowid`).all() };
  } finally {
    connection.close();
  }
}

describe('rows that come in parts', () => {
  it('make the same table, a new one and one that replaces another with its indexes', async () => {
    const params = { path: 'out.db', table: 't', types: { at: 'INTEGER' } };
    const before = (folder: string) => {
      const connection = openSqlite(join(folder, 'out.db'));
      connection.exec('CREATE TABLE t (n, text); INSERT INTO t VALUES (1, 2); CREATE INDEX i ON t (n); CREATE TABLE other (x)');
      connection.close();
    };
    for (const prepare of [undefined, before]) {
      const whole = contentOf(join(await write('sqlite-table', params, 1, prepare), 'out.db'));
      expect(whole.rows.length).toBe(rows.length);
      for (const parts of [2, 5]) expect(contentOf(join(await write('sqlite-table', params, parts, prepare), 'out.db'))).toEqual(whole);
    }
  });
  it.each<[type: string, params: { readonly path: string; readonly compress?: boolean; readonly [param: string]: unknown }]>([
    ['csv-output', { path: 'out', delimiter: 'semicolon', numbers: 'marked' }],
    ['csv-output', { path: 'out', compress: true }],
    ['jsonl-output', { path: 'out' }],
    ['jsonl-output', { path: 'out', compress: true }],
  ])('make the same file: %s %o', async (type, params) => {
    const read = (folder: string) => (params.compress ? gunzipSync(readFileSync(join(folder, 'out'))) : readFileSync(join(folder, 'out'))).toString();
    const whole = read(await write(type, params, 1));
    for (const parts of [2, 5]) expect(read(await write(type, params, parts))).toBe(whole);
  });
});
