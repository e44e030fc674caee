import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/errors';
import { readSource, type SourceOptions } from '@millrace/kit/testing/read-source';
import { type SinkOptions, SinkRun } from '@millrace/kit/testing/sink-run';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Column, ColumnType, Row } from '../../model/values/types.ts';
import { type MariaDb, startMariaDb, whyMissing } from '../../test/servers/mariadb.ts';
import { skippedWithout } from '../../test/servers/needed.ts';
import { connectionTo } from '../../test/servers/shared-mariadb.ts';
import sourceDefinition from './mysql-query.ts';
import sink from './mysql-table.ts';

const source: any = sourceDefinition;

describe.skipIf(skippedWithout(whyMissing()))('MariaDB', () => {
  let server: MariaDb;
  let folder: string;
  let table = '';
  let tables = 0;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-mysql-'));
    server = await startMariaDb(join(folder, 'server'));
    await Promise.all([sink.code?.load(), source.code?.load()]);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    table = `t${tables++}`;
  });
  const sql = (statements: string) => server.sql(statements);
  const connection = () => connectionTo(server);
  const schemaOf = (columns: { readonly [name: string]: ColumnType }) => ({
    columns: Object.entries(columns).map(([name, type]): Column => ({ name, type, nullable: true })),
  });
  /** Writes rows in a run of its own; gives the failures. */
  const write = async (params: object, columns: { readonly [name: string]: ColumnType }, rows: readonly Row[], options: SinkOptions = {}) => {
    const run = new SinkRun(folder, { commits: 'end', ...options });
    try {
      const writer = await run.open({ definition: sink, params: { connection: 'shop', table, ...params }, connection: connection() }, schemaOf(columns));
      try {
        await writer.write(rows);
        await writer.prepare?.(1);
        await writer.commit(1);
      } catch (error) {
        await writer.abort();
        throw error;
      }
      return run.failures.map(({ code, message }) => `${code}: ${message}`);
    } finally {
      await run.close();
    }
  };
  const read = (params: object = {}, options: SourceOptions = {}) =>
    readSource(source, folder, { connection: 'shop', table, ...params }, { connection: connection(), ...options });
  const problemOf = async (what: () => Promise<unknown>) => {
    const error = await what().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof MillraceError)) throw new Error(`No problem: ${String(error)}`);
    return error.problem;
  };

  describe('values', () => {
    const everything: { readonly [name: string]: ColumnType } = {
      s: 'string',
      i: 'integer',
      n: 'number',
      d: 'decimal',
      b: 'boolean',
      t: 'timestamp',
      day: 'date',
      j: 'json',
      raw: 'bytes',
    };
    const rows: Row[] = [
      {
        s: 'it\'s \\ "x"\n\0 ü 🙂',
        i: 9_007_199_254_740_991,
        n: 0.1,
        d: '12345678901234567890.5',
        b: true,
        t: 1_769_860_800_123,
        day: '2026-01-31',
        j: { a: ["'\\", null, 1.5] },
        raw: new Uint8Array([0, 39, 92, 255]),
      },
      { s: '', i: -1, n: 1.7976931348623157e308, d: '-0.000001', b: false, t: -1, day: '1900-02-28', j: [], raw: new Uint8Array(0) },
      { s: 'a ', i: 0, n: 5e-324, d: '0', b: null, t: null, day: null, j: null, raw: null },
      { s: null, i: null, n: null, d: null, b: null, t: null, day: null, j: 'text', raw: null },
    ];

    it('come back from a new table as they were', async () => {
      expect(await write({ mode: 'create' }, everything, rows)).toEqual([]);
      const back = await read();
      expect(back.failures).toEqual([]);
      expect(back.schema?.columns.map(({ name, type }) => [name, type])).toEqual(Object.entries(everything));
      const trimmed = back.rows.map((row) => ({ ...row, d: typeof row['d'] === 'string' ? row['d'].replace(/\.?0+$/, '') || '0' : row['d'] }));
      expect(trimmed).toEqual(rows);
      expect(sql(`SELECT t, day FROM ${table} LIMIT 1`)).toBe('2026-01-31 12:00:00.123000\t2026-01-31');
    });

    it('are refused for their row where the column would change them', async () => {
      sql(
        `CREATE TABLE ${table} (e ENUM('red','2'), s SET('a','b'), c CHAR(5), v VARCHAR(3), p DECIMAL(10,2), f FLOAT, at DATETIME, w TIME(3), bin BINARY(2))`,
      );
      const columns: { readonly [name: string]: ColumnType } = {
        e: 'string',
        s: 'string',
        c: 'string',
        v: 'string',
        p: 'decimal',
        f: 'number',
        at: 'timestamp',
        w: 'string',
        bin: 'bytes',
      };
      const fine: Row = { e: 'red', s: 'a,b', c: 'x', v: 'abc', p: '1.50', f: 0.5, at: 1000, w: '12:00:00.125', bin: new Uint8Array([1, 0]) };
      const wrong: Row[] = [
        { ...fine, e: 'RED' },
        { ...fine, e: '1' },
        { ...fine, s: 'b,a' },
        { ...fine, c: 'x ' },
        { ...fine, v: 'abc ' },
        { ...fine, p: '1.505' },
        { ...fine, f: 0.1 },
        { ...fine, at: 1001 },
        { ...fine, w: '12:00:00.1255' },
        { ...fine, w: '12' },
        { ...fine, bin: new Uint8Array([1]) },
      ];
      const failures = await write({}, columns, [fine, ...wrong, fine]);
      expect(failures).toHaveLength(wrong.length);
      expect(failures.every((failure) => failure.startsWith('mysql/value'))).toBe(true);
      expect(failures[5]).toBe('mysql/value: Column "p" is decimal(10,2) in the table, which does not keep "1.505".');
      expect(sql(`SELECT COUNT(*) FROM ${table}`)).toBe('2');
      const back = await read({ types: [{ column: 'w', type: 'string' }] });
      expect(back.rows[0]).toMatchObject({ ...fine, w: '12:00:00.125' });
    });

    it('of rows that the server refuses fail alone', async () => {
      sql(`CREATE TABLE ${table} (n TINYINT PRIMARY KEY, c VARCHAR(3), CHECK (n <> 7))`);
      const numbers = Array.from({ length: 200 }, (_, n) => ({ n, c: n === 3 ? 'four' : 'ok' }));
      const failures = await write({}, { n: 'integer', c: 'string' }, [...numbers, { n: 5, c: 'x' }]);
      expect(failures).toHaveLength(3 + 72);
      expect(failures.every((failure) => failure.startsWith('mysql/constraint'))).toBe(true);
      expect(sql(`SELECT COUNT(*) FROM ${table}`)).toBe('126');
    });

    it('that are longer than a statement may be go in several, or fail', async () => {
      const long = 'ü'.repeat(3_000_000);
      const rows = [{ s: long }, { s: long }, { s: 'ü'.repeat(9_000_000) }, { s: 'end' }];
      const failures = await write({ mode: 'create' }, { s: 'string' }, rows);
      expect(failures).toEqual([expect.stringContaining('max_allowed_packet')]);
      expect(sql(`SELECT CHAR_LENGTH(s) FROM ${table}`)).toBe('3000000\n3000000\n3');
    });

    it('of the types of other programs are read', async () => {
      sql(
        `CREATE TABLE ${table} (big BIGINT UNSIGNED, small BIGINT, flag BIT(1), bits BIT(9), y YEAR, f FLOAT, u UUID, tm TIME, zero DATE, j JSON, g POINT, micro DATETIME(6))`,
      );
      sql(
        `SET sql_mode = ''; INSERT INTO ${table} VALUES (18446744073709551615, 1, b'1', b'100000001', 2026, 16777216, UUID(), '-12:30:00', '2026-02-28', '{"a": 12345678901234567}', POINT(1, 2), '2026-01-31 12:00:00.125')`,
      );
      const back = await read({ types: [{ column: 'j', type: 'string' }] });
      expect(back.failures).toEqual([]);
      expect(back.rows).toEqual([
        {
          big: '18446744073709551615',
          small: 1,
          flag: true,
          bits: new Uint8Array([1, 1]),
          y: 2026,
          f: 16_777_216,
          u: expect.stringMatching(/^[0-9a-f-]{36}$/),
          tm: '-12:30:00',
          zero: '2026-02-28',
          j: '{"a": 12345678901234567}',
          g: { x: 1, y: 2 },
          micro: Date.parse('2026-01-31T12:00:00.125Z'),
        },
      ]);
    });

    it('that cannot be read without a loss fail with their place, and the type that takes them', async () => {
      sql(`CREATE TABLE ${table} (n BIGINT, t DATETIME(6), d DATE, b TINYINT(1))`);
      sql(
        `SET sql_mode = ''; INSERT INTO ${table} VALUES (1, '2026-01-31 12:00:00.000001', '2026-01-31', 1), (1, NULL, '0000-00-00', 1), (1, NULL, NULL, 2), (1, NULL, NULL, 0)`,
      );
      const back = await read();
      expect(back.rows).toEqual([{ n: 1, t: null, d: null, b: false }]);
      expect(back.failures.map(({ code, message, position, fix }) => [code, message, position?.line, fix?.title])).toEqual([
        ['mysql/value', expect.stringContaining('finer than milliseconds'), 1, expect.stringContaining('"t" as')],
        ['mysql/value', expect.stringContaining('0000-00-00'), 2, expect.stringContaining('"d" as')],
        ['mysql/value', expect.stringContaining('"b" is of type boolean'), 3, expect.stringContaining('"b" as')],
      ]);
    });
  });

  describe('a table', () => {
    const columns: { readonly [name: string]: ColumnType } = { k: 'string', v: 'integer', at: 'timestamp' };
    const upsert = { mode: 'upsert', keys: ['k'], newer: 'at' };

    it('keeps the newer row of a key, which letters and spaces tell apart', async () => {
      const rows = [
        { k: 'a', v: 1, at: 10 },
        { k: 'A', v: 2, at: null },
        { k: 'a ', v: 3, at: 5 },
        { k: 'a', v: 4, at: 9 },
        { k: 'A', v: 5, at: 1 },
        { k: 'A', v: 6, at: null },
        { k: 'a ', v: 7, at: 6 },
      ];
      expect(await write(upsert, columns, rows)).toEqual([]);
      expect(sql(`SELECT CONCAT(k, '|'), v FROM ${table} ORDER BY v`)).toBe('a|\t1\nA|\t5\na |\t7');
      expect(await write(upsert, columns, [{ k: null, v: 1, at: 1 }])).toEqual([expect.stringContaining('The key column "k" is null')]);
    });

    it.each([
      ['other columns', '(k VARCHAR(9), v BIGINT, other INT NOT NULL)', {}, 'mysql/other-columns', 'table'],
      ['a type that does not fit', '(k VARCHAR(9), v VARCHAR(9), at DATETIME(3))', {}, 'mysql/other-columns', 'table'],
      ['no key', '(k VARCHAR(9), v BIGINT, at DATETIME(3))', upsert, 'mysql/no-key', 'keys'],
      ['another unique index', '(k VARCHAR(9) PRIMARY KEY, v BIGINT UNIQUE, at DATETIME(3))', upsert, 'mysql/other-key', 'keys'],
      ['an engine without transactions', '(k VARCHAR(9), v BIGINT, at DATETIME(3)) ENGINE=Aria', {}, 'mysql/no-transactions', 'table'],
      ['a name that is taken', '(k VARCHAR(9), v BIGINT, at DATETIME(3))', { mode: 'create' }, 'mysql/table-exists', 'table'],
    ])('is refused for %s', async (_, declaration, params, code, field) => {
      sql(`CREATE TABLE ${table} ${declaration}`);
      expect(await problemOf(() => write(params, columns, [{ k: 'a', v: 1, at: 1 }]))).toMatchObject({ code, field });
      expect(sql(`SELECT COUNT(*) FROM ${table}`)).toBe('0');
    });

    it('takes rows by a key beside an automatic one', async () => {
      sql(`CREATE TABLE ${table} (id INT AUTO_INCREMENT PRIMARY KEY, k VARCHAR(9) UNIQUE, v BIGINT, at DATETIME(3))`);
      expect(
        await write(upsert, columns, [
          { k: 'a', v: 1, at: 1 },
          { k: 'a', v: 2, at: 2 },
        ]),
      ).toEqual([]);
      expect(sql(`SELECT k, v FROM ${table}`)).toBe('a\t2');
    });

    it('to which others refer is not replaced, and a view is not written', async () => {
      sql(
        `CREATE TABLE ${table} (k VARCHAR(9) PRIMARY KEY, v BIGINT, at DATETIME(3)); CREATE TABLE of_${table} (k VARCHAR(9) REFERENCES ${table} (k) ON DELETE CASCADE)`,
      );
      expect(await problemOf(() => write({ mode: 'replace' }, columns, []))).toMatchObject({ code: 'mysql/referenced' });
      sql(`CREATE VIEW v_${table} AS SELECT * FROM ${table}`);
      expect(await problemOf(() => write({ table: `v_${table}` }, columns, []))).toMatchObject({ code: 'mysql/not-a-table' });
    });

    it('that a failed run has made is gone, and one of a killed run is taken over', async () => {
      const run = new SinkRun(folder, { commits: 'end' });
      const spec = { definition: sink, params: { connection: 'shop', table, mode: 'create' }, connection: connection() };
      await (await run.open(spec, schemaOf(columns))).write([{ k: 'a', v: 1, at: 1 }]);
      run.kill();
      expect(sql(`SELECT COUNT(*) FROM ${table}`)).toBe('0');
      const failed = new SinkRun(folder, { commits: 'end' });
      const writer = await failed.open(spec, schemaOf({ k: 'string' }));
      await writer.abort();
      await failed.close();
      expect(sql(`SHOW TABLES LIKE '${table}'`)).toBe('');
    });

    it('waits for nobody who holds a deadlock: the run ends, with nothing of it', async () => {
      sql(`CREATE TABLE ${table} (k VARCHAR(9) PRIMARY KEY, v BIGINT, at DATETIME(3)); INSERT INTO ${table} VALUES ('x', 0, NULL)`);
      const waiting = { ...connection(), params: { ...connection().params, options: { innodb_lock_wait_timeout: '1' } } };
      const blocker = new SinkRun(folder, { commits: 'end', lineage: 'other' });
      const spec = { definition: sink, params: { connection: 'shop', table, ...upsert }, connection: connection() };
      const first = await blocker.open(spec, schemaOf(columns));
      await first.write([{ k: 'x', v: 1, at: 1 }]);
      await first.prepare?.(1);
      const run = new SinkRun(folder, { commits: 'end' });
      const second = await run.open({ ...spec, connection: waiting }, schemaOf(columns));
      await second.write([
        { k: 'y', v: 2, at: 1 },
        { k: 'x', v: 2, at: 1 },
      ]);
      const problem = await problemOf(async () => second.prepare?.(1));
      expect(problem).toMatchObject({ code: 'mysql/locked' });
      await second.abort();
      await run.close();
      await first.commit(1);
      await blocker.close();
      expect(sql(`SELECT k, v FROM ${table}`)).toBe('x\t1');
    });
  });

  describe('a query', () => {
    it.each([
      ['a table that there is not', { table: 'nothing' }, 'mysql/no-table', 'table'],
      ['a mistake', { read: 'query', sql: 'SELEC 1' }, 'mysql/query', 'sql'],
      ['a placeholder', { read: 'query', sql: 'SELECT ?' }, 'mysql/query', 'sql'],
      ['a change', { read: 'query', sql: 'DELETE FROM mysql.user' }, 'mysql/query', 'sql'],
      ['two statements', { read: 'query', sql: 'SELECT 1; SELECT 2' }, 'mysql/query', 'sql'],
      ['a column of text as a cursor', { read: 'query', sql: "SELECT 'a' AS a", cursor: 'a' }, 'mysql/cursor', 'cursor'],
    ])('tells of %s by its field', async (_, params, code, field) => {
      const { problems } = await read(params).catch((error: unknown) => ({ problems: [(error as MillraceError).problem] }));
      expect(problems).toContainEqual(expect.objectContaining({ code, field }));
    });

    it('cannot change anything', async () => {
      sql(`CREATE TABLE ${table} (n INT)`);
      const { problems, rows } = await read({ read: 'query', sql: `INSERT INTO ${table} VALUES (1) RETURNING n` });
      expect([problems, rows]).toEqual([[expect.objectContaining({ code: 'mysql/query' })], []]);
      expect(sql(`SELECT COUNT(*) FROM ${table}`)).toBe('0');
    });

    it('warns of a FLOAT and of a name that is there twice', async () => {
      const { problems, rows } = await read({ read: 'query', sql: 'SELECT 1 AS a, 2 AS a, CAST(0.5 AS FLOAT) AS f' });
      expect(problems.map(({ code }) => code)).toEqual(['mysql/column-name', 'mysql/float']);
      expect(rows).toEqual([{ a: 1, a_2: 2, f: 0.5 }]);
    });

    it('that is slow is given up by a look after half a second, and by a sample after some', async () => {
      const slow = { read: 'query', sql: 'SELECT seq AS n, SLEEP(0.3) AS s FROM seq_1_to_100000' };
      const { rows } = await read(slow, { sample: true });
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThan(50);
      await expect
        .poll(() => sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(0.3)%' AND info NOT LIKE '%processlist%'"))
        .toBe('0');
    });

    it('goes on after the last row by several columns, whatever they are', async () => {
      sql(`CREATE TABLE ${table} (at DATETIME(6), price DECIMAL(10,2), n INT, PRIMARY KEY (at, price, n))`);
      sql(`INSERT INTO ${table} SELECT '2026-01-31 12:00:00' + INTERVAL seq DIV 20 MICROSECOND, seq DIV 5 % 4, seq % 5 FROM seq_0_to_99`);
      const params = { read: 'query', sql: `SELECT * FROM ${table} -- all`, cursor: 'at, price, n', types: [{ column: 'at', type: 'string' }] };
      const whole = await read(params, { batchSize: 7 });
      expect(whole.rows).toHaveLength(100);
      for (const { rows, position } of whole.positions) expect((await read(params, { start: position })).rows).toEqual(whole.rows.slice(rows));
    });

    it('refuses to go on where columns do not tell rows apart, or are null', async () => {
      sql(`CREATE TABLE ${table} (n INT, v INT); INSERT INTO ${table} VALUES (1, 1), (2, 2), (2, 3)`);
      expect(await problemOf(() => read({ cursor: 'n' }))).toMatchObject({
        code: 'mysql/cursor',
        message: expect.stringContaining('Two rows have the same value'),
      });
      expect((await read({ cursor: 'n, v' })).rows).toHaveLength(3);
      sql(`INSERT INTO ${table} VALUES (NULL, 4)`);
      expect(await problemOf(() => read({ cursor: 'n, v' }))).toMatchObject({ code: 'mysql/cursor', message: expect.stringContaining('null') });
    });

    it('goes on when its connection is killed, and when the server is, and says that it waits', async () => {
      sql(`CREATE TABLE ${table} (n INT PRIMARY KEY, filler TEXT); INSERT INTO ${table} SELECT seq, REPEAT('x', 1000) FROM seq_1_to_60000`);
      const waits: (string | null)[] = [];
      const { open } = await import('@millrace/kit/testing/read-source').then(({ openSource }) =>
        openSource(
          source,
          folder,
          { connection: 'shop', table, cursor: 'n' },
          { connection: connection(), batchSize: 1000, waits: (text) => waits.push(text) },
        ),
      );
      const reader = await open();
      const numbers: number[] = [];
      const take = async (until: number) => {
        while (numbers.length < until) {
          const batch = await reader.read();
          if (!batch) return;
          numbers.push(...batch.rows.map(({ n }) => Number(n)));
        }
      };
      await take(5000);
      for (const id of sql("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT `n`%'").split('\n')) sql(`KILL ${id}`);
      await take(30_000);
      await server.kill();
      const starting = server.start();
      await take(60_001);
      await starting;
      await reader.close();
      expect([numbers.length, numbers.findIndex((n, i) => n !== i + 1)]).toEqual([60_000, -1]);
      expect(waits).toContain('reconnecting, attempt 1');
      expect(waits.at(-1)).toBeNull();
    });
  });
});
