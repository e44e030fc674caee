import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { readTables, runQuery } from './query.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-query-'));
  file = join(folder, 'r.sqlite');
  const database = openSqlite(file);
  database.exec(`
    create table readings (id integer primary key, "the name" text, value real, raw blob);
    insert into readings values (1, 'a', 1.5, x'ff00'), (2, null, 2, null), (3, 'c', null, null), (9007199254740993, 'big', 4, null);
    create view hot as select * from readings where value > 1.9;
  `);
  database.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem.code;
    throw error;
  }
  return 'no error';
};

describe('a result database', () => {
  it('lists tables with rows and declared columns, and views', () => {
    expect(readTables(file)).toEqual([
      {
        name: 'readings',
        rows: 4,
        columns: [
          { name: 'id', type: 'INTEGER' },
          { name: 'the name', type: 'TEXT' },
          { name: 'value', type: 'REAL' },
          { name: 'raw', type: 'BLOB' },
        ],
      },
      { name: 'hot', rows: null, columns: expect.any(Array) },
    ]);
  });

  it('gives pages with types and the total, and loses no digit of big integers', () => {
    const all = runQuery(file, 'select * from readings order by id;', 0, 10);
    expect(all.rows[0]).toEqual([1, 'a', 1.5, { $bytes: '/wA=' }]);
    expect(all.rows[3]![0]).toBe('9007199254740993');
    expect(all.total).toBe(4);
    const page = runQuery(file, 'select id, "the name", value from readings order by id desc', 1, 2);
    expect(page.rows.map((row) => row[0])).toEqual([3, 2]);
    expect(page.total).toBe(4);
    expect(page.columns.map((column) => column.type)).toEqual(['integer', 'string', 'number']);
    expect(runQuery(file, 'select id from readings', 100, 10).total).toBe(4);
  });

  it('takes comments, WITH, and columns of equal names; a join is not counted', () => {
    const found = runQuery(file, '-- two\nwith x as (select 1 as n) select a.n, b.n from x a, x b -- end', 0, 1);
    expect(found.columns.map((column) => column.name)).toEqual(['n', 'n_2']);
    expect(runQuery(file, 'select a.id from readings a, readings b', 0, 2).total).toBeNull();
  });

  it('refuses everything but one query', () => {
    for (const sql of ['delete from readings', 'drop table readings', 'pragma user_version = 3', "attach 'x' as y", '', '/* select */ vacuum']) {
      expect(codeOf(() => runQuery(file, sql, 0, 1))).toBe('result/not-a-query');
    }
    expect(codeOf(() => runQuery(file, 'select 1; select 2', 0, 1))).toBe('result/sql');
    expect(codeOf(() => runQuery(file, 'select 1) limit 1; delete from readings; --', 0, 1))).toBe('result/sql');
    expect(codeOf(() => runQuery(file, 'with x as (select 1) delete from readings', 0, 1))).toBe('result/sql');
    expect(readTables(file)[0]!.rows).toBe(4);
  });

  it('says what is wrong with the file or the query', () => {
    const text = join(folder, 'text.sqlite');
    writeFileSync(text, 'no database at all, but long enough to look like one with a header that is wrong from its start on');
    expect(codeOf(() => readTables(text))).toBe('result/not-a-database');
    expect(codeOf(() => readTables(join(folder, 'none')))).toBe('file/missing');
    expect(codeOf(() => readTables(folder))).toBe('file/folder');
    expect(codeOf(() => runQuery(file, 'select nope from readings', 0, 1))).toBe('result/sql');
  });
});
