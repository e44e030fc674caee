import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@millrace/kit/connection';
import { MillraceError } from '@millrace/kit/errors';
import { openSource, readSource } from '@millrace/kit/testing/read-source';
import { SinkRun } from '@millrace/kit/testing/sink-run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row, Schema } from '../../model/values/types.ts';
import { skippedWithout } from '../../test/servers/needed.ts';
import { freePort, type PostgresServer, startPostgres, whyMissing } from '../../test/servers/postgres.ts';
import { connectionTo } from '../../test/servers/shared-postgres.ts';
import postgres from './postgres-connection.ts';
import source from './postgres-query.ts';
import sink from './postgres-table.ts';

describe.skipIf(skippedWithout(whyMissing()))('PostgreSQL', () => {
  let server: PostgresServer;
  let guarded: PostgresServer;
  beforeAll(async () => {
    [server, guarded] = await Promise.all([
      startPostgres(mkdtempSync(join(tmpdir(), 'millrace-postgres-'))),
      startPostgres(mkdtempSync(join(tmpdir(), 'millrace-postgres-')), { password: 'right', tls: true, settings: { max_connections: '10' } }),
    ]);
  });
  afterAll(async () => {
    await server.stop();
    await guarded.stop();
  });

  const signal = new AbortController().signal;
  const problemOf = async (action: () => unknown) => {
    try {
      await action();
    } catch (error) {
      if (error instanceof MillraceError) return error.problem;
      throw error;
    }
    return null;
  };
  const read = async (params: object, more: object = {}) =>
    (await readSource(source, tmpdir(), { connection: 'shop', ...params }, { connection: connectionTo(server), ...more })) as { rows: Row[] } & Awaited<
      ReturnType<typeof readSource>
    >;

  describe('a connection', () => {
    const test = (connection: Connection) => postgres.test({ params: connection.params as never, signal });

    it('tells the version and how many tables there are', async () => {
      server.sql('CREATE SCHEMA told; CREATE TABLE told.one (a int); CREATE VIEW told.two AS SELECT 1 AS b');
      expect(await test(connectionTo(server))).toMatch(/^PostgreSQL \d+(\.\d+)?, \d+ tables?$/);
    });

    it('is made over TLS with the right certificate, or without looking at it', async () => {
      expect(await test(connectionTo(guarded, { password: 'right', tls: 'verify', ca: guarded.certificate }))).toContain('PostgreSQL');
      expect(await test(connectionTo(guarded, { password: 'right', tls: 'unverified' }))).toContain('PostgreSQL');
    });

    it('says which field is wrong', async () => {
      const right = { password: 'right', tls: 'unverified' };
      const found = async (connection: Connection) => {
        const problem = await problemOf(() => test(connection));
        return [problem?.code, problem?.field, problem?.hint !== undefined];
      };
      expect(await found(connectionTo(guarded, { ...right, password: 'wrong' }))).toEqual(['postgres/login', 'password', true]);
      expect(await found(connectionTo(guarded, { ...right, password: null }))).toEqual(['postgres/login', 'password', true]);
      expect(await found(connectionTo(guarded, { ...right, user: 'nobody' }))).toEqual(['postgres/login', 'password', true]);
      expect(await found(connectionTo(guarded, { ...right, database: 'shoes' }))).toEqual(['postgres/no-database', 'database', true]);
      expect(await found(connectionTo(guarded, { password: 'right', tls: 'verify' }))).toEqual(['postgres/tls', 'tls', true]);
      expect(await found(connectionTo(server, { tls: 'verify' }))).toEqual(['postgres/tls', 'tls', true]);
      expect(await found(connectionTo(server, { host: 'no-such-host.invalid' }))).toEqual(['postgres/away', 'host', true]);
      const free = { ...connectionTo(server).params, port: await freePort() };
      expect(await found({ ...connectionTo(server), params: free })).toEqual(['postgres/away', 'host', true]);
    });

    it('lists schemas, tables and columns', async () => {
      server.sql('CREATE SCHEMA lists; CREATE TABLE lists."odd.name" (id bigint PRIMARY KEY, price numeric(10,2)); CREATE TABLE lists.empty ()');
      const entries = (what: string, of = {}) => postgres.entries?.(what, of, { params: connectionTo(server).params as never, signal });
      expect((await entries('tables'))?.map(({ name }) => name)).toEqual(expect.arrayContaining(['lists."odd.name"', 'lists.empty']));
      expect(await entries('columns', { table: 'lists."odd.name"' })).toEqual([
        { name: 'id', detail: 'bigint' },
        { name: 'price', detail: 'numeric(10,2)' },
      ]);
      expect((await entries('schemas'))?.map(({ name }) => name)).toContain('lists');
    });
  });

  const wide: Schema = {
    columns: (
      [
        ['i', 'integer'],
        ['x', 'number'],
        ['d', 'decimal'],
        ['b', 'boolean'],
        ['t', 'timestamp'],
        ['day', 'date'],
        ['j', 'json'],
        ['raw', 'bytes'],
        ['s', 'string'],
      ] as const
    ).map(([name, type]) => ({ name, type, nullable: true })),
  };
  const values: Row[] = [
    {
      i: 9007199254740991,
      x: 0.1,
      d: '12345678901234567890.50',
      b: true,
      t: Date.UTC(2026, 0, 31, 12, 30, 15, 123),
      day: '2024-02-29',
      j: { a: [1, 'two\n', null], b: '\\' },
      raw: Uint8Array.of(0, 92, 255),
      s: 'tab\tand\\backslash\r\nä 𝄞 \\N',
    },
    { i: -1, x: 1e300, d: '-0.001', b: false, t: -1, day: '0001-01-01', j: null, raw: new Uint8Array(), s: '' },
    { i: null, x: null, d: null, b: null, t: null, day: null, j: null, raw: null, s: null },
  ];
  const write = async (params: object, schema: Schema, rows: readonly Row[]) => {
    const run = new SinkRun(tmpdir(), { commits: 'end' });
    try {
      const writer = await run.open({ definition: sink, params: { connection: 'shop', ...params }, connection: connectionTo(server) }, schema);
      await writer.write(rows);
      await writer.commit();
    } finally {
      await run.close();
    }
    return run;
  };

  it('keeps every value that it writes and reads again', async () => {
    await write({ table: 'wide', mode: 'create' }, wide, values);
    const { schema, rows } = await read({ table: 'wide' });
    expect(schema?.columns.map(({ name, type }) => [name, type])).toEqual(wide.columns.map(({ name, type }) => [name, type]));
    expect(rows).toEqual(values);
    expect(server.sql('SELECT i, d, t, j, raw FROM wide LIMIT 1')).toBe(
      '9007199254740991|12345678901234567890.50|2026-01-31 12:30:15.123+00|{"a": [1, "two\\n", null], "b": "\\\\"}|\\x005cff',
    );
  });

  it('reads the types that only PostgreSQL has', async () => {
    server.sql(`CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE DOMAIN amount AS numeric(8,2);
      CREATE TABLE own (m mood, a amount, l int[], n text[], deep int[], u uuid, v interval, big bigint, local timestamp, fine timestamptz, f real);
      INSERT INTO own VALUES ('ok', 1.50, '{1,NULL,3}', ARRAY['a,b', 'NULL', NULL, 'q"\\'], '[0:1][1:2]={{1,2},{3,4}}', '00000000-0000-0000-0000-000000000001',
        '1 day 2 hours', 9007199254740993, '2026-01-31 12:00:00', '2026-01-31 12:00:00.123456+02', 0.1)`);
    const { schema, rows, problems, failures } = await read({ table: 'own' });
    expect(failures).toEqual([]);
    expect(rows).toEqual([
      {
        m: 'ok',
        a: '1.50',
        l: [1, null, 3],
        n: ['a,b', 'NULL', null, 'q"\\'],
        deep: [
          [1, 2],
          [3, 4],
        ],
        u: '00000000-0000-0000-0000-000000000001',
        v: 'P1DT2H',
        big: '9007199254740993',
        local: Date.UTC(2026, 0, 31, 12),
        fine: Date.UTC(2026, 0, 31, 10, 0, 0, 123),
        f: 0.1,
      },
    ]);
    expect(schema?.columns.find(({ name }) => name === 'big')?.type).toBe('decimal');
    expect(problems.map(({ code }) => code)).toEqual(['postgres/finer']);
    expect((await read({ table: 'own', finer: 'text' })).rows[0]).toMatchObject({ fine: '2026-01-31 10:00:00.123456+00' });
  });

  it('fails the row that has a value for which there is none', async () => {
    server.sql(`CREATE TABLE odd (n int, x float8, t timestamptz, d date);
      INSERT INTO odd VALUES (1, 'NaN', now(), now()), (2, 1, 'infinity', now()), (3, 1, now(), '0044-03-15 BC'), (4, 1.5, '12026-01-01', '2026-01-01')`);
    const { rows, failures } = await read({ table: 'odd' });
    expect(rows.map(({ n }) => n)).toEqual([4]);
    expect(failures.map(({ code, position }) => [code, position])).toEqual([1, 2, 3].map((line) => ['postgres/value', { source: 'odd', line }]));
  });

  it('refuses a table with other columns, and says what differs', async () => {
    server.sql('CREATE TABLE other (i integer, x text, needed text NOT NULL)');
    const schema: Schema = { columns: wide.columns.slice(0, 3) };
    const problem = await problemOf(() => write({ table: 'other', mode: 'append' }, schema, []));
    expect(problem).toMatchObject({ code: 'postgres/other-columns', field: 'table' });
    expect(problem?.message).toContain('"x" is text in the table and number in the rows; the table has no column "d"; the table needs "needed"');
  });

  it('writes arrays and enums into a table that has them, and fails what a column would round or a constraint refuses', async () => {
    server.sql("CREATE TYPE size AS ENUM ('s', 'l'); CREATE TABLE strict (i int PRIMARY KEY, e size, l text[], p numeric(6,2), CHECK (i <> 5))");
    const schema: Schema = {
      columns: [
        { name: 'i', type: 'integer', nullable: false },
        { name: 'e', type: 'string', nullable: true },
        { name: 'l', type: 'json', nullable: true },
        { name: 'p', type: 'decimal', nullable: true },
      ],
    };
    const run = await write({ table: 'strict', mode: 'append' }, schema, [
      { i: 1, e: 's', l: ['a,"b"', null], p: '1.50' },
      { i: 2, e: 'huge', l: null, p: null },
      { i: 3, e: null, l: null, p: '1.505' },
      { i: 4, e: 'l', l: [], p: '2' },
      { i: 5, e: null, l: null, p: null },
      { i: 1, e: null, l: null, p: null },
    ]);
    expect(server.sql('SELECT * FROM strict ORDER BY i')).toBe('1|s|{"a,\\"b\\"",NULL}|1.50\n4|l|{}|2.00');
    expect(run.failures.map(({ code, row }) => [code, row?.['i']])).toEqual([
      ['postgres/value', 3],
      ['postgres/constraint', 2],
      ['postgres/constraint', 5],
      ['postgres/constraint', 1],
    ]);
  });

  it('updates a row only if the new one is newer', async () => {
    const schema: Schema = {
      columns: [
        { name: 'k', type: 'string', nullable: false },
        { name: 'v', type: 'integer', nullable: true },
      ],
    };
    server.sql("CREATE TABLE latest (k text PRIMARY KEY, v bigint); INSERT INTO latest VALUES ('a', 5), ('b', 1), ('c', NULL)");
    await write({ table: 'latest', mode: 'upsert', keys: ['k'], newer: 'v' }, schema, [
      { k: 'a', v: 4 },
      { k: 'b', v: 3 },
      { k: 'b', v: 2 },
      { k: 'c', v: 0 },
      { k: 'd', v: null },
    ]);
    expect(server.sql('SELECT * FROM latest ORDER BY k')).toBe('a|5\nb|3\nc|0\nd|');
  });

  it('says what is wrong with a query, and that it only reads', async () => {
    const discovered = async (params: object) => {
      const found = await openSource(source, tmpdir(), { connection: 'shop', ...params }, { connection: connectionTo(server) });
      return found.problems.map(({ code, field }) => [code, field]);
    };
    expect(await discovered({ table: 'nothing' })).toEqual([['postgres/no-table', 'table']]);
    expect(await discovered({ read: 'query', sql: 'SELEC 1' })).toEqual([['postgres/query', 'sql']]);
    expect(await discovered({ read: 'query', sql: 'SELECT 1; DROP TABLE wide' })).toEqual([['postgres/query', 'sql']]);
    expect(await discovered({ read: 'query', sql: 'WITH d AS (DELETE FROM wide RETURNING *) SELECT * FROM d' })).toEqual([['postgres/query', 'sql']]);
    expect(await discovered({ read: 'query', sql: 'SELECT 1 AS a, 2 AS a -- twice;' })).toEqual([['postgres/column-name', 'sql']]);
  });

  const sessions = () => server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'millrace'");

  it('gives up a sample that nobody waits for, at the server too', async () => {
    const stop = new AbortController();
    const looking = source.discover?.({
      params: { connection: 'shop', read: 'query', sql: 'SELECT pg_sleep(60)', table: '', finer: 'cut', cursorColumn: null, repeat: null },
      path: (path) => path,
      connection: connectionTo(server),
      signal: stop.signal,
    });
    const settled = Promise.resolve(looking).catch(() => {});
    await expect.poll(sessions).toBe('1');
    stop.abort();
    await settled;
    await expect.poll(sessions).toBe('0');
  });

  it('reads on by its cursor when the server comes back, each row once', async () => {
    server.sql('CREATE TABLE growing (n bigint PRIMARY KEY, at timestamptz)');
    const add = (from: number, to: number) => server.sql(`INSERT INTO growing SELECT n, now() FROM generate_series(${from}, ${to - 1}) n`);
    const waits: (string | null)[] = [];
    const stop = new AbortController();
    const opened = await openSource(source, tmpdir(), { connection: 'shop', table: 'growing', cursorColumn: 'n', repeat: 100 }, {
      connection: connectionTo(server),
      signal: stop.signal,
      waits: (reason: string | null) => void waits.push(reason),
    } as never);
    add(0, 1000);
    const reader = await opened.open();
    const seen: unknown[] = [];
    const until = async (count: number) => {
      while (seen.length < count) seen.push(...((await reader.read())?.rows ?? []).map(({ n }) => n));
    };
    await until(1000);
    const more = until(2000);
    await server.kill();
    await expect.poll(() => waits.length > 0, { timeout: 20_000 }).toBe(true);
    await server.start();
    add(1000, 2000);
    await more;
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace'");
    add(2000, 2500);
    await until(2500);
    stop.abort();
    await reader.close();
    expect(waits[0]).toMatch(/^reconnecting, attempt \d+$/);
    expect(waits.at(-1)).toBeNull();
    expect(seen).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  });

  it('ends what a dead run still holds before it goes on', async () => {
    const schema: Schema = { columns: [{ name: 'n', type: 'integer', nullable: false }] };
    const spec = { definition: sink, params: { connection: 'shop', table: 'held', mode: 'append' }, connection: connectionTo(server) };
    server.sql('CREATE TABLE held (n bigint)');
    const dead = new SinkRun(tmpdir());
    const before = await dead.open(spec, schema);
    await before.write([{ n: 1 }]);
    await before.prepare?.(1);
    // Its machine is gone, and the server does not know.
    const next = new SinkRun(tmpdir());
    const writer = await next.open(spec, schema);
    await writer.write([{ n: 2 }]);
    await writer.prepare?.(1);
    await writer.commit(1);
    await next.close();
    await dead.close().catch(() => {});
    expect(server.sql('SELECT n FROM held')).toBe('2');
  });

  it('says that the connection is away when the server ends during a run', async () => {
    server.sql('CREATE TABLE lost (n bigint)');
    const run = new SinkRun(tmpdir());
    const schema: Schema = { columns: [{ name: 'n', type: 'integer', nullable: false }] };
    const writer = await run.open(
      { definition: sink, params: { connection: 'shop', table: 'lost', mode: 'append' }, connection: connectionTo(server) },
      schema,
    );
    await writer.write([{ n: 1 }]);
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace'");
    const problem = await problemOf(() => writer.prepare?.(1));
    expect([problem?.code, problem?.behaviour]).toEqual(['postgres/away', 'not-connected']);
    await run.close();
    await sleep(0);
    expect(server.sql('SELECT count(*) FROM lost')).toBe('0');
  });
});
