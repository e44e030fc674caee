/** The errors table as its sink writes it and its source reads and marks it: real files, and crashes at every step. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import '../../test/property-seed.ts';
import type { RowFailure } from '@millrace/kit/node';
import { crashPoints, SinkRun, writeThroughCrashes } from '@millrace/kit/testing/sink-run';
import { errorSchema } from '../../engine/plan/error-schema.ts';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import errorsTable from '../../nodes/errors/errors-table.ts';
import { ErrorsReader, rewindReplays } from '../../nodes/errors/runtime/errors-reader.ts';
import sqliteTable from '../../nodes/sqlite/sqlite-table.ts';
import { readWaiting, rowOf } from './errors-file.ts';
import { openSqlite } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-library.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-errors-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const params = { path: 'trial.errors.db', pipeline: 'Trial' };
const checkpoint = { lineage: 'stream', id: 1 };
const failed = (row: Json, more: Row = {}): Row => ({ error: 'No', code: 'code/threw', node: 'prices', field: null, source: 'in.csv', line: 7, row, ...more });
const path = () => resolve(folder, 'trial.errors.db');

function withTable<T>(use: (connection: SqliteConnection) => T): T {
  const connection = openSqlite(path());
  try {
    return use(connection);
  } finally {
    connection.close();
  }
}
const kept = () => withTable((connection) => connection.prepare('SELECT * FROM errors ORDER BY id').all()) as any[];
const waiting = () => withTable((connection) => [...readWaiting(connection, 0).counts]);

async function keep(rows: readonly Row[], lineage: string, more: object = {}): Promise<void> {
  const run = new SinkRun(folder, { commits: 'end', lineage });
  const writer = await run.open({ definition: errorsTable, params: { ...params, ...more } }, errorSchema);
  await writer.write(rows);
  await writer.commit();
  await run.close();
}

describe('the sink', () => {
  it('keeps every failed row once, whatever crash comes when', async () => {
    const interval = fc.record({
      batches: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
      crash: fc.option(fc.constantFrom(...crashPoints)),
      committed: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(interval, { maxLength: 5 }), fc.boolean(), fc.integer({ min: 0, max: 40 }), async (intervals, isAlone, count) => {
        const place = mkdtempSync(join(folder, 'run-'));
        const rows = Array.from({ length: count }, (_, i) => failed({ id: i }));
        const beside = { definition: sqliteTable, params: { path: 'out.db', table: 't', mode: 'append' } };
        const errors = { definition: errorsTable, params };
        await writeThroughCrashes(place, isAlone ? [errors] : [beside, errors], errorSchema, rows, intervals);
        const connection = openSqlite(join(place, 'trial.errors.db'), { access: 'read' });
        const ids = connection.prepare<[], { id: number }>("SELECT json_extract(row, '$.id') AS id FROM errors ORDER BY id").all();
        connection.close();
        expect(ids.map(({ id }) => id)).toEqual(rows.map((_, i) => i));
      }),
      { numRuns: 25 },
    );
  });

  it('says of a row that was replayed which one it was, and where that came from', async () => {
    await keep([failed({ id: 1 })], 'first');
    await keep([failed({ id: 1 }, { source: path(), line: 1 }), failed({ id: 2 }, { source: path(), line: null })], 'second');
    expect(kept()).toMatchObject([
      { id: 1, run: 'first', replay_of: null, source: 'in.csv', line: 7 },
      { id: 2, run: 'second', replay_of: 1, source: 'in.csv', line: 7 },
      { id: 3, replay_of: null },
    ]);
  });

  it('settles what earlier runs kept where a run makes it anew, and only when that run is committed', async () => {
    await keep([failed({ id: 1 })], 'first');
    const run = new SinkRun(folder, { commits: 'end', lineage: 'second' });
    const writer = await run.open({ definition: errorsTable, params: { ...params, supersedes: true } }, errorSchema);
    await writer.abort();
    await run.close();
    expect(waiting()).toEqual([['prices', 1]]);
    await keep([failed({ id: 2 }), failed({ id: 3 })], 'third', { supersedes: true });
    expect(waiting()).toEqual([['prices', 2]]);
    await keep([], 'fourth');
    expect(waiting()).toEqual([['prices', 2]]);
  });
});

describe('the source', () => {
  const schema: Schema = {
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'raw', type: 'bytes', nullable: true },
    ],
  };
  async function open(start: Json = null, refused: RowFailure[] = [], only: readonly number[] = []): Promise<ErrorsReader> {
    const { signal } = new AbortController();
    return ErrorsReader.open(
      { path: path(), node: 'prices', port: null, only, schema, batchSize: 2, signal, refuse: (failure) => refused.push(failure), onLongWait: () => {} },
      start,
    );
  }
  async function readAll(reader: ErrorsReader): Promise<Row[]> {
    const rows: Row[] = [];
    for (let batch = await reader.read(); batch !== null; batch = await reader.read()) rows.push(...batch.rows);
    return rows;
  }

  it('gives each row out once, marks what is committed, and goes on from there', async () => {
    await keep(
      [1, 2, 3, 4, 5].map((id) => failed({ id, raw: null })),
      'first',
    );
    const reader = await open();
    expect((await reader.read())!.rows.map(({ id }) => id)).toEqual([1, 2]);
    const position = reader.position();
    expect((await reader.read())!.rows.map(({ id }) => id)).toEqual([3, 4]);
    await reader.committed(position, checkpoint);
    reader.close();
    expect(waiting()).toEqual([['prices', 3]]);

    // Rows added after the start are for the next replay.
    await keep([failed({ id: 6, raw: null })], 'second');
    const next = await open(position);
    expect((await readAll(next)).map(({ id }) => id)).toEqual([3, 4, 5]);
    await next.committed(next.position(), checkpoint);
    await next.committed(next.position(), checkpoint);
    next.close();
    expect(kept().map(({ replayed_at }) => replayed_at !== null)).toEqual([true, true, true, true, true, false]);
  });

  it('leaves a row that does not fit the columns any more where it is, and tells it with its place', async () => {
    await keep([failed({ id: 'x', raw: null }), failed({ id: '2' }), failed({ other: 1 })], 'first');
    const refused: RowFailure[] = [];
    const reader = await open(null, refused);
    const batch = (await reader.read())!;
    expect(batch.rows).toEqual([{ id: 2, raw: null }]);
    expect(batch.locate!(0)).toEqual({ source: path(), line: 2 });
    expect(await reader.read()).toBeNull();
    await reader.committed(reader.position(), checkpoint);
    reader.close();
    expect(refused.map(({ message, position }) => [message, position?.line])).toEqual([
      [expect.stringContaining('"x" is not a whole number'), 1],
      [expect.stringContaining('column "id": it has no value there'), 3],
    ]);
    expect(waiting()).toEqual([['prices', 2]]);
  });

  it('takes only the rows that are asked for', async () => {
    await keep(
      [1, 2, 3].map((id) => failed({ id, raw: null })),
      'first',
    );
    const reader = await open(null, [], [3]);
    expect(await readAll(reader)).toEqual([{ id: 3, raw: null }]);
    await reader.committed(reader.position(), checkpoint);
    reader.close();
    expect(kept().map(({ replayed_at }) => replayed_at !== null)).toEqual([false, false, true]);
  });

  it('makes rows wait again that were replayed after the checkpoint that a run goes on from', async () => {
    const row = (id: number) => failed({ id, raw: null });
    await keep([1, 2, 3, 4].map(row), 'stream');
    const waits = { signal: new AbortController().signal, onLongWait: () => {} };
    const rewind = (id: number, lineage = 'stream') => rewindReplays(path(), { lineage, id }, waits);
    const replay = async (only: readonly number[], id: number, lineage = 'stream') => {
      const reader = await open(null, [], only);
      await readAll(reader);
      await reader.committed(reader.position(), { lineage, id });
      reader.close();
    };
    await replay([1], 5);
    await replay([2], 6);
    await replay([3], 7);
    await replay([4], 8, 'other');
    // The second failed again and was replayed once more, the third failed again.
    await keep(
      [2, 3].map((id) => failed({ id, raw: null }, { source: path(), line: id })),
      'stream',
    );
    await replay([5], 7);
    const left = () => withTable((connection) => connection.prepare('SELECT id FROM errors WHERE replayed_at IS NULL AND superseded_at IS NULL').all());
    expect(left()).toEqual([{ id: 6 }]);
    expect([await rewind(7), await rewind(5, 'another')]).toEqual([0, 0]);
    expect(left()).toEqual([{ id: 6 }]);
    expect([await rewind(5), await rewind(5)]).toEqual([2, 0]);
    expect(left()).toEqual([{ id: 2 }, { id: 3 }]);
    expect(await rewind(4)).toBe(1);
    expect(left()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    // Rows of earlier versions do not say with which checkpoint they were replayed.
    withTable((connection) =>
      connection.exec('UPDATE errors SET replayed_at = 1; ALTER TABLE errors DROP COLUMN replayed_by; ALTER TABLE errors DROP COLUMN replayed_with'),
    );
    expect(await rewind(0)).toBe(0);
    expect(left()).toEqual([]);
  });

  it('reads while another program writes, and waits to mark', async () => {
    await keep([failed({ id: 1, raw: null })], 'first');
    const other = openSqlite(path());
    other.exec('BEGIN IMMEDIATE');
    const reader = await open();
    expect(await readAll(reader)).toHaveLength(1);
    let isMarked = false;
    const marked = reader.committed(reader.position(), checkpoint).then(() => {
      isMarked = true;
    });
    await new Promise((done) => setImmediate(done));
    expect(isMarked).toBe(false);
    other.exec('ROLLBACK');
    other.close();
    await marked;
    reader.close();
    expect(waiting()).toEqual([]);
  });
});

it('a kept row comes back as it was, bytes and JSON too', () => {
  const schema: Schema = {
    columns: [
      { name: 'text', type: 'string', nullable: false },
      { name: 'at', type: 'timestamp', nullable: true },
      { name: 'ratio', type: 'number', nullable: true },
      { name: 'tags', type: 'json', nullable: true },
      { name: 'raw', type: 'bytes', nullable: true },
    ],
  };
  const row = { text: ' 12 ', at: 1_706_702_400_000, ratio: 0.5, tags: { $bytes: 'AQID' }, raw: { $bytes: 'AQID' } };
  expect(rowOf(JSON.stringify(row), schema)).toEqual({ row: { ...row, raw: Uint8Array.of(1, 2, 3) } });
  expect(rowOf('{"text":"","tags":"a text"}', schema)).toEqual({ row: { text: '', at: null, ratio: null, tags: 'a text', raw: null } });
  expect(rowOf('{', schema)).toEqual({ message: 'it is no longer valid JSON' });
});
