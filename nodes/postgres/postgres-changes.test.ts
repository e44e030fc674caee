import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@millrace/kit/connection';
import { MillraceError } from '@millrace/kit/errors';
import type { Reader, SourceBatch } from '@millrace/kit/node';
import { openSource, readSource, type SourceOptions } from '@millrace/kit/testing/read-source';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Json, Row } from '../../model/values/types.ts';
import { skippedWithout } from '../../test/servers/needed.ts';
import { type PostgresServer, startPostgres, whyMissing } from '../../test/servers/postgres.ts';
import { connectionTo, sharedPostgres } from '../../test/servers/shared-postgres.ts';
import source from './postgres-changes.ts';

describe.skipIf(skippedWithout(whyMissing()))('changes of a PostgreSQL table', () => {
  let server: PostgresServer;
  let table = '';
  let tables = 0;
  const open: Reader[] = [];
  beforeAll(async () => {
    server = await sharedPostgres();
  });
  afterEach(async () => {
    for (const reader of open.splice(0)) await reader.close();
    server.sql('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active');
  });
  afterAll(() => sharedPostgres.stop());

  const sql = (statements: string) => server.sql(statements.replaceAll(/\bt\b/g, table));
  const make = (columns: string, more = '') => {
    table = `t${tables++}`;
    sql(`CREATE TABLE t (${columns}); ${more}`);
  };
  const connection = (): Connection => connectionTo(server);
  const start = async (params: object = {}, options: SourceOptions = {}) => {
    const found = await openSource(source, tmpdir(), { connection: 'shop', table, ...params }, { connection: connection(), ...options });
    expect(found.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    const reader = await found.open();
    open.push(reader);
    return { ...found, reader };
  };
  const position = (reader: Reader) => JSON.parse(JSON.stringify(reader.position())) as Json;
  /** Reads until so many rows have come, or failed. */
  const take = async (reader: Reader, count: number, failures: readonly unknown[] = []): Promise<Row[]> => {
    const rows: Row[] = [];
    const before = failures.length;
    while (rows.length + failures.length - before < count) rows.push(...((await reader.read()) as SourceBatch).rows);
    return rows;
  };
  const isInRows = (reader: Reader) => (position(reader) as { snapshot: Json }).snapshot !== null;
  const problemOf = async (action: () => unknown) => {
    try {
      await action();
    } catch (error) {
      if (error instanceof MillraceError) return error.problem;
      throw error;
    }
    return null;
  };
  const confirmed = (slot = `millrace_${table}`) => server.sql(`SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${slot}'`);
  const plain = (rows: readonly Row[]) => rows.map(({ _time, _lsn, ...row }) => row);

  it('come as rows with what happened, the row before, the time and the position', async () => {
    make('id integer PRIMARY KEY, name text', "INSERT INTO t VALUES (1, 'a')");
    const { reader } = await start();
    const before = Date.now();
    const rows = await take(reader, 1);
    // The rows have ended, and their transaction with them.
    const next = reader.read();
    while (isInRows(reader)) await sleep(5);
    sql("INSERT INTO t VALUES (2, 'b'), (3, NULL)");
    sql("UPDATE t SET name = 'B' WHERE id = 2");
    sql('UPDATE t SET id = 4 WHERE id = 3');
    sql('DELETE FROM t WHERE id = 1');
    sql('TRUNCATE t');
    rows.push(...((await next)?.rows ?? []));
    rows.push(...(await take(reader, 7 - rows.length)));
    expect(plain(rows)).toEqual([
      { id: 1, name: 'a', _op: 'snapshot', _before: null },
      { id: 2, name: 'b', _op: 'insert', _before: null },
      { id: 3, name: null, _op: 'insert', _before: null },
      { id: 2, name: 'B', _op: 'update', _before: null },
      { id: 4, name: null, _op: 'update', _before: { id: 3 } },
      { id: 1, name: null, _op: 'delete', _before: { id: 1 } },
      { id: null, name: null, _op: 'truncate', _before: null },
    ]);
    for (const { _time } of rows) expect(Math.abs((_time as number) - before)).toBeLessThan(120_000);
    const positions = rows.map(({ _lsn }) => _lsn as number);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    sql("ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (5, 'x')");
    sql("UPDATE t SET name = 'y' WHERE id = 5");
    sql('DELETE FROM t');
    expect(plain(await take(reader, 3)).slice(1)).toEqual([
      { id: 5, name: 'y', _op: 'update', _before: { id: 5, name: 'x' } },
      { id: 5, name: 'y', _op: 'delete', _before: { id: 5, name: 'y' } },
    ]);
  });

  it('have the values of the table, selected or sent', async () => {
    make(
      `id bigint PRIMARY KEY, small smallint, amount numeric(20,4), ratio double precision, single real, ok boolean, at timestamptz, local timestamp(3), day date,
       clock time, doc jsonb, raw json, blob bytea, uid uuid, tags text[], grid integer[][], mood varchar(10), span interval, twice bigint GENERATED ALWAYS AS (id * 2) STORED`,
    );
    const values = `7, 12345678901234.5000, 0.1, 0.5, true, '2026-01-31 13:00:00.5+01', '2026-01-31 12:00:00.123', '2026-01-31', '23:59:59.123456',
      '{"a": [1, {"b": null}]}', '{"k" : 1}', '\\x00ff', '0e37df36-f698-11e6-8dd4-cb9ced3df976', '{a,NULL,"b \\"c\\", d"}', '{{1,2},{3,4}}', 'ok', '1 day 02:00'`;
    sql(`INSERT INTO t VALUES (1, ${values})`);
    const { reader, schema } = await start();
    sql(`INSERT INTO t VALUES (2, ${values})`);
    sql('INSERT INTO t (id) VALUES (3)');
    const [selected, sent, empty] = plain(await take(reader, 3));
    const expected = {
      small: 7,
      amount: '12345678901234.5000',
      ratio: 0.1,
      single: 0.5,
      ok: true,
      at: Date.UTC(2026, 0, 31, 12, 0, 0, 500),
      local: Date.UTC(2026, 0, 31, 12, 0, 0, 123),
      day: '2026-01-31',
      clock: '23:59:59.123456',
      doc: { a: [1, { b: null }] },
      raw: { k: 1 },
      blob: new Uint8Array([0, 255]),
      uid: '0e37df36-f698-11e6-8dd4-cb9ced3df976',
      tags: ['a', null, 'b "c", d'],
      grid: [
        [1, 2],
        [3, 4],
      ],
      mood: 'ok',
      span: 'P1DT2H',
    };
    expect(selected).toEqual({ id: 1, ...expected, _op: 'snapshot', _before: null });
    expect(sent).toEqual({ id: 2, ...expected, _op: 'insert', _before: null });
    expect(Object.values(empty ?? {}).filter((value) => value !== null)).toEqual([3, 'insert']);
    expect(schema?.columns.find(({ name }) => name === 'twice')).toBeUndefined();
  });

  it('round and cut nothing: what does not fit fails with its place, or has a type that keeps it', async () => {
    make('id bigint PRIMARY KEY, at timestamptz');
    const first = await start({ finer: 'fail' });
    sql("INSERT INTO t VALUES (9007199254740993, NULL), (2, '2026-01-31 12:00:00.123456Z'), (3, 'infinity'), (4, '2026-01-31 12:00:00Z')");
    const rows = await take(first.reader, 4, first.failures);
    expect(rows.map(({ id }) => id)).toEqual([4]);
    expect(first.failures.map(({ code, message, position }) => [code, message, position?.line])).toEqual([
      ['postgres/value', expect.stringContaining('beyond 2^53'), 1],
      ['postgres/value', expect.stringContaining('finer than a millisecond'), 2],
      ['postgres/value', expect.stringContaining('"infinity" is no timestamp'), 3],
    ]);
    expect(first.failures[0]?.fix).toMatchObject({ entry: { column: 'id', type: 'decimal' } });
    await first.reader.close();

    // What is there decides.
    const again = await start({ finer: 'text' });
    expect(again.schema?.columns.slice(0, 2)).toMatchObject([
      { name: 'id', type: 'decimal' },
      { name: 'at', type: 'string' },
    ]);
    expect((await take(again.reader, 4)).map(({ id }) => id)).toEqual(['2', '3', '4', '9007199254740993']);
    await again.reader.close();
    const cut = await start({
      types: [
        { column: 'id', type: 'string' },
        { column: 'at', type: 'timestamp', finer: 'cut' },
      ],
    });
    expect((await take(cut.reader, 4, cut.failures))[0]).toMatchObject({ id: '2', at: Date.UTC(2026, 0, 31, 12, 0, 0, 123) });
  });

  it('never take a large value that was not sent for null', async () => {
    make('id integer PRIMARY KEY, n integer, big text', "ALTER TABLE t ALTER big SET STORAGE EXTERNAL; INSERT INTO t VALUES (1, 0, repeat('x', 10000))");
    const { reader, failures, logs } = await start();
    expect(logs.join()).toContain('REPLICA IDENTITY FULL');
    await take(reader, 1);
    sql('UPDATE t SET n = 1');
    expect(await take(reader, 1, failures)).toEqual([]);
    expect(failures[0]).toMatchObject({ code: 'postgres/unchanged', hint: expect.stringContaining('REPLICA IDENTITY FULL') });
    sql("UPDATE t SET big = NULL; UPDATE t SET big = repeat('y', 10000)");
    expect((await take(reader, 2)).map(({ big }) => (big as string | null)?.length)).toEqual([undefined, 10_000]);
    await reader.close();

    const marked = await start({ unchangedColumn: '_unchanged', begin: 'changes' });
    sql('UPDATE t SET n = 2; UPDATE t SET big = NULL');
    expect((await take(marked.reader, 2)).map(({ big, _unchanged }) => [big, _unchanged])).toEqual([
      [null, ['big']],
      [null, null],
    ]);
    await marked.reader.close();

    sql("ALTER TABLE t REPLICA IDENTITY FULL; UPDATE t SET big = repeat('z', 10000)");
    const full = await start({ begin: 'changes' });
    sql('UPDATE t SET n = 3');
    expect((await take(full.reader, 1)).map(({ big }) => (big as string).length)).toEqual([10_000]);
  });

  it('stop where the columns change, and go on with the new ones', async () => {
    make('id integer PRIMARY KEY, old text');
    const { reader } = await start({ begin: 'changes' });
    sql("INSERT INTO t VALUES (1, 'a'); ALTER TABLE t ADD more integer; INSERT INTO t VALUES (2, 'b', 5)");
    sql('ALTER TABLE t DROP old; INSERT INTO t VALUES (3, 6)');
    expect(await take(reader, 1)).toMatchObject([{ id: 1, old: 'a' }]);
    expect(await problemOf(() => reader.read())).toMatchObject({
      code: 'postgres/columns-changed',
      message: expect.stringContaining('"more" is new, "old" is gone'),
    });
    const resumed = await start({ begin: 'changes' }, { start: position(reader) });
    expect(plain(await take(resumed.reader, 2))).toEqual([
      { id: 2, more: 5, _op: 'insert', _before: null },
      { id: 3, more: 6, _op: 'insert', _before: null },
    ]);
    expect(resumed.logs.join()).toContain('left out of older changes: "old"');
  });

  it('are forgotten by the server only when a checkpoint holds them', async () => {
    make('id integer PRIMARY KEY');
    const { reader } = await start({ begin: 'changes' });
    const made = confirmed();
    sql('INSERT INTO t VALUES (1)');
    await take(reader, 1);
    sql('INSERT INTO t VALUES (2)');
    await take(reader, 1);
    const held = position(reader);
    sql('INSERT INTO t VALUES (3)');
    await take(reader, 1);
    // Longer than the reader takes to tell the server that it is alive.
    await sleep(1500);
    expect(confirmed()).toBe(made);
    await reader.committed?.(held, { lineage: 'x', id: 1 });
    while (confirmed() === made) await sleep(20);
    await reader.close();
    const resumed = await start({ begin: 'changes' }, { start: held });
    expect((await take(resumed.reader, 1)).map(({ id }) => id)).toEqual([3]);
  });

  it('of others move the position too, so that the server need not keep its log', async () => {
    make('id integer PRIMARY KEY');
    const { reader } = await start({ begin: 'changes' });
    const before = position(reader) as { lsn: number };
    const read = reader.read();
    server.sql("SELECT pg_logical_emit_message(false, 'other', repeat('x', 20000000))");
    expect((await read)?.rows).toEqual([]);
    expect((position(reader) as { lsn: number }).lsn - before.lsn).toBeGreaterThan(16 * 1024 * 1024);
  });

  it('are kept or removed with the slot as a drained run was told', async () => {
    make('id integer PRIMARY KEY');
    const { reader } = await start({ removal: 'remove' });
    await reader.committed?.(position(reader), { lineage: 'x', id: 1 });
    expect(confirmed()).not.toBe('');
    await reader.committed?.(position(reader), { lineage: 'x', id: 2, isLast: true });
    expect([confirmed(), server.sql(`SELECT count(*) FROM pg_publication WHERE pubname = 'millrace_${table}'`)]).toEqual(['', '0']);
    expect(await problemOf(() => start({}, { start: position(reader) }))).toMatchObject({ code: 'postgres/slot-gone' });
  });

  it('are not touched by a preview', async () => {
    make('id integer PRIMARY KEY', 'INSERT INTO t SELECT generate_series(1, 1500)');
    const { rows } = await readSource(source, tmpdir(), { connection: 'shop', table }, { connection: connection(), sample: true });
    expect([rows.length, rows[0]]).toEqual([1000, expect.objectContaining({ id: 1, _op: 'snapshot' })]);
    expect([confirmed(), server.sql(`SELECT count(*) FROM pg_publication WHERE pubname = 'millrace_${table}'`)]).toEqual(['', '0']);
  });

  describe('go on where they were', () => {
    const terminate = () =>
      server.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'millrace' AND pid <> pg_backend_pid()");

    it('when the connection is dropped, within a transaction too', async () => {
      make('id integer PRIMARY KEY');
      const { reader } = await start({ begin: 'changes' }, { batchSize: 10 });
      sql('INSERT INTO t SELECT generate_series(1, 25)');
      const found = await take(reader, 10);
      terminate();
      sql('INSERT INTO t VALUES (26)');
      found.push(...(await take(reader, 26 - found.length)));
      expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
    });

    it('when the server is killed and comes back, and say what they wait for', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-changes-'));
      const own = await startPostgres(folder);
      try {
        own.sql('CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (0)');
        const waits: (string | null)[] = [];
        const { reader } = await (async () => {
          const found = await openSource(
            source,
            tmpdir(),
            { connection: 'shop', table: 't' },
            { connection: connectionTo(own), waits: (text) => waits.push(text) },
          );
          return { reader: await found.open() };
        })();
        open.push(reader);
        expect((await take(reader, 1)).map(({ id }) => id)).toEqual([0]);
        own.sql('INSERT INTO t VALUES (1)');
        expect((await take(reader, 1)).map(({ id }) => id)).toEqual([1]);
        await own.kill();
        const next = take(reader, 1);
        while (!waits.some((text) => /^reconnecting, attempt \d+$/.test(text ?? ''))) await sleep(20);
        await own.start();
        own.sql('INSERT INTO t VALUES (2)');
        expect((await next).map(({ id }) => id)).toEqual([2]);
        expect(waits.at(-1)).toBeNull();
        await reader.close();
      } finally {
        await own.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });

    /** The table, as the rows of changes make it. */
    const folded = (rows: readonly Row[]) => {
      const state = new Map<string, unknown>();
      const twice: unknown[] = [];
      for (const { _op, _before, k, n } of rows) {
        const before = (_before as { k?: string } | null)?.k ?? k;
        if (_op === 'snapshot' || _op === 'insert') {
          if (state.has(k as string)) twice.push(k);
          state.set(k as string, n);
        } else {
          if (!state.delete(before as string)) twice.push([_op, before]);
          if (_op === 'update') state.set(k as string, n);
        }
      }
      return { rows: [...state].map(([k, n]) => `${k}|${n}`).sort(), twice };
    };

    it('when reading the rows is interrupted again and again while they change, with each row once', async () => {
      // Keys in the order of a language, not of their bytes.
      make(
        `k text COLLATE "en-x-icu" PRIMARY KEY, n integer`,
        "INSERT INTO t SELECT CASE WHEN i % 2 = 0 THEN 'a' ELSE 'B' END || i, i FROM generate_series(1, 400) i",
      );
      const { reader } = await start({}, { batchSize: 40 });
      const rows: Row[] = [];
      for (let round = 0; round < 6; round++) {
        rows.push(...(await take(reader, 40)));
        // In keys that were read, and in such that were not; moved from one to the other, and back.
        sql(`UPDATE t SET n = n + 1000 WHERE n % 7 = ${round}`);
        sql(`DELETE FROM t WHERE n % 11 = ${round}`);
        sql(`UPDATE t SET k = 'z' || k WHERE k IN (SELECT k FROM t ORDER BY k LIMIT 5)`);
        sql(`UPDATE t SET k = 'A' || k WHERE k IN (SELECT k FROM t ORDER BY k DESC LIMIT 5)`);
        sql(
          `INSERT INTO t SELECT 'a0' || i || 'r${round}', i FROM generate_series(1, 3) i UNION ALL SELECT 'y' || i || 'r${round}', i FROM generate_series(1, 3) i`,
        );
        terminate();
      }
      const isOver = () => rows.some(({ k, _op }) => k === 'end' && _op === 'insert');
      const reading = (async () => {
        while (!isOver()) rows.push(...((await reader.read()) as SourceBatch).rows);
      })();
      while (isInRows(reader)) await sleep(5);
      sql("INSERT INTO t VALUES ('end', 1)");
      await reading;
      const found = folded(rows);
      expect(found.twice).toEqual([]);
      expect(found.rows).toEqual(sql('SELECT k, n FROM t').split('\n').sort());
    });

    it('but not into the rows of a table without a key', async () => {
      make('n integer', 'ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t SELECT generate_series(1, 50)');
      const { reader } = await start({}, { batchSize: 10 });
      expect((await take(reader, 10)).length).toBe(10);
      expect(await problemOf(async () => take((await start({}, { start: position(reader) })).reader, 1))).toMatchObject({ code: 'postgres/snapshot-lost' });
    });
  });

  describe('say what is wrong, and what to do', () => {
    const as = (user: string) => ({ connection: connectionTo(server, { user }) });

    it('where the table or the publication is another one', async () => {
      make('id integer PRIMARY KEY');
      const problems = async (params: object) =>
        (await openSource(source, tmpdir(), { connection: 'shop', table, ...params }, { connection: connection() })).problems.map(({ code }) => code);
      expect(await problems({ table: 'nowhere' })).toEqual(['postgres/no-table']);
      server.sql('CREATE OR REPLACE VIEW seen AS SELECT 1 AS a');
      expect(await problems({ table: 'seen' })).toEqual(['postgres/not-a-table']);
      server.sql('CREATE TABLE IF NOT EXISTS bare (a integer)');
      expect(await problems({ table: 'bare' })).toEqual(['postgres/no-identity']);
      expect(await problems({ operationColumn: 'id' })).toEqual(['columns/duplicate']);
      const publication = { publicationBy: 'others', publication: `p_${table}` };
      expect(await problemOf(() => start(publication))).toMatchObject({ code: 'postgres/no-publication' });
      sql(`CREATE PUBLICATION p_${table}`);
      expect(await problemOf(() => start(publication))).toMatchObject({ code: 'postgres/not-published', hint: expect.stringContaining('ADD TABLE') });
      sql(`ALTER PUBLICATION p_${table} ADD TABLE t`);
      expect(await problemOf(() => start(publication))).toBeNull();
    });

    it('where a right is missing', async () => {
      make('id integer PRIMARY KEY', 'INSERT INTO t VALUES (1)');
      server.sql('DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER ROLE reader NOREPLICATION');
      expect(await problemOf(() => start({}, as('reader')))).toMatchObject({ code: 'postgres/denied', hint: expect.stringContaining('owner of the table') });
      sql(`CREATE PUBLICATION p_${table} FOR TABLE t`);
      const published = { publicationBy: 'others', publication: `p_${table}` };
      expect(await problemOf(() => start(published, as('reader')))).toMatchObject({
        code: 'postgres/denied',
        hint: expect.stringContaining('ALTER ROLE "reader" REPLICATION'),
      });
      server.sql('ALTER ROLE reader REPLICATION');
      expect(await problemOf(() => start(published, as('reader')))).toMatchObject({ code: 'postgres/denied', hint: expect.stringContaining('GRANT SELECT') });
      sql('GRANT SELECT ON t TO reader');
      expect((await take((await start(published, as('reader'))).reader, 1)).length).toBe(1);
    });

    it('where the slot is used, gone, moved or of somebody else', async () => {
      make('id integer PRIMARY KEY');
      const slot = `millrace_${table}`;
      const { reader } = await start({ begin: 'changes' });
      sql('INSERT INTO t VALUES (1)');
      await take(reader, 1);
      expect(await problemOf(() => start())).toMatchObject({ code: 'postgres/slot-in-use' });
      const held = position(reader);
      await reader.close();

      server.sql(`SELECT pg_create_logical_replication_slot('others_${table}', 'pgoutput')`);
      expect(await problemOf(() => start({ slot: `others_${table}` }))).toMatchObject({ code: 'postgres/slot-exists' });
      server.sql(`SELECT pg_create_logical_replication_slot('plugin_${table}', 'test_decoding')`);
      expect(await problemOf(() => start({ slotBy: 'others', slot: `plugin_${table}` }))).toMatchObject({ code: 'postgres/slot-exists' });
      expect(await problemOf(() => start({ slotBy: 'others', slot: 'nowhere' }))).toMatchObject({ code: 'postgres/slot-gone' });

      sql('INSERT INTO t VALUES (2)');
      server.sql(`SELECT pg_replication_slot_advance('${slot}', pg_current_wal_lsn())`);
      expect(await problemOf(() => start({}, { start: held }))).toMatchObject({
        code: 'postgres/slot-gone',
        message: expect.stringContaining('read on by somebody else'),
      });
      server.sql(`SELECT pg_drop_replication_slot('${slot}')`);
      expect(await problemOf(() => start({}, { start: held }))).toMatchObject({ code: 'postgres/slot-gone', message: expect.stringContaining('is gone') });
      expect(await problemOf(() => start({}, { start: { ...(held as object), system: '1' } }))).toMatchObject({ code: 'postgres/changed' });
    });

    it('where the server does not write such a log, or has no room for a slot', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-changes-'));
      const own = await startPostgres(folder, { settings: { wal_level: 'replica' } });
      const full = await startPostgres(folder, { settings: { max_replication_slots: '0' } });
      try {
        for (const [each, code] of [
          [own, 'postgres/wal-level'],
          [full, 'postgres/slots-full'],
        ] as const) {
          each.sql('CREATE TABLE t (id integer PRIMARY KEY)');
          table = 't';
          expect(await problemOf(() => start({}, { connection: connectionTo(each) }))).toMatchObject({ code });
        }
      } finally {
        await own.stop();
        await full.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
});
