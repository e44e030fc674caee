/** Both libraries must behave the same, whatever a pipeline does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import '../../test/property-seed.ts';
import { openBetterSqlite } from './sqlite-better.ts';
import { codeName } from './sqlite-codes.ts';
import { inTransaction, pragma } from './sqlite-driver.ts';
import type { LibraryOptions, SqliteConnection, SqliteValue } from './sqlite-library.ts';
import { isNodeSqliteFit, openNodeSqlite } from './sqlite-node.ts';

test('this Node has a SQLite of its own that is fit', () => {
  expect(isNodeSqliteFit()).toBe(true);
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-driver-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const libraries = { 'node:sqlite': openNodeSqlite, 'better-sqlite3': openBetterSqlite };

describe.each(Object.entries(libraries))('%s', (_, library) => {
  const opened: SqliteConnection[] = [];
  const at = (name: string) => join(folder, name);
  const open = (name = 'x.db', { access = 'create', waitMs = 0 }: Partial<LibraryOptions> = {}) => {
    const connection = library(name === ':memory:' ? name : at(name), { access, waitMs });
    opened.push(connection);
    return connection;
  };
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
  });
  const row = (connection: SqliteConnection, sql: string, ...values: never[]) => [...connection.prepare(sql).iterate(...values)][0];

  describe('values', () => {
    const values: readonly [name: string, bound: unknown, read: SqliteValue, type: string, bytes: string][] = [
      ['text', 'größe', 'größe', 'text', '6772C3B6C39F65'],
      ['empty text', '', '', 'text', ''],
      ['a NUL in text', 'a\0b', 'a\0b', 'text', '610062'],
      ['text beyond 16 bits', '\u{1F600}', '\u{1F600}', 'text', 'F09F9880'],
      ['half of a character', '\ud800x', '�x', 'text', 'EFBFBD78'],
      ['the other half', 'x\udc00', 'x�', 'text', '78EFBFBD'],
      ['null', null, null, 'null', ''],
      ['undefined', undefined, null, 'null', ''],
      ['not a number', Number.NaN, null, 'null', ''],
      ['infinity', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 'real', '496E66'],
      ['a whole number', 7, 7, 'real', '372E30'],
      ['a fraction', -1.5, -1.5, 'real', '2D312E35'],
      ['a number beyond 2^53', 2 ** 63, 2 ** 63, 'real', '392E32323333373230333638353437373538652B3138'],
      ['a bigint', 7n, 7n, 'integer', '37'],
      ['the largest bigint', 2n ** 63n - 1n, 2n ** 63n - 1n, 'integer', '39323233333732303336383534373735383037'],
      ['the smallest bigint', -(2n ** 63n), -(2n ** 63n), 'integer', '2D39323233333732303336383534373735383038'],
      ['bytes', Uint8Array.of(0, 255), Uint8Array.of(0, 255), 'blob', '00FF'],
      ['a part of a buffer', Buffer.from('abc').subarray(1, 2), Uint8Array.of(98), 'blob', '62'],
      ['no bytes', new Uint8Array(0), new Uint8Array(0), 'blob', ''],
    ];
    test.each(values)('%s', (_, bound, read, type, bytes) => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (v)');
      connection.prepare('INSERT INTO t VALUES (?)').run(bound as never);
      const [found, ...about] = row(connection, 'SELECT v, typeof(v), hex(v) FROM t')!;
      expect(found instanceof Uint8Array ? Uint8Array.from(found) : found).toEqual(read);
      expect(about).toEqual([type, bytes]);
      if (typeof bound === 'bigint' && !Number.isSafeInteger(Number(bound))) return;
      const { v } = connection.prepare<[never], { v: unknown }>('SELECT v FROM t WHERE v IS ?').get(bound as never) ?? { v: 'is not found by itself' };
      expect(v instanceof Uint8Array ? Uint8Array.from(v) : v).toEqual(typeof read === 'bigint' ? Number(read) : read);
    });

    test('what the affinity of a column makes of them', () => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (a INTEGER, b REAL, c TEXT, d NUMERIC)');
      connection.prepare('INSERT INTO t VALUES (?, ?, ?, ?)').run(9007199254740991, 3n, 1.5, '12');
      expect(row(connection, 'SELECT * FROM t')).toEqual([9007199254740991n, 3, '1.5', 12n]);
      expect(connection.prepare('SELECT * FROM t').get()).toEqual({ a: 9007199254740991, b: 3, c: '1.5', d: 12 });
    });

    test('text that is no UTF-8 is read with U+FFFD', () => {
      expect(row(open(':memory:'), "SELECT CAST(x'61FF62' AS TEXT), CAST(x'610062' AS TEXT)")).toEqual(['a�b', 'a\0b']);
    });

    test.each([
      ['a bigint of more than 64 bits', 2n ** 63n],
      ['a symbol', Symbol('x')],
    ])('%s is refused', (_, value) => {
      const statement = open(':memory:').prepare('SELECT ?');
      expect(thrown(() => statement.run(value as never)).code).toBeUndefined();
    });

    test('any text, number and bytes come back', () => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (v)');
      const insert = connection.prepare('INSERT OR REPLACE INTO t (rowid, v) VALUES (1, ?)');
      const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true }), fc.uint8Array(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
      fc.assert(
        fc.property(value, (bound) => {
          insert.run(bound);
          const [found] = row(connection, 'SELECT v FROM t')!;
          expect(found instanceof Uint8Array ? Uint8Array.from(found) : found).toEqual(bound);
        }),
      );
    });
  });

  describe('statements', () => {
    test('take values by position and by name', () => {
      const connection = open(':memory:');
      expect(connection.prepare('SELECT ? AS a, ? AS b').get(1, 'x')).toEqual({ a: 1, b: 'x' });
      expect(connection.prepare('SELECT @a AS a, @b AS b, @a AS c').all({ a: 1, b: null })).toEqual([{ a: 1, b: null, c: 1 }]);
      expect(connection.prepare('SELECT 1 WHERE 0').get()).toBeUndefined();
    });
    test('that return no rows have none', () => {
      const connection = open(':memory:');
      expect(connection.prepare('CREATE TABLE t (a)').all()).toEqual([]);
      expect(pragma(connection, 'user_version = 7')).toEqual([]);
      expect(connection.prepare('INSERT INTO t VALUES (?) RETURNING a + 1 AS b').all(1)).toEqual([{ b: 2 }]);
    });
    test.each([
      ['SELECT 1', false],
      ['SELECT ?', true],
      ['SELECT @a', true],
      ["SELECT '?'", false],
    ])('%s: takes values? %s', (sql, expected) => {
      expect(open(':memory:').prepare(sql).takesValues).toBe(expected);
    });
    test('tell what they have changed', () => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a)');
      expect(connection.prepare('INSERT INTO t (a) VALUES (?), (?)').run(1, 2)).toEqual({ changes: 2, lastInsertRowid: 2 });
      expect(connection.prepare('UPDATE t SET a = 3 WHERE id > 1').run().changes).toBe(1);
    });
    test('tell their columns, also those of one name', () => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (a INTEGER, b VARCHAR(10), c, d boolean)');
      const columns = connection.prepare('SELECT a, b, c, d, a + 1 AS e, a FROM t').columns();
      expect(columns.map(({ name, type }) => [name, type])).toEqual([
        ['a', 'INTEGER'],
        ['b', 'VARCHAR(10)'],
        ['c', null],
        ['d', 'boolean'],
        ['e', null],
        ['a', 'INTEGER'],
      ]);
      expect(row(connection, 'SELECT 1 AS a, 2 AS a')).toEqual([1n, 2n]);
      expect(connection.prepare('INSERT INTO t (a) VALUES (1)').columns()).toEqual([]);
      expect(connection.prepare('PRAGMA user_version').columns()).toMatchObject([{ name: 'user_version', type: null }]);
    });
    test.each(['SELECT 1; SELECT 2', 'SELECT 1; x', 'SELECT 1;; SELECT', '', ' -- nothing'])('one is prepared, and not "%s"', (sql) => {
      expect(thrown(() => open(':memory:').prepare(sql)).message).toMatch(/more than one statement|no statements/);
    });
    test.each(['SELECT 1 AS a;', 'SELECT 1 AS a ; ;', 'SELECT 1 AS a -- x', 'SELECT 1 AS a; /* ; */ -- y\n'])('one is prepared of "%s"', (sql) => {
      expect(open(':memory:').prepare(sql).get()).toEqual({ a: 1 });
    });
    test('are made anew by SQLite when tables change', () => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (a); CREATE TABLE u (a)');
      const insert = connection.prepare('INSERT INTO t VALUES (?)');
      insert.run(1);
      connection.exec('DROP TABLE t; ALTER TABLE u RENAME TO t');
      insert.run(2);
      expect(connection.prepare('SELECT * FROM t').all()).toEqual([{ a: 2 }]);
    });
    test('take as many values as SQLite does', () => {
      const values = Array.from({ length: 32_766 }, (_, i) => i);
      const statement = open(':memory:').prepare(`SELECT count(*) AS n FROM (VALUES ${values.map(() => '(?)').join(',')})`);
      expect(statement.get(...values)).toEqual({ n: values.length });
    });
  });

  describe('reading row by row', () => {
    const filled = (connection: SqliteConnection) =>
      connection.exec('CREATE TABLE t (a); INSERT INTO t WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) SELECT n FROM c');
    test('ends, and holds the file until it is returned', () => {
      const connection = open();
      filled(connection);
      expect([...connection.prepare('SELECT a FROM t').iterate()]).toHaveLength(1000);
      const rows = connection.prepare('SELECT a FROM t').iterate();
      expect(rows.next().value).toEqual([1n]);
      const other = open();
      const write = () => other.exec('INSERT INTO t VALUES (0)');
      expect(thrown(write).code).toBe('SQLITE_BUSY');
      rows.return!();
      write();
      connection.close();
    });
    test('holds nothing once the first row was all that was asked for', () => {
      const connection = open();
      filled(connection);
      connection.prepare('SELECT a FROM t').get();
      open().exec('INSERT INTO t VALUES (0)');
    });
    test('goes on beside another statement that reads', () => {
      const connection = open(':memory:');
      filled(connection);
      const statement = connection.prepare('SELECT a FROM t');
      const [one, two] = [statement.iterate(), statement.iterate()];
      expect([one.next().value, two.next().value, one.next().value, two.next().value]).toEqual([[1n], [1n], [2n], [2n]]);
      one.return!();
      two.return!();
    });
    test('tells of an error when its row comes', () => {
      const rows = open(':memory:').prepare('SELECT abs(column1) FROM (VALUES (1), (-9223372036854775807 - 1))').iterate();
      expect(rows.next().value).toEqual([1n]);
      expect(thrown(() => rows.next())).toMatchObject({ code: 'SQLITE_ERROR', message: 'integer overflow' });
    });
  });

  describe('what SQLite refuses', () => {
    const tables = `
      CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, n NOT NULL DEFAULT 1, c CHECK (c < 5), p REFERENCES t (id));
      CREATE TABLE s (a INTEGER) STRICT;
      CREATE TABLE k (a PRIMARY KEY) WITHOUT ROWID;
      CREATE TRIGGER abort BEFORE INSERT ON t WHEN new.c = -1 BEGIN SELECT raise(ABORT, 'nö'); END;
      CREATE TRIGGER rollback BEFORE INSERT ON t WHEN new.c = -2 BEGIN SELECT raise(ROLLBACK, 'gone'); END;
      INSERT INTO t (id, u) VALUES (1, 1); INSERT INTO k VALUES (1)`;
    test.each([
      ['INSERT INTO t (id) VALUES (1)', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'UNIQUE constraint failed: t.id'],
      ['INSERT INTO k VALUES (1)', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'UNIQUE constraint failed: k.a'],
      ['INSERT INTO t (u) VALUES (1)', 'SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: t.u'],
      ['INSERT INTO t (n) VALUES (NULL)', 'SQLITE_CONSTRAINT_NOTNULL', 'NOT NULL constraint failed: t.n'],
      ['INSERT INTO t (c) VALUES (7)', 'SQLITE_CONSTRAINT_CHECK', 'CHECK constraint failed: c < 5'],
      ['INSERT INTO t (p) VALUES (99)', 'SQLITE_CONSTRAINT_FOREIGNKEY', 'FOREIGN KEY constraint failed'],
      ['INSERT INTO t (c) VALUES (-1)', 'SQLITE_CONSTRAINT_TRIGGER', 'nö'],
      ["INSERT INTO s VALUES (x'00')", 'SQLITE_CONSTRAINT_DATATYPE', 'cannot store BLOB value in INTEGER column s.a'],
      ["INSERT INTO t (id) VALUES ('x')", 'SQLITE_MISMATCH', 'datatype mismatch'],
      ['SELECT zeroblob(1000000001)', 'SQLITE_TOOBIG', 'string or blob too big'],
      ['SELECT "text in double quotes"', 'SQLITE_ERROR', 'no such column: "text in double quotes" - should this be a string literal in single-quotes?'],
      ['SELEC', 'SQLITE_ERROR', 'near "SELEC": syntax error'],
      ['SELECT * FROM nowhere', 'SQLITE_ERROR', 'no such table: nowhere'],
      ["SELECT load_extension('x')", 'SQLITE_ERROR', 'not authorized'],
      ['PRAGMA writable_schema = 1; DELETE FROM sqlite_schema', 'SQLITE_ERROR', 'table sqlite_master may not be modified'],
      ['COMMIT', 'SQLITE_ERROR', 'cannot commit - no transaction is active'],
    ])('%s', (sql, code, message) => {
      const connection = open(':memory:');
      connection.exec(tables);
      const error = thrown(() => (sql.startsWith('INSERT') ? connection.prepare(sql).run() : connection.exec(sql)));
      expect(error).toMatchObject({ code, message });
      expect(error).toBeInstanceOf(Error);
    });

    test('a NUL character ends no statement', () => {
      const error = thrown(() => open(':memory:').prepare('SELECT 1 AS a\0 FROM nowhere'));
      expect(error).toMatchObject({ code: 'SQLITE_ERROR', message: expect.stringContaining('unrecognized token') });
    });

    test('a trigger ends the transaction, and that can be seen', () => {
      const connection = open();
      connection.exec(tables);
      connection.exec('BEGIN');
      expect(connection.inTransaction).toBe(true);
      expect(thrown(() => connection.prepare('INSERT INTO t (c) VALUES (?)').run(-2))).toMatchObject({ code: 'SQLITE_CONSTRAINT_TRIGGER', message: 'gone' });
      expect(connection.inTransaction).toBe(false);
    });

    test('of several rows of a statement, none is in where one is refused', () => {
      const connection = open(':memory:');
      connection.exec(tables);
      expect(thrown(() => connection.prepare('INSERT INTO t (u) VALUES (?), (?), (?)').run(2, 3, 1)).code).toBe('SQLITE_CONSTRAINT_UNIQUE');
      expect(connection.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 });
    });

    test('what is too long', () => {
      const connection = open(':memory:');
      connection.exec('CREATE TABLE t (a)');
      const limited = connection.prepare('INSERT INTO t VALUES (zeroblob(?))');
      expect(thrown(() => limited.run(1_000_000_001)).code).toBe('SQLITE_TOOBIG');
    });

    test('a full database', () => {
      const connection = open();
      connection.exec('CREATE TABLE t (a); PRAGMA max_page_count = 3; BEGIN');
      expect(thrown(() => connection.prepare('INSERT INTO t VALUES (zeroblob(100000))').run())).toMatchObject({
        code: 'SQLITE_FULL',
        message: 'database or disk is full',
      });
    });

    test('a damaged database', () => {
      const connection = open();
      connection.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
      connection.close();
      const bytes = readFileSync(at('x.db'));
      writeFileSync(at('x.db'), bytes.fill(255, 4096));
      expect(thrown(() => open().prepare('SELECT * FROM t').all())).toMatchObject({ code: 'SQLITE_CORRUPT', message: 'database disk image is malformed' });
    });
  });

  describe('locks', () => {
    test('are not waited for, or as long as was said', () => {
      const holder = open();
      holder.exec('CREATE TABLE t (a); BEGIN IMMEDIATE');
      expect(thrown(() => open().exec('BEGIN IMMEDIATE'))).toMatchObject({ code: 'SQLITE_BUSY', message: 'database is locked' });
      expect(row(open(), 'PRAGMA busy_timeout')).toEqual([0n]);
      expect(row(open('x.db', { waitMs: 1234 }), 'PRAGMA busy_timeout')).toEqual([1234n]);
    });
    test('an exclusive one keeps readers out, already when they prepare', () => {
      const holder = open();
      holder.exec('CREATE TABLE t (a); BEGIN EXCLUSIVE');
      expect(thrown(() => open('x.db', { access: 'read' }).prepare('SELECT * FROM t')).code).toBe('SQLITE_BUSY');
    });
    test('a snapshot that is old cannot be written to', () => {
      const [one, two] = [open(), open()];
      one.exec('PRAGMA journal_mode = wal; CREATE TABLE t (a); BEGIN');
      one.prepare('SELECT * FROM t').all();
      two.exec('INSERT INTO t VALUES (1)');
      expect(thrown(() => one.exec('INSERT INTO t VALUES (2)')).code).toBe('SQLITE_BUSY_SNAPSHOT');
    });
  });

  describe('files', () => {
    test('are made, or must be there', () => {
      expect(thrown(() => open('none.db', { access: 'write' })).code).toBe('SQLITE_CANTOPEN');
      expect(thrown(() => open('none.db', { access: 'read' })).code).toBe('SQLITE_CANTOPEN');
      open('none.db').exec('CREATE TABLE t (a)');
      open('none.db', { access: 'write' }).exec('INSERT INTO t VALUES (1)');
      expect(row(open('none.db', { access: 'read' }), 'SELECT a FROM t')).toEqual([1n]);
    });
    test.each(['with space.db', 'größe.db', '100%25.db', 'a?mode=ro#b.db', "it's.db", 'file:x.db'])('may be called %s', (name) => {
      open(name).exec('CREATE TABLE t (a)');
      open(name, { access: 'write' }).exec('INSERT INTO t VALUES (1)');
      expect(row(open(name, { access: 'read' }), 'SELECT count(*) FROM t')).toEqual([1n]);
    });
    test('that are only read', () => {
      open().exec('CREATE TABLE t (a)');
      const reader = open('x.db', { access: 'read' });
      expect(thrown(() => reader.exec('DELETE FROM t'))).toMatchObject({ code: 'SQLITE_READONLY', message: 'attempt to write a readonly database' });
      reader.exec('CREATE TABLE temp.copy AS SELECT * FROM t');
    });
    test('that are none', () => {
      writeFileSync(at('x.db'), 'Dear diary, this is no database.\n'.repeat(50));
      expect(thrown(() => open().exec('BEGIN IMMEDIATE'))).toMatchObject({ code: 'SQLITE_NOTADB', message: 'file is not a database' });
    });
    test('that are folders', () => {
      expect(thrown(() => library(folder, { access: 'create', waitMs: 0 })).code).toMatch(/^SQLITE_CANTOPEN/);
    });
  });

  describe('connections', () => {
    test('have the same settings', () => {
      const connection = open();
      const settings = ['foreign_keys', 'legacy_alter_table', 'recursive_triggers', 'trusted_schema', 'synchronous', 'page_size', 'encoding', 'auto_vacuum'];
      expect(settings.map((name) => Object.values(pragma<object>(connection, name)[0]!)[0])).toEqual([1, 0, 0, 1, 2, 4096, 'UTF-8', 0]);
      connection.exec('PRAGMA legacy_alter_table = ON');
      expect(pragma(connection, 'legacy_alter_table')).toEqual([{ legacy_alter_table: 1 }]);
      expect(pragma(connection, 'journal_mode = wal')).toEqual([{ journal_mode: 'wal' }]);
    });
    test('can be closed twice, and are of no use then', () => {
      const connection = open();
      const statement = connection.prepare('SELECT 1');
      connection.close();
      connection.close();
      expect([connection.isOpen, connection.inTransaction]).toEqual([false, false]);
      for (const use of [() => statement.all(), () => connection.exec('SELECT 1'), () => connection.prepare('SELECT 1')]) {
        expect(thrown(use).code).toBeUndefined();
      }
    });
    test('undo what fails half-way', () => {
      const connection = open();
      connection.exec('CREATE TABLE t (a)');
      const fails = () =>
        inTransaction(connection, () => {
          connection.exec('INSERT INTO t VALUES (1)');
          throw new Error('half-way');
        });
      expect(fails).toThrow('half-way');
      expect(inTransaction(connection, () => connection.prepare('INSERT INTO t VALUES (2)').run().changes, 'IMMEDIATE')).toBe(1);
      expect(connection.prepare('SELECT a FROM t').all()).toEqual([{ a: 2 }]);
    });
    test('have the functions and tables that queries use', () => {
      const connection = open(':memory:');
      connection.exec('CREATE VIRTUAL TABLE f USING fts5 (a); CREATE VIRTUAL TABLE g USING fts4 (a); CREATE VIRTUAL TABLE r USING rtree (id, x, y)');
      expect(row(connection, `SELECT sqrt(4), '{"a":1}' ->> 'a', json_array(1), percentile(1, 50), strftime('%Y', 0, 'unixepoch')`)).toEqual([
        2,
        1n,
        '[1]',
        1,
        '1970',
      ]);
    });
  });
});

test('codes have the names of the other library', () => {
  expect([1, 5, 517, 8, 1032, 10, 778, 2570, 11, 13, 14, 270, 526, 19, 2067, 1555, 26, 516].map(codeName)).toEqual(
    `ERROR BUSY BUSY_SNAPSHOT READONLY READONLY_DBMOVED IOERR IOERR_WRITE IOERR_DELETE CORRUPT FULL CANTOPEN CANTOPEN_NOTEMPDIR CANTOPEN_ISDIR CONSTRAINT CONSTRAINT_UNIQUE CONSTRAINT_PRIMARYKEY NOTADB ABORT_ROLLBACK`
      .split(' ')
      .map((name) => `SQLITE_${name}`),
  );
  expect([99, 5 + (99 << 8)].map(codeName)).toEqual(['SQLITE_99', 'SQLITE_BUSY']);
});

function thrown(action: () => unknown): Error & { readonly code?: string } {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It should have failed.');
}
