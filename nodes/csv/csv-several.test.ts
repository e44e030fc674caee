import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { describe, expect, it } from 'vitest';
import csvFile from './csv-file.ts';

const read = (files: { readonly [path: string]: string }, params: object = {}) => readSource(csvFile, folderOf(files), { path: '*.csv', ...params });
const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('');
const typeOf = ({ schema }: Awaited<ReturnType<typeof read>>, column: string) => schema!.columns.find(({ name }) => name === column)?.type;

describe('what is odd far behind the beginning', () => {
  const late = (i: number) => (i === 2999 ? '00123' : String(i));
  it.each([
    ['a preamble', `Report\n\na,b\n${lines(3000, (i) => `${late(i)},x\n`)}`, {}],
    ['comments', `# note\na,b\n${lines(3000, (i) => `# ${i}\n${late(i)},x\n`)}`, {}],
    ['a delimiter at the end of lines', `a,b,\n${lines(3000, (i) => `${late(i)},x,\n`)}`, {}],
    ['escaped quotes', `a,b\n${lines(3000, (i) => `${late(i)},"x \\", ${i}"\n`)}`, {}],
    ['carriage returns', `a,b\r${lines(3000, (i) => `${late(i)},x\r`)}`, {}],
    ['mixed line ends', `a,b\r${lines(3000, (i) => `${late(i)},x${['\n', '\r', '\r\n'][i % 3]}`)}`, { lineEnds: 'any' }],
    ['too few fields', `a,b\n${lines(3000, (i) => (i % 5 === 1 ? `${late(i)}\n` : `${late(i)},x\n`))}`, { width: 'fill' }],
  ])('is seen beside %s', async (_, text, params) => {
    const outcome = await read({ 'x.csv': text }, params);
    expect(typeOf(outcome, 'a')).toBe('string');
    expect(outcome.failures).toEqual([]);
    expect(outcome.rows.length).toBe(3000);
    expect(outcome.rows.at(-1)!['a']).toBe('00123');
  });
  it('is seen in every file, in the column of its name', async () => {
    const outcome = await read({ 'a.csv': 'a,b\n1,2\n', 'b.csv': `b,c,a\n${lines(3000, (i) => `${late(i)},${i},${i}\n`)}` });
    expect(outcome.schema!.columns).toMatchObject([
      { name: 'a', type: 'integer' },
      { name: 'b', type: 'string' },
      { name: 'c', type: 'integer' },
    ]);
    expect(outcome.failures).toEqual([]);
    expect(outcome.rows[0]).toEqual({ a: 1, b: '2', c: null });
    expect(outcome.rows.at(-1)).toEqual({ a: 2999, b: '00123', c: 2999 });
  });
});

describe('files with other columns', () => {
  it('are cast where a type is set, and only there', async () => {
    const files = { 'a.csv': 'a,b\n007,x\n', 'b.csv': 'b,c,a\ny,0.50,008\n' };
    expect((await read(files, { types: [{ column: 'a', type: 'integer' }] })).rows).toEqual([
      { a: 7, b: 'x', c: null },
      { a: 8, b: 'y', c: 0.5 },
    ]);
    expect((await read(files)).rows.map(({ a }) => a)).toEqual(['007', '008']);
  });
  it('lose no zero that tells something beside the decimals of another file', async () => {
    const schema = {
      columns: [{ name: 'v', type: 'number' as const, nullable: true }, ...['x', 'y'].map((name) => ({ name, type: 'string' as const, nullable: true }))],
    };
    const folder = folderOf({ 'a.csv': 'v,x\n1.9,k\n', 'b.csv': 'y,v\nk,1.10\n' });
    const { failures, rows } = await readSource(csvFile, folder, { path: '*.csv' }, { schema });
    expect(rows).toEqual([{ v: 1.9, x: 'k', y: null }]);
    expect(failures).toMatchObject([{ code: 'csv/value', position: { source: 'b.csv', line: 2 }, fix: { entry: { column: 'v', type: 'string' } } }]);
  });
});
