import { readFileSync } from 'node:fs';
import { MillraceError } from '@millrace/kit/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MariaDb, whyMissing } from '../../test/servers/mariadb.ts';
import { skippedWithout } from '../../test/servers/needed.ts';
import { paramsOf, sharedMariaDb } from '../../test/servers/shared-mariadb.ts';
import mysql from './mysql-connection.ts';

describe.skipIf(skippedWithout(whyMissing()))('a connection to MariaDB', () => {
  let server: MariaDb;
  const { signal } = new AbortController();
  const test = (more: object) => mysql.test({ params: { ...paramsOf(server), ...more }, signal });
  const problemOf = async (more: object) => {
    const error = await test(more).catch((thrown: unknown) => thrown);
    if (!(error instanceof MillraceError)) throw new Error(`No problem: ${String(error)}`);
    const { code, field, message } = error.problem;
    return { code, field, message };
  };
  beforeAll(async () => {
    await mysql.code?.load();
    server = await sharedMariaDb();
    server.sql('CREATE DATABASE looked; CREATE TABLE looked.t (id BIGINT PRIMARY KEY, name VARCHAR(20)); CREATE TABLE looked.`a.b` (n INT)');
    server.sql("CREATE VIEW looked.v AS SELECT 1; CREATE USER alice@'%' IDENTIFIED BY 'right'; GRANT ALL ON looked.* TO alice@'%'");
  });
  afterAll(() => sharedMariaDb.stop());

  it('says what is there, with a password, with and without encryption', async () => {
    const there = expect.stringMatching(/^MariaDB 1\d\.\d+\.\d+, 3 tables$/);
    const alice = { database: 'looked', user: 'alice', password: 'right' };
    expect(await test(alice)).toEqual(there);
    expect(await test({ ...alice, tls: 'unverified' })).toEqual(there);
    expect(await test({ ...alice, host: 'localhost', tls: 'verify', ca: readFileSync(server.caFile, 'utf8') })).toEqual(there);
  });

  it.each([
    ['a wrong password', { user: 'alice', password: 'wrong' }, 'mysql/login', 'password', 'refused user "alice"'],
    ['a host that there is not', { host: 'no-such-host.invalid' }, 'mysql/away', 'host', 'There is no host "no-such-host.invalid"'],
    ['a port where nothing answers', { port: 1 }, 'mysql/away', 'host', 'Nothing answers at 127.0.0.1:1'],
    ['a certificate of no authority', { tls: 'verify' }, 'mysql/tls', 'tls', 'cannot be trusted'],
    ['a database that there is not', { database: 'nowhere' }, 'mysql/no-database', 'database', 'no database "nowhere"'],
    ['no database', { database: '' }, 'mysql/no-database', 'database', 'names no database'],
    ['a right that is missing', { user: 'alice', password: 'right', database: 'mysql' }, 'mysql/denied', 'user', 'does not let user "alice" in'],
    ['a setting that there is not', { options: { no_such_setting: '1' } }, 'mysql/setting', 'options', 'no_such_setting'],
    ['a setting that is a statement', { options: { 'x = 1; DROP TABLE t': '1' } }, 'mysql/setting', 'options', 'not the name of a variable'],
  ])('says what is wrong: %s', async (_, more, code, field, words) => {
    expect(await problemOf(more)).toEqual({ code, field, message: expect.stringContaining(words) });
  });

  it('does not trust a certificate for another host', async () => {
    const found = await problemOf({ tls: 'verify', ca: readFileSync(server.caFile, 'utf8') });
    expect(found).toEqual({ code: 'mysql/tls', field: 'tls', message: expect.stringContaining('cannot be trusted') });
  });

  it('gives up within a second of its signal', async () => {
    const stop = AbortSignal.timeout(100);
    const params = { ...paramsOf(server), host: '10.255.255.1' };
    await expect(mysql.test({ params, signal: stop })).rejects.toThrow();
  });

  it('offers databases, tables and columns', async () => {
    const entries = (what: string, of = {}) => mysql.entries?.(what, of, { params: { ...paramsOf(server), database: 'looked' }, signal });
    expect(await entries('databases')).toContainEqual({ name: 'looked' });
    expect(await entries('tables')).toEqual([
      { name: '`a.b`', detail: 'table, about 0 rows' },
      { name: 't', detail: 'table, about 0 rows' },
      { name: 'v', detail: 'view' },
    ]);
    const columns = [
      { name: 'id', detail: 'bigint(20)' },
      { name: 'name', detail: 'varchar(20)' },
    ];
    expect(await entries('columns', { table: 't' })).toEqual(columns);
    expect(await entries('columns', { table: 'looked.t' })).toEqual(columns);
    expect(await entries('columns', { table: 'nothing' })).toEqual([]);
  });
});
