import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowFailure } from '@millrace/kit/node';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MillraceError } from '../../model/problems/problem.ts';
import type { ColumnType, Row, Schema } from '../../model/values/types.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { openSqlite } from './sqlite-driver.ts';
import type { WriteMode } from './sqlite-target.ts';
import { SqliteWriter } from './sqlite-writer.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-sqlite-'));
  path = join(folder, 'out.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const schemaOf = (types: { readonly [name: string]: ColumnType }): Schema => ({
  columns: Object.entries(types).map(([name, type]) => ({ name, type, nullable: true })),
});
const pair = schemaOf({ id: 'integer', name: 'string' });
const rowsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ id: i, name: `n${i}` }));

const contextOf = (logged: string[] = [], fail: (failure: RowFailure) => void = () => {}) => ({
  commits: 'end' as const,
  resume: null,
  lineage: '',
  signal: new AbortController().signal,
  log: (_: string, message: string) => void logged.push(message),
  fail,
});

/** A run into one database file, as the engine would control it. */
class Run {
  readonly failures: RowFailure[] = [];
  readonly logged: string[] = [];
  readonly #context = contextOf(this.logged, (failure) => this.failures.push(failure));
  readonly database = new SqliteDatabase(path, this.#context);

  async writer(table: string, schema: Schema, mode: WriteMode = 'replace', keys: string[] = [], columns = schema.columns): Promise<SqliteWriter> {
    await this.database.open(null);
    return new SqliteWriter(this.database, schema, { table, mode, keys, columns }, this.#context);
  }
}
async function write(table: string, schema: Schema, rows: readonly Row[], mode: WriteMode = 'replace', keys: string[] = []): Promise<Run> {
  const run = new Run();
  try {
    const writer = await run.writer(table, schema, mode, keys);
    writer.write(rows);
    await writer.commit();
  } finally {
    run.database.close();
  }
  return run;
}
function query(sql: string): unknown[] {
  const connection = openSqlite(path, { access: 'read' });
  try {
    return connection.prepare(sql).all();
  } finally {
    connection.close();
  }
}
function execute(sql: string): void {
  const connection = openSqlite(path);
  connection.exec(sql);
  connection.close();
}
const problemOf = async (action: () => Promise<unknown>) => {
  try {
    await action();
  } catch (error) {
    return (error as MillraceError).problem;
  }
  throw new Error('It should have failed.');
};

describe('days', () => {
  const schema = schemaOf({ day: 'date', v: 'integer' });
  const rows = [
    { day: '2026-01-31', v: 7 },
    { day: '2026-02-01', v: 8 },
  ];
  test.each(['DATE', 'TEXT', 'date'])('are keys of a table that has them as text, declared %s', async (declared) => {
    execute(`CREATE TABLE t (day ${declared} PRIMARY KEY, v INTEGER); INSERT INTO t VALUES ('2026-01-30', 1), ('2026-01-31', 5)`);
    await write('t', schema, rows, 'upsert', ['day']);
    expect(query('SELECT * FROM t ORDER BY day')).toEqual([{ day: '2026-01-30', v: 1 }, ...rows]);
  });
  test('go on matching the timestamps that a table has', async () => {
    execute("CREATE TABLE t (day TIMESTAMP PRIMARY KEY, v INTEGER); INSERT INTO t VALUES ('2026-01-31T00:00:00.000Z', 5)");
    await write('t', schema, rows, 'upsert', ['day']);
    expect(query('SELECT * FROM t ORDER BY day')).toEqual([
      { day: '2026-01-31T00:00:00.000Z', v: 7 },
      { day: '2026-02-01T00:00:00.000Z', v: 8 },
    ]);
  });
  test('are declared so in a new table', async () => {
    await write('t', schema, rows);
    expect(query("SELECT type FROM pragma_table_info('t')")).toEqual([{ type: 'DATE' }, { type: 'INTEGER' }]);
    expect(query('SELECT * FROM t')).toEqual(rows);
  });
});

describe('values', () => {
  test('every type is stored as its rule says', async () => {
    const schema = schemaOf({ s: 'string', i: 'integer', n: 'number', b: 'boolean', t: 'timestamp', j: 'json', x: 'bytes' });
    const nothing = { s: null, i: null, n: null, b: null, t: null, j: null, x: null };
    await write('t', schema, [{ s: '007', i: 2 ** 53 - 1, n: 0.1, b: true, t: 1706702400000, j: { a: [1] }, x: Uint8Array.of(0, 255) }, nothing]);
    expect(query('SELECT s, i, n, b, t, j, hex(x) AS x, typeof(i) AS ti, typeof(s) AS ts FROM t')).toEqual([
      { s: '007', i: 2 ** 53 - 1, n: 0.1, b: 1, t: '2024-01-31T12:00:00.000Z', j: '{"a":[1]}', x: '00FF', ti: 'integer', ts: 'text' },
      { ...nothing, x: '', ti: 'null', ts: 'null' },
    ]);
    expect(query("SELECT name, type FROM pragma_table_info('t')")).toEqual(
      Object.entries({ s: 'TEXT', i: 'INTEGER', n: 'REAL', b: 'BOOLEAN', t: 'TIMESTAMP', j: 'JSON', x: 'BLOB' }).map(([name, type]) => ({ name, type })),
    );
  });

  test('any texts and numbers in any columns come back, whatever the size of the batches', async () => {
    const name = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 6 }).map((text) => `c${text.replaceAll('\0', '')}`);
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 5, selector: (text) => text.toLowerCase() });
    const value = fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')));
    await fc.assert(
      fc.asyncProperty(names, fc.array(value, { maxLength: 50 }), fc.integer({ min: 1, max: 50 }), async (columns, values, size) => {
        rmSync(path, { force: true });
        const rows = values.map((text, i) => Object.fromEntries(columns.map((column, c) => [column, c === 0 ? i : text])));
        const run = new Run();
        const writer = await run.writer('t', schemaOf(Object.fromEntries(columns.map((column, c) => [column, c === 0 ? 'integer' : 'string']))));
        for (let at = 0; at < rows.length; at += size) writer.write(rows.slice(at, at + size));
        await writer.commit();
        run.database.close();
        expect(query('SELECT * FROM t')).toEqual(rows);
      }),
      { numRuns: 30 },
    );
  });

  test('integers stay integers in a column without a type', async () => {
    execute('CREATE TABLE t (id, name)');
    await write('t', pair, [{ id: 1, name: 'a' }], 'append');
    expect(query('SELECT typeof(id) AS type FROM t')).toEqual([{ type: 'integer' }]);
  });
});

describe('modes', () => {
  test('replace: a failed run leaves the old table, a good one takes its place with its index', async () => {
    execute(
      "CREATE TABLE t (old TEXT, id INTEGER); CREATE INDEX by_id ON t (id); CREATE INDEX by_old ON t (old); INSERT INTO t VALUES ('kept', 1); CREATE VIEW v AS SELECT id FROM t",
    );
    const failed = new Run();
    const writer = await failed.writer('t', pair);
    writer.write(rowsOf(100));
    writer.abort();
    failed.database.close();
    expect(query('SELECT old FROM t')).toEqual([{ old: 'kept' }]);

    const run = await write('T', pair, rowsOf(100));
    expect(query('SELECT count(*) AS rows, max(name) AS last FROM t')).toEqual([{ rows: 100, last: 'n99' }]);
    expect(query("SELECT name FROM sqlite_schema WHERE type = 'index'")).toEqual([{ name: 'by_id' }]);
    expect(query('SELECT count(*) AS rows FROM v')).toEqual([{ rows: 100 }]);
    expect(run.logged).toHaveLength(1);
    expect(run.logged[0]).toContain('by_old');
  });

  test('append adds, creates what is missing, and leaves columns that the rows lack to their default', async () => {
    await write('t', pair, rowsOf(2), 'append');
    execute("ALTER TABLE t ADD COLUMN extra TEXT DEFAULT 'x'");
    await write('t', pair, rowsOf(1), 'append');
    expect(query('SELECT * FROM t')).toEqual([
      { id: 0, name: 'n0', extra: 'x' },
      { id: 1, name: 'n1', extra: 'x' },
      { id: 0, name: 'n0', extra: 'x' },
    ]);
  });

  test('create refuses a table that exists', async () => {
    await write('t', pair, [], 'create');
    expect(await problemOf(() => write('t', pair, [], 'create'))).toMatchObject({ code: 'sqlite/table-exists', field: 'table' });
  });

  test('upsert updates by key, also by a unique index of an existing table', async () => {
    await write('t', pair, [...rowsOf(40), { id: 3, name: 'again' }], 'upsert', ['id']);
    await write('t', pair, [{ id: 39, name: 'new' }], 'upsert', ['id']);
    expect(query('SELECT * FROM t WHERE id IN (3, 39)')).toEqual([
      { id: 3, name: 'again' },
      { id: 39, name: 'new' },
    ]);
    execute('CREATE TABLE u (id INTEGER, name TEXT); CREATE UNIQUE INDEX u_key ON u (name, id)');
    await write('u', pair, [...rowsOf(2), ...rowsOf(2)], 'upsert', ['id', 'name']);
    expect(query('SELECT count(*) AS rows FROM u')).toEqual([{ rows: 2 }]);
  });

  test('upsert refuses a table without such a key and says how to make one', async () => {
    execute('CREATE TABLE t (id INTEGER, name TEXT)');
    const problem = await problemOf(() => write('t', pair, [], 'upsert', ['id']));
    expect(problem).toMatchObject({ code: 'sqlite/no-key', field: 'keys' });
    execute(problem.hint!.replace('Create one: ', ''));
    await write('t', pair, rowsOf(2), 'upsert', ['id']);
  });

  test('replace refuses a table that others refer to', async () => {
    execute(
      'CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE child (t INTEGER REFERENCES t ON DELETE CASCADE); INSERT INTO t VALUES (1); INSERT INTO child VALUES (1)',
    );
    expect((await problemOf(() => write('t', pair, rowsOf(1)))).code).toBe('sqlite/referenced');
    expect(query('SELECT * FROM child')).toEqual([{ t: 1 }]);
  });
});

describe('several sinks', () => {
  test('one transaction: all or nothing', async () => {
    const run = new Run();
    const one = await run.writer('one', pair);
    const two = await run.writer('two', pair);
    one.write(rowsOf(10));
    two.write(rowsOf(20));
    await one.commit();
    expect(query("SELECT name FROM sqlite_schema WHERE type = 'table'")).toEqual([]);
    await two.commit();
    run.database.close();
    expect(query('SELECT (SELECT count(*) FROM one) AS one, (SELECT count(*) FROM two) AS two')).toEqual([{ one: 10, two: 20 }]);
  });

  test('not into one table', async () => {
    const run = new Run();
    await run.writer('t', pair);
    expect((await problemOf(() => run.writer('T', pair))).code).toBe('sqlite/table-twice');
    run.database.close();
  });
});

describe('rows that the table refuses', () => {
  test('fail alone; their neighbours get in', async () => {
    execute('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT CHECK (length(name) < 4))');
    const rows = rowsOf(64).map((row) => (row.id === 5 ? { ...row, id: 4 } : row.id === 40 ? { ...row, name: 'much too long' } : row));
    const run = await write('t', pair, rows, 'append');
    expect(run.failures.map(({ code, row }) => [code, row?.['name']])).toEqual([
      ['sqlite/constraint', 'n5'],
      ['sqlite/constraint', 'much too long'],
    ]);
    expect(query('SELECT count(*) AS rows FROM t')).toEqual([{ rows: 62 }]);
  });

  test('a failure that stops the run undoes everything', async () => {
    execute('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)');
    const context = contextOf([], (failure) => {
      throw new Error(failure.message);
    });
    const database = new SqliteDatabase(path, context);
    await database.open(null);
    const writer = new SqliteWriter(database, pair, { table: 't', mode: 'append', keys: [], columns: pair.columns }, context);
    expect(() => writer.write([...rowsOf(40), { id: 1, name: 'twice' }])).toThrow('UNIQUE');
    writer.abort();
    database.close();
    expect(query('SELECT * FROM t')).toEqual([]);
  });
});

describe('files', () => {
  test('a new one that is written at once has large pages, another one the pages that it has', async () => {
    await write('t', pair, rowsOf(1));
    expect(query('PRAGMA page_size')).toEqual([{ page_size: 8192 }]);
    expect(query('PRAGMA page_count')).toEqual([{ page_count: 2 }]);
    rmSync(path);
    execute('CREATE TABLE x (y)');
    await write('t', pair, rowsOf(1));
    expect(query('PRAGMA page_size')).toEqual([{ page_size: 4096 }]);
  });

  test('a run that made the file and failed leaves no file', async () => {
    const run = new Run();
    const writer = await run.writer('t', pair);
    writer.write(rowsOf(5000));
    expect(existsSync(path)).toBe(true);
    writer.abort();
    run.database.close();
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}-journal`)).toBe(false);
  });

  test('not a database: refused, and as it was', async () => {
    const text = 'Dear diary, this is no database.\n'.repeat(50);
    writeFileSync(path, text);
    expect((await problemOf(() => write('t', pair, []))).code).toBe('sqlite/not-a-database');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('a missing folder, a folder', async () => {
    const inMissing = join(folder, 'no', 'out.db');
    expect(() => new SqliteDatabase(inMissing, contextOf())).toThrow('does not exist');
    expect(() => new SqliteDatabase(folder, contextOf())).toThrow('is a folder');
  });

  // A large transaction that spills out of its cache has the file locked.
  test.each(['IMMEDIATE', 'EXCLUSIVE'])('another writer (%s) is waited for; a reader only at the end', async (kind) => {
    execute('CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (1, NULL), (2, NULL)');
    const other = openSqlite(path);
    other.exec(`BEGIN ${kind}`);
    setTimeout(() => other.exec('COMMIT'), 200);
    const run = new Run();
    const writer = await run.writer('t', pair, 'append');
    const reading = other.prepare('SELECT * FROM t').iterate();
    reading.next();
    setTimeout(() => reading.return?.(), 200);
    writer.write(rowsOf(3));
    await writer.commit();
    run.database.close();
    expect(other.prepare('SELECT count(*) AS rows FROM t').get()).toEqual({ rows: 5 });
    other.close();
  });

  test('a lock that stays is a problem that says so', async () => {
    const other = openSqlite(path);
    other.exec('CREATE TABLE x (y); BEGIN IMMEDIATE');
    const problem = await problemOf(() => write('t', pair, []));
    expect(problem).toMatchObject({ code: 'sqlite/locked' });
    expect(problem.hint).toContain('Close the program');
    other.close();
  });

  test('other columns: all differences at once, the table as it was', async () => {
    execute("CREATE TABLE t (id TEXT, must TEXT NOT NULL); INSERT INTO t VALUES ('a', 'b')");
    const problem = await problemOf(() => write('t', pair, rowsOf(1), 'append'));
    expect(problem.code).toBe('sqlite/other-columns');
    expect(problem.message).toContain('"id" is TEXT in the table and integer in the rows');
    expect(problem.message).toContain('no column "name"');
    expect(problem.message).toContain('needs "must"');
    expect(query('SELECT * FROM t')).toEqual([{ id: 'a', must: 'b' }]);
  });

  test('a view is not a table', async () => {
    execute('CREATE VIEW t AS SELECT 1 AS id');
    expect((await problemOf(() => write('t', pair, []))).code).toBe('sqlite/not-a-table');
  });
});

test('updates by key only if newer, whatever came before, and tells how many rows changed nothing', async () => {
  const versions = schemaOf({ id: 'integer', version: 'integer', name: 'string' });
  const row = fc.record({ id: fc.integer({ min: 0, max: 4 }), version: fc.option(fc.integer({ min: -2, max: 2 })), name: fc.constantFrom('a', 'b', 'c') });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 60, size: 'max' }), fc.nat(60), async (rows, cut) => {
      rmSync(path, { force: true });
      let older = 0;
      for (const part of [rows.slice(0, cut), rows.slice(cut)]) {
        const logged: string[] = [];
        const context = contextOf(logged);
        const database = new SqliteDatabase(path, context);
        await database.open(null);
        const writer = new SqliteWriter(database, versions, { table: 't', mode: 'upsert', keys: ['id'], newer: 'version', columns: versions.columns }, context);
        writer.write(part);
        await writer.commit();
        writer.close();
        database.close();
        older += Number(/^[0-9]+/.exec(logged[0] ?? '')?.[0] ?? 0);
      }
      const wanted = new Map<number, (typeof rows)[number]>();
      let lost = 0;
      for (const each of rows) {
        const kept = wanted.get(each.id);
        if (!kept || (each.version !== null && (kept.version === null || each.version > kept.version))) wanted.set(each.id, each);
        else lost++;
      }
      expect(query('SELECT * FROM t ORDER BY id')).toEqual([...wanted.values()].sort((a, b) => a.id - b.id));
      expect(older).toBe(lost);
    }),
    { numRuns: 30 },
  );
});
