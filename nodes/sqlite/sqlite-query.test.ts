import { join } from 'node:path';
import type { Writer } from '@millrace/kit/node';
import { defaultsOf } from '@millrace/kit/params';
import { withSchedule } from '@millrace/kit/sources/schedule-source';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import type { SqliteConnection } from '../../io/sqlite/sqlite-library.ts';
import type { EntryFix } from '../../model/problems/problem.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import sqliteQuery from './sqlite-query.ts';
import sqliteTable from './sqlite-table.ts';

function database(sql: string, options: { wal?: boolean } = {}): { folder: string; db: SqliteConnection } {
  const folder = folderOf({});
  const db = openSqlite(join(folder, 'x.db'));
  if (options.wal) db.exec('PRAGMA journal_mode = WAL');
  db.exec(sql);
  return { folder, db };
}
const read = (folder: string, params: object, options: Parameters<typeof readSource>[3] = {}) =>
  readSource(sqliteQuery, folder, { path: 'x.db', table: '', sql: '', ...params }, options);
const query = (folder: string, sql: string, more: object = {}) => read(folder, { read: 'query', sql, ...more });

describe('types', () => {
  it('follow what columns are declared as, here and elsewhere', async () => {
    const { folder, db } = database(
      'CREATE TABLE t (a VARCHAR(10), b BIGINT, c DOUBLE PRECISION, d DECIMAL(10,2), e DATETIME, f BLOB, g BOOLEAN, h DATE, i JSON, j)',
    );
    db.exec(`INSERT INTO t VALUES ('x', 5, 1.5, 2, '2026-01-31 12:00:00', x'0102', 0, '2026-01-31', '{"a":1}', 'any')`);
    const { schema, rows, failures } = await read(folder, { table: 't' });
    expect(schema!.columns.map(({ type }) => type)).toEqual([
      'string',
      'integer',
      'number',
      'number',
      'timestamp',
      'bytes',
      'boolean',
      'date',
      'json',
      'string',
    ]);
    expect(failures).toEqual([]);
    expect(rows).toEqual([
      { a: 'x', b: 5, c: 1.5, d: 2, e: Date.UTC(2026, 0, 31, 12), f: Uint8Array.of(1, 2), g: false, h: '2026-01-31', i: { a: 1 }, j: 'any' },
    ]);
  });
  it('are told from the data where SQLite takes a name that it does not know for that of a number', async () => {
    const { folder, db } = database('CREATE TABLE t (a UUID, b TIME, c STRING, d JSONB, e YEAR, f DATETIME2, g NVARCHAR(9), h UNSIGNED BIG INT, i NUMBER)');
    db.exec(
      `INSERT INTO t VALUES ('7b-1', '12:30', 'x', '{"a":1}', 2026, '2026-01-31 12:00:00', '07', 5, 1), ('7b-2', NULL, 'y', '[]', 2027, NULL, 7, 6, 2.5)`,
    );
    const { schema, rows, failures } = await read(folder, { table: 't' });
    const types = ['string', 'string', 'string', 'json', 'integer', 'timestamp', 'string', 'integer', 'number'];
    expect(schema!.columns.map(({ type }) => type)).toEqual(types);
    expect(failures).toEqual([]);
    expect(rows[0]).toEqual({ a: '7b-1', b: '12:30', c: 'x', d: { a: 1 }, e: 2026, f: Date.UTC(2026, 0, 31, 12), g: '07', h: 5, i: 1 });
  });
  it('keep days as they are, and take a DATE column that holds times for one of timestamps', async () => {
    const { folder, db } = database('CREATE TABLE t (day DATE, at DATE)');
    db.exec("INSERT INTO t VALUES ('2026-01-31', '2026-01-31 12:00:00'), ('2026-02-01', NULL)");
    const { schema, rows } = await read(folder, { table: 't' });
    expect(schema!.columns.map(({ type }) => type)).toEqual(['date', 'timestamp']);
    expect(rows[0]).toEqual({ day: '2026-01-31', at: Date.UTC(2026, 0, 31, 12) });
  });
  it('lose nothing: long integers and finer times are failures, unless text is asked for', async () => {
    const { folder, db } = database('CREATE TABLE t (n NUMERIC, at TIMESTAMP)');
    db.exec("INSERT INTO t VALUES (9007199254740993, '2026-01-31 12:00:00'), (1, '2026-01-31 12:00:00.123456'), (1, 1706702400), (1, 1706702400000)");
    // Within its first rows, it would make the column decimal.
    db.exec(
      'CREATE TABLE before (n NUMERIC, at TIMESTAMP); WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < 1000) INSERT INTO before SELECT i, NULL FROM s',
    );
    const { rows, failures } = await query(folder, 'SELECT * FROM before UNION ALL SELECT * FROM t');
    expect(rows.slice(1000)).toEqual([{ n: 1, at: 1706702400000 }]);
    expect(failures.map(({ message, position }) => [position?.line, message])).toEqual([
      [1001, 'Column "n" is of type number: the value is 9007199254740993, beyond 2^53, where whole numbers would be rounded.'],
      [1002, 'Column "at" is of type timestamp: "2026-01-31 12:00:00.123456" is finer than milliseconds.'],
      [1003, expect.stringContaining('1706702400 seems to be seconds')],
    ]);
    expect(failures[0]!.fix).toMatchObject({ entry: { column: 'n', type: 'decimal' } });
    expect(failures[0]!.row).toEqual({ n: '9007199254740993', at: '2026-01-31 12:00:00' });
    const types = [
      { column: 'n', type: 'string' },
      { column: 'at', type: 'string' },
    ];
    const asText = await read(folder, { table: 't', types });
    expect(asText.rows).toEqual([
      { n: '9007199254740993', at: '2026-01-31 12:00:00' },
      { n: '1', at: '2026-01-31 12:00:00.123456' },
      { n: '1', at: '1706702400' },
      { n: '1', at: '1706702400000' },
    ]);
  });
  it('are decimal where numbers of a table are beyond doubles', async () => {
    const { folder } = database(
      `CREATE TABLE t (id INTEGER, n NUMERIC, mixed NUMERIC, price DECIMAL(10,2));
       INSERT INTO t VALUES (1, 9007199254740993, 'word', 12.5), (9223372036854775807, 0.25, 9007199254740993, 3), (NULL, NULL, NULL, NULL)`,
    );
    const { schema, rows, failures } = await read(folder, { table: 't' });
    expect(schema!.columns.map(({ type }) => type)).toEqual(['decimal', 'decimal', 'number', 'number']);
    expect(rows).toEqual([{ id: null, n: null, mixed: null, price: null }]);
    expect(failures).toHaveLength(2);
    const numbers = await read(folder, { table: 't', types: [{ column: 'mixed', type: 'string' }] });
    expect(numbers.rows.slice(0, 2)).toEqual([
      { id: '1', n: '9007199254740993', mixed: 'word', price: 12.5 },
      { id: '9223372036854775807', n: '0.25', mixed: '9007199254740993', price: 3 },
    ]);
  });
  it('are times counted in any unit where that is said, exactly', async () => {
    const { folder, db } = database('CREATE TABLE t (s TIMESTAMP, us INTEGER, ns INTEGER, day TEXT, ok TEXT)');
    db.exec("INSERT INTO t VALUES (1706702400, 1706702400123000, 1706702400123000000, '31.01.2024', 'ja'), (1706702400.5, 0, 0, NULL, 'NEIN')");
    db.exec("INSERT INTO t VALUES (0, 1706702400123456, 0, NULL, NULL), (0, 0, 1706702400123456789, NULL, NULL), (0, 0, 0, '2024-01-31', NULL)");
    const types = [
      { column: 's', type: 'timestamp', times: 'epoch', unit: 'seconds' },
      { column: 'us', type: 'timestamp', times: 'epoch', unit: 'microseconds' },
      { column: 'ns', type: 'timestamp', times: 'epoch', unit: 'nanoseconds' },
      { column: 'day', type: 'date', times: 'pattern', pattern: 'dd.MM.yyyy' },
      { column: 'ok', type: 'boolean', yes: 'ja', no: 'nein' },
    ];
    const { rows, failures } = await read(folder, { table: 't', types });
    expect(rows).toEqual([
      { s: 1706702400000, us: 1706702400123, ns: 1706702400123, day: '2024-01-31', ok: true },
      { s: 1706702400500, us: 0, ns: 0, day: null, ok: false },
    ]);
    expect(failures.map(({ message, position }) => [position?.line, message])).toEqual([
      [3, expect.stringContaining('"1706702400123456" is finer than a millisecond')],
      [4, expect.stringContaining('"1706702400123456789" is finer than a millisecond')],
      [5, expect.stringContaining('"2024-01-31" is not a time in the form dd.MM.yyyy')],
    ]);
    const cut = await read(folder, { table: 't', types: types.map((entry) => ({ ...entry, finer: 'cut' })) });
    expect(cut.rows.map(({ us, ns }) => [us, ns]).slice(2)).toEqual([
      [1706702400123, 0],
      [0, 1706702400123],
    ]);
  });
  it('are no cursors where they are cut off', async () => {
    const { folder } = database("CREATE TABLE t (at TEXT); INSERT INTO t VALUES ('2026-01-31T12:00:00.123456Z')");
    const params = { table: 't', repeat: 1000, cursorColumn: 'at' };
    const problemsOf = async (finer: string) => {
      const source = withSchedule(sqliteQuery);
      const types = [{ column: 'at', type: 'timestamp', finer }];
      const given = { ...defaultsOf(source.params), path: 'x.db', ...params, types };
      const path = (relative: string) => join(folder, relative);
      const { schema } = (await source.discover?.({ params: given, path, signal: new AbortController().signal }))!;
      return source.infer({ params: given, inputs: {}, inputLists: {}, discovered: schema, analyse: null as never }).problems ?? [];
    };
    expect(await problemsOf('cut')).toMatchObject([{ code: 'schedule/cut', severity: 'error', field: 'cursorColumn' }]);
    expect(await problemsOf('fail')).toEqual([]);
  });
  it('that look like times in a unit are offered as such', async () => {
    const { folder } = database('CREATE TABLE t (at TIMESTAMP); INSERT INTO t VALUES (1706702400), (1706702400123456), (1706702400123456789)');
    const { failures } = await read(folder, { table: 't' });
    expect(failures.map(({ fix }) => fix?.title)).toEqual(['seconds', 'microseconds', 'nanoseconds'].map((unit) => `Read column "at" as ${unit} since 1970`));
    expect((await read(folder, { table: 't', types: [(failures[0]!.fix as EntryFix).entry] })).rows).toEqual([{ at: 1706702400000 }]);
  });
  it('of expressions are told from their values', async () => {
    const { folder } = database('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2)');
    const { schema, problems } = await query(
      folder,
      "SELECT a + 1, a / 2.0 AS half, 'x' || a AS text, NULL AS none, x'01' AS blob, a * 4611686018427387000 AS big FROM t -- the end",
    );
    expect(problems).toEqual([]);
    expect(schema!.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'a + 1 integer',
      'half number',
      'text string',
      'none string',
      'blob bytes',
      'big decimal',
    ]);
  });
  it('can be set', async () => {
    const { folder } = database("CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1769860800000, '2026-01-31')");
    const { rows } = await read(folder, {
      table: 't',
      types: [
        { column: 'a', type: 'timestamp' },
        { column: 'b', type: 'timestamp' },
      ],
    });
    expect(rows).toEqual([{ a: 1769860800000, b: Date.UTC(2026, 0, 31) }]);
  });
  it('that a value does not have make its row fail', async () => {
    const { folder } = database(
      `CREATE TABLE t (i INTEGER, b BLOB, s TEXT, j JSON);
       INSERT INTO t VALUES (1, NULL, 'x', NULL), ('word', NULL, 'x', NULL), (9007199254740993, NULL, 'x', NULL), (2, 'text', 'x', NULL), (3, NULL, x'01', NULL), (4, NULL, NULL, '{'), (5, NULL, NULL, NULL)`,
    );
    const { rows, failures, places } = await read(folder, { table: 't' });
    expect(rows.map(({ i }) => i)).toEqual([1, 5]);
    expect(places).toEqual(['x.db, table t:1', 'x.db, table t:7']);
    expect(failures.map(({ message, position }) => [position?.line, message])).toEqual([
      [2, 'Column "i" is of type integer: "word" is not a whole number.'],
      [3, 'Column "i" is of type integer: the value is 9007199254740993, beyond 2^53, where whole numbers would be rounded.'],
      [4, 'Column "b" is of type bytes: the value is text, not a BLOB.'],
      [5, 'Column "s" is of type string: the value is a BLOB of 1 bytes.'],
      [6, 'Column "j" is of type json: "{" is not JSON.'],
    ]);
    expect(failures[1]!.hint).toContain('Read column "i" as decimal');
  });
});

describe('what is wrong', () => {
  it('is told with what there is', async () => {
    const { folder } = database('CREATE TABLE parts (id); CREATE VIEW v AS SELECT 1');
    const problem = async (params: object) => (await read(folder, params)).problems[0]!;
    expect(await problem({ table: 'pieces' })).toMatchObject({ code: 'sqlite/no-table', field: 'table', hint: 'It has: parts, v.' });
    expect(await problem({ read: 'query', sql: 'SELECT nope FROM parts' })).toMatchObject({
      code: 'sqlite/query',
      field: 'sql',
      message: 'The query is wrong: no such column: nope.',
    });
    expect(await problem({ read: 'query', sql: 'SELECT 1; SELECT 2' })).toMatchObject({ code: 'sqlite/query' });
    for (const sql of ['SELECT ? AS a', 'SELECT :name AS a']) {
      expect(await problem({ read: 'query', sql })).toMatchObject({ code: 'sqlite/query', field: 'sql', message: expect.stringContaining('placeholders') });
    }
    expect(await problem({ read: 'query', sql: 'DELETE FROM parts' })).toMatchObject({ code: 'sqlite/query', message: 'The query returns no rows.' });
    expect(await problem({ path: 'nope.db', table: 't' })).toMatchObject({ code: 'file/missing', field: 'path' });
    expect(await problem({ path: '.', table: 't' })).toMatchObject({ code: 'file/directory' });
    expect((await readSource(sqliteQuery, folderOf({ 'x.db': 'x'.repeat(2000) }), { path: 'x.db', table: 't' })).problems[0]).toMatchObject({
      code: 'sqlite/not-a-database',
    });
    expect((await readSource(sqliteQuery, folderOf({ 'x.db': '' }), { path: 'x.db', table: 't' })).problems[0]).toMatchObject({
      hint: 'The database is empty.',
    });
  });
  it('writes nothing, whatever the query says', async () => {
    const { folder, db } = database('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    await query(folder, 'DELETE FROM t RETURNING a').catch((error) => expect(error.message).toContain('readonly'));
    expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 });
  });
  it('is a lock that somebody holds', async () => {
    const { folder, db } = database('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)');
    db.exec('BEGIN EXCLUSIVE');
    expect((await read(folder, { table: 't' })).problems[0]).toMatchObject({ code: 'sqlite/locked' });
    const schema: Schema = { columns: [{ name: 'a', type: 'integer', nullable: true }] };
    const running = read(folder, { table: 't' }, { schema });
    setTimeout(() => db.exec('COMMIT'), 200);
    expect((await running).rows).toEqual([{ a: 1 }]);
  });
});

it('names columns apart that have one name', async () => {
  const { folder } = database('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)');
  const { rows, problems } = await query(folder, 'SELECT x.a, y.a FROM t x, t y');
  expect(rows).toEqual([{ a: 1, a_2: 1 }]);
  expect(problems).toMatchObject([{ code: 'sqlite/column-name', severity: 'warning' }]);
});

describe('a sink that writes into the same database', () => {
  const count = 60_000;
  const text = 'x'.repeat(500);
  const fill = `CREATE TABLE t (a INTEGER, b TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO t SELECT i, '${text}' FROM n`;

  it.each([
    { journal: 'rollback journal', wal: false, mode: 'replace', table: 'copy' },
    { journal: 'write-ahead log', wal: true, mode: 'replace', table: 'copy' },
    { journal: 'rollback journal', wal: false, mode: 'append', table: 't' },
    { journal: 'rollback journal', wal: false, mode: 'replace', table: 't' },
  ])('gets all rows ($journal, $mode $table), though it needs more than its cache', async ({ wal, mode, table }) => {
    const { folder, db } = database(fill, { wal });
    db.close();
    const columns = [
      { name: 'a', type: 'integer', nullable: true },
      { name: 'b', type: 'string', nullable: true },
    ] as const;
    const schema: Schema = { columns };
    const things = new Map<string, { close(): void }>();
    const common = {
      inputs: { rows: schema },
      outputs: { rows: schema },
      path: (path: string) => join(folder, path),
      signal: new AbortController().signal,
      log() {},
      guard() {},
      commits: 'end' as const,
      resume: null,
      lineage: '',
      fail(failure: { message: string }) {
        throw new Error(failure.message);
      },
      shared: <T extends { close(): void }>(key: string, open: () => T) => {
        if (!things.has(key)) things.set(key, open());
        return things.get(key) as T;
      },
    };
    const writer: Writer = await sqliteTable.run({ ...common, params: { path: 'x.db', table, mode, keys: [], types: {} } as never });
    const reader = await sqliteQuery.run({
      ...common,
      params: { path: 'x.db', read: 'table', table: 't', sql: '', types: [] },
      batchSize: 1024,
      start: null,
      sample: false,
      now: Date.now,
      elapsed: () => performance.now(),
      refuse() {},
      pattern: () => () => null,
    });
    for (let batch = await reader.read(); batch; batch = await reader.read()) await writer.write(batch.rows as Row[]);
    await reader.close();
    await writer.commit();
    await writer.close();
    for (const thing of things.values()) thing.close();
    const result = openSqlite(join(folder, 'x.db'));
    expect(result.prepare(`SELECT count(*) AS n, sum(a) AS sum, min(length(b)) AS length FROM "${table}"`).get()).toEqual({
      n: mode === 'append' ? 2 * count : count,
      sum: ((mode === 'append' ? 2 : 1) * count * (count + 1)) / 2,
      length: 500,
    });
    result.close();
  });
});
