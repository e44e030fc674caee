import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import '../../test/property-seed.ts';
import { type CrashPoint, crashPoints, type Resume, SinkRun, type SinkSpec, writeThroughCrashes } from '@millrace/kit/testing/sink-run';
import { commitsTable } from '../../io/sqlite/sqlite-commits.ts';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import csvOutput from '../csv/csv-output.ts';
import sqliteTable from './sqlite-table.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-sqlite-checkpoints-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const schema: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'name', type: 'string', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
    { name: 'raw', type: 'bytes', nullable: true },
    { name: 'ratio', type: 'number', nullable: true },
  ],
};
/** Keys repeat, so that there is something to update. */
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({
    id: i % 37,
    name: i % 5 === 0 ? null : `größe ${i} ${'x'.repeat(i % 40)}`,
    at: 1_706_702_400_000 + i,
    raw: i % 3 === 0 ? Uint8Array.of(i & 255, 0, 255) : null,
    ratio: i / 7,
  }));
const at = (name: string) => join(folder, name);
function query(name: string, sql: string): unknown[] {
  const connection = openSqlite(at(name), { access: 'read' });
  try {
    return connection.prepare(sql).all();
  } finally {
    connection.close();
  }
}
function execute(name: string, sql: string): void {
  const connection = openSqlite(at(name));
  connection.exec(sql);
  connection.close();
}
const table = (path: string, mode = 'replace', name = 't'): SinkSpec => ({
  definition: sqliteTable,
  params: { path, table: name, mode, keys: mode === 'upsert' ? ['id'] : [] },
});
const old = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, at TIMESTAMP, raw BLOB, ratio REAL); INSERT INTO t (id, name) VALUES (-1, 'from before')";
const problemOf = async (action: () => Promise<unknown>) => {
  try {
    await action();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem;
    throw error;
  }
  return null;
};
/** The content of the table, whatever was written by however many runs. */
const content = (name: string) => query(name, 'SELECT * FROM t ORDER BY rowid');

async function undisturbed(sink: SinkSpec, rows: readonly Row[]): Promise<unknown[]> {
  const other = mkdtempSync(join(tmpdir(), 'millrace-undisturbed-'));
  try {
    const run = new SinkRun(other, { commits: 'end' });
    const writer = await run.open(sink, schema);
    await writer.write(rows);
    await writer.commit();
    await run.close();
    const connection = openSqlite(join(other, sink.params['path'] as string));
    const found = connection.prepare('SELECT * FROM t ORDER BY rowid').all();
    connection.close();
    return found;
  } finally {
    rmSync(other, { recursive: true });
  }
}

describe('three sinks', () => {
  const cases = crashPoints.flatMap((crash) => (crash === 'half' ? [0, 1, 2] : [0]).map((committed) => ({ crash, committed })));
  test.each(cases)('killed: $crash, with $committed of three sinks committed', async ({ crash, committed }) => {
    const modes = { 'a.db': 'replace', 'b.db': 'upsert' };
    const databases = Object.entries(modes).map(([name, mode]) => table(name, mode));
    const sinks = [...databases, { definition: csvOutput, params: { path: 'out.csv' } }];
    const rows = rowsOf(200);
    for (const first of [null, crash]) {
      for (const name of readdirSync(folder)) rmSync(at(name));
      await writeThroughCrashes(folder, sinks, schema, rows, [
        { batches: [17, 40], crash: first, committed },
        { batches: [100], crash, committed },
      ]);
      for (const [name, mode] of Object.entries(modes)) expect(content(name)).toEqual(await undisturbed(table(name, mode), rows));
      expect(readFileSync(at('out.csv'), 'utf8').split('\n')).toHaveLength(202);
      expect(readdirSync(folder).sort()).toEqual(['a.db', 'b.db', 'out.csv']);
    }
  });
});

test('any batches, checkpoints and crashes leave what an undisturbed run writes, in every sink', async () => {
  const interval = fc.record({
    batches: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 }),
    crash: fc.option(fc.constantFrom<CrashPoint>(...crashPoints)),
    committed: fc.integer({ min: 0, max: 3 }),
  });
  const mode = fc.constantFrom('replace', 'append', 'upsert');
  await fc.assert(
    fc.asyncProperty(
      mode,
      mode,
      fc.boolean(),
      fc.array(interval, { maxLength: 5 }),
      fc.integer({ min: 0, max: 200 }),
      async (one, two, exists, intervals, count) => {
        for (const name of readdirSync(folder)) rmSync(at(name));
        if (exists) for (const name of ['a.db', 'b.db']) execute(name, old.replace(' PRIMARY KEY', ''));
        const modes = exists ? [one === 'upsert' ? 'append' : one, two === 'upsert' ? 'append' : two] : [one, two];
        const rows = rowsOf(count);
        await writeThroughCrashes(folder, [table('a.db', modes[0]), table('b.db', modes[1])], schema, rows, intervals);
        for (const [i, name] of ['a.db', 'b.db'].entries()) {
          const kept = exists && modes[i] === 'append' ? [{ id: -1, name: 'from before', at: null, raw: null, ratio: null }] : [];
          expect(content(name)).toEqual([...kept, ...(await undisturbed(table(name, modes[i]), rows))]);
        }
        expect(readdirSync(folder).sort()).toEqual(['a.db', 'b.db']);
      },
    ),
    { numRuns: 25 },
  );
});

describe('what is visible when', () => {
  const open = async (sinks: readonly SinkSpec[], resume: Resume = null, signal = new AbortController().signal) => {
    const run = new SinkRun(folder, { signal });
    for (const sink of sinks) await run.open(sink, schema, resume);
    return run;
  };
  const checkpoint = async (run: SinkRun, number: number): Promise<Json> => {
    const tokens = await Promise.all(run.writers.map((writer) => writer.prepare!(number)));
    for (const writer of run.writers) await writer.commit(number);
    return tokens[0]!;
  };
  const committed = () =>
    sqliteTable.committedCheckpoint!({ params: { path: 'a.db' } as never, path: at, lineage: 'trial', signal: new AbortController().signal });

  test('the old table stands until the first commit; all sinks of the file follow together', async () => {
    execute('a.db', old);
    const run = await open([table('a.db'), table('a.db', 'replace', 'u')]);
    const [t, u] = run.writers;
    await t!.write(rowsOf(3));
    await u!.write(rowsOf(4));
    const tokens = await Promise.all(run.writers.map((writer) => writer.prepare!(1)));
    expect(tokens).toEqual([
      { before: null, redo: null },
      { before: null, redo: null },
    ]);
    expect(content('a.db')).toHaveLength(1);
    expect(await committed()).toBeNull();
    await t!.commit(1);
    expect(query('a.db', 'SELECT (SELECT count(*) FROM t) AS t, (SELECT count(*) FROM u) AS u')).toEqual([{ t: 3, u: 4 }]);
    await u!.commit(1);
    expect(await committed()).toBe(1);
    await t!.write(rowsOf(2));
    await checkpoint(run, 2);
    await t!.write(rowsOf(9));
    await t!.abort();
    await run.close();
    expect(content('a.db')).toHaveLength(5);
    expect(query('a.db', `SELECT lineage, checkpoint FROM ${commitsTable}`)).toEqual([{ lineage: 'trial', checkpoint: 2 }]);
  });

  test('rows that follow a prepare belong to the next checkpoint', async () => {
    const run = await open([table('a.db')]);
    const [writer] = run.writers;
    await writer!.write(rowsOf(3));
    await writer!.prepare!(1);
    await writer!.write(rowsOf(2));
    await writer!.commit(1);
    expect(content('a.db')).toHaveLength(3);
    await writer!.write(rowsOf(1));
    await checkpoint(run, 2);
    expect(content('a.db')).toHaveLength(6);
    await run.close();
  });

  test('rows that one sink refuses while it is prepared may still go to another one of the file', async () => {
    const run = await open([table('a.db'), table('a.db', 'replace', 'u')]);
    const [t, u] = run.writers;
    await t!.write(rowsOf(3));
    await t!.prepare!(1);
    await u!.write(rowsOf(2));
    await u!.prepare!(1);
    await t!.commit(1);
    expect(query('a.db', 'SELECT (SELECT count(*) FROM t) AS t, (SELECT count(*) FROM u) AS u')).toEqual([{ t: 3, u: 2 }]);
    await u!.commit(1);
    await run.close();
  });

  test('a commit without anything prepared writes all, when all sinks have called, and no number', async () => {
    const run = await open([table('a.db'), table('a.db', 'replace', 'u')]);
    for (const writer of run.writers) await writer.write(rowsOf(3));
    await run.writers[0]!.commit(1);
    expect(query('a.db', 'SELECT name FROM sqlite_schema')).toEqual([]);
    await run.writers[1]!.commit(1);
    await run.close();
    expect(query('a.db', 'SELECT name FROM sqlite_schema')).toEqual([{ name: 't' }, { name: 'u' }]);
  });

  test('a refined result takes the place of the earlier one', async () => {
    const run = await open([table('a.db', 'upsert')]);
    const [writer] = run.writers;
    const result = (ratio: number): Row => ({ id: 1, name: 'window', at: 0, raw: null, ratio });
    await writer!.write([result(1), result(2)]);
    await checkpoint(run, 1);
    await writer!.write([result(3)]);
    await checkpoint(run, 2);
    await run.close();
    expect(query('a.db', 'SELECT ratio FROM t')).toEqual([{ ratio: 3 }]);
  });

  test('an idle stream locks nobody out; its number still moves', async () => {
    const run = await open([table('a.db')]);
    await checkpoint(run, 1);
    execute('a.db', 'CREATE TABLE other (x)');
    await checkpoint(run, 2);
    expect(await committed()).toBe(2);
    execute('a.db', 'INSERT INTO other VALUES (1)');
    await run.writers[0]!.write(rowsOf(1));
    expect(() => execute('a.db', 'INSERT INTO other VALUES (2)')).toThrow('locked');
    await checkpoint(run, 3);
    await run.close();
  });

  test('what a run leaves behind that nothing goes on from: its rows, and not its number', async () => {
    const tables = () => query('a.db', 'SELECT name FROM sqlite_schema ORDER BY name');
    const markers = () => query('a.db', `SELECT lineage FROM ${commitsTable}`);
    execute('a.db', `CREATE TABLE ${commitsTable} (lineage TEXT PRIMARY KEY, checkpoint INTEGER NOT NULL, at TEXT NOT NULL)`);
    execute('a.db', `INSERT INTO ${commitsTable} VALUES ('other', 4, '2026-01-01')`);
    const first = await open([table('a.db')]);
    await first.writers[0]!.write(rowsOf(2));
    await checkpoint(first, 1);
    first.writers[0]!.transaction!.forget!();
    await first.close();
    expect(markers()).toEqual([{ lineage: 'other' }]);

    execute('a.db', `DELETE FROM ${commitsTable}`);
    const second = await open([table('a.db')]);
    await second.writers[0]!.write(rowsOf(2));
    await checkpoint(second, 1);
    const reader = openSqlite(at('a.db'));
    reader.exec('BEGIN');
    reader.prepare('SELECT * FROM t').all();
    second.writers[0]!.transaction!.forget!();
    reader.close();
    await second.close();
    expect(markers()).toEqual([{ lineage: 'trial' }]);

    // As a run finds it that was killed right after its last commit.
    const third = await open([table('a.db')], { checkpoint: 1, token: { before: null, redo: null } });
    third.writers[0]!.transaction!.forget!();
    await third.close();
    expect(tables()).toEqual([{ name: 't' }]);
    expect(content('a.db')).toHaveLength(2);
  });

  test('another program that has locked the file is waited for, however it holds it, until the run is cancelled', async () => {
    const stop = new AbortController();
    const run = await open([table('a.db')], null, stop.signal);
    const [writer] = run.writers;
    await checkpoint(run, 1);
    const other = openSqlite(at('a.db'));
    other.exec('BEGIN EXCLUSIVE');
    const first = writer!.write(rowsOf(2));
    const second = writer!.write(rowsOf(3));
    expect([first, second]).toEqual([expect.any(Promise), expect.any(Promise)]);
    other.exec('COMMIT');
    await Promise.all([first, second]);
    await checkpoint(run, 2);
    expect(content('a.db')).toHaveLength(5);
    other.exec('BEGIN EXCLUSIVE');
    const waiting = problemOf(async () => writer!.write(rowsOf(1)));
    stop.abort();
    expect(await waiting).toMatchObject({ code: 'sqlite/locked' });
    other.close();
    await writer!.abort();
    await run.close();
    expect(content('a.db')).toHaveLength(5);
  });

  test('waiting for long is told once, and goes on', async () => {
    const run = await open([table('a.db')]);
    await checkpoint(run, 1);
    const other = openSqlite(at('a.db'));
    other.exec('BEGIN EXCLUSIVE');
    const written = run.writers[0]!.write(rowsOf(2));
    while (run.logs.length === 0) await new Promise((done) => setTimeout(done, 50));
    expect(run.logs).toEqual([expect.stringContaining('Waiting for another program that has locked')]);
    other.close();
    await written;
    await checkpoint(run, 2);
    await run.close();
    expect(content('a.db')).toHaveLength(2);
  });

  test('rows that a constraint refuses fail alone, also when they are written from a redo log', async () => {
    const refusing = 'CREATE TABLE t (id INTEGER, name TEXT, at TIMESTAMP, raw BLOB, ratio REAL, CHECK (id % 10 <> 3))';
    execute('a.db', refusing);
    const run = await open([table('a.db', 'append')]);
    const [writer] = run.writers;
    writer!.transaction!.keepRedo(folder);
    await writer!.write(rowsOf(100));
    const token = await writer!.prepare!(1);
    expect(run.failures.length).toBeGreaterThan(5);
    run.kill();
    expect(content('a.db')).toEqual([]);
    const next = await open([table('a.db', 'append')], { checkpoint: 1, token });
    await next.close();
    expect(content('a.db')).toHaveLength(100 - run.failures.length);
    expect(await committed()).toBe(1);
  });

  test('a database that was changed meanwhile is told', async () => {
    const run = await open([table('a.db')]);
    await run.writers[0]!.write(rowsOf(3));
    const token = await checkpoint(run, 1);
    await run.close();
    const resume = { checkpoint: 1, token };
    execute('a.db', 'ALTER TABLE t RENAME TO other');
    expect(await problemOf(() => open([table('a.db')], resume))).toMatchObject({ code: 'sqlite/changed', message: expect.stringContaining('"t" is gone') });
    rmSync(at('a.db'));
    expect(await problemOf(() => open([table('a.db')], resume))).toMatchObject({ code: 'sqlite/gone', hint: expect.stringContaining('from scratch') });
    expect(await committed()).toBeNull();
  });

  test('the number of a lineage is null where there is no file, no table or no database', async () => {
    expect(await committed()).toBeNull();
    expect(existsSync(at('a.db'))).toBe(false);
    execute('a.db', 'CREATE TABLE x (y)');
    expect(await committed()).toBeNull();
    writeFileSync(at('a.db'), 'Dear diary. '.repeat(100));
    expect(await problemOf(async () => committed())).toMatchObject({ code: 'sqlite/not-a-database' });
  });

  test('a trigger that rolls back ends the run, and nothing is written outside a transaction', async () => {
    execute('a.db', `${old}; CREATE TRIGGER no BEFORE INSERT ON t WHEN NEW.id = 5 BEGIN SELECT RAISE(ROLLBACK, 'no'); END`);
    const run = await open([table('a.db', 'append')]);
    expect(await problemOf(async () => run.writers[0]!.write(rowsOf(30)))).toMatchObject({ code: 'sqlite/rolled-back' });
    await run.writers[0]!.abort();
    await run.close();
    expect(content('a.db')).toHaveLength(1);
  });
});
