import { expect, it } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import sqliteTable from './sqlite-table.ts';

const problemsOf = (names: readonly string[], table = 't') => {
  const rows: Schema = { columns: names.map((name) => ({ name, type: 'integer', nullable: true })) };
  const params = { path: 'x.db', table, mode: 'replace', keys: [], newer: null, types: {} };
  return sqliteTable.infer({ params, inputs: { rows } } as never).problems;
};

it('tells before a run what no table of SQLite can hold', () => {
  expect(problemsOf(['a', 'b'])).toEqual([]);
  expect(problemsOf(['Ä', 'ä', 'ß', 'SS'])).toEqual([]);
  expect(problemsOf(['a', 'b\0c'])).toMatchObject([{ code: 'sqlite/nul-in-name', message: expect.stringContaining(String.raw`"b\u0000c"`) }]);
  expect(problemsOf(['a'], 't\0; drop table t')).toMatchObject([{ code: 'sqlite/nul-in-name', field: 'table' }]);
  expect(problemsOf(['a b', 'A B'])).toMatchObject([{ code: 'sqlite/same-column' }]);
  expect(problemsOf(Array.from({ length: 2000 }, (_, i) => `c${i}`))).toEqual([]);
  expect(problemsOf(Array.from({ length: 2001 }, (_, i) => `c${i}`))).toMatchObject([{ code: 'sqlite/too-wide', message: expect.stringContaining('2,001') }]);
});

it('tells before a run by what no row can be newer', () => {
  const rows: Schema = { columns: ['id', 'version'].map((name) => ({ name, type: 'integer', nullable: true })) };
  const params = { path: 'x.db', table: 't', mode: 'upsert', keys: ['id'], newer: 'version', types: {} };
  const problems = (given: object) => sqliteTable.infer({ params: { ...params, ...given }, inputs: { rows } } as never).problems!.map(({ code }) => code);
  expect(problems({})).toEqual([]);
  expect(problems({ newer: 'id' })).toEqual(['sqlite/newer-key']);
  expect(problems({ types: { version: 'TEXT' } })).toEqual(['sqlite/newer-type']);
});
