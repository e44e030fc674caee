/** Types that are told from a sample, and what becomes of rows behind it. */
import { gzipSync } from 'node:zlib';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { describe, expect, it } from 'vitest';
import { addNode, fixProblem, isFixable } from '../../engine/document/edits.ts';
import { emptyPipeline } from '../../engine/document/pipeline.ts';
import type { EntryFix } from '../../model/problems/problem.ts';
import type { ColumnType } from '../../model/values/types.ts';
import csvFile from '../../nodes/csv/csv-file.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';

const csv = (content: string | Uint8Array, params: object = {}) => readSource(csvFile, folderOf({ 'x.csv': content }), { path: 'x.csv', ...params });
const jsonl = (content: string | Uint8Array, params: object = {}) => readSource(jsonlFile, folderOf({ 'x.jsonl': content }), { path: 'x.jsonl', ...params });
/** `special` in place of the row with that number, of rows that are all alike. */
const rowsWith = (count: number, at: number, usual: string, special: string) =>
  Array.from({ length: count }, (_, i) => `${i === at ? special : usual}\n`).join('');

describe('a sample', () => {
  const typeIn = async (count: number, at: number, params: object = {}) => {
    const lines = await jsonl(rowsWith(count, at, '{"v":1}', '{"v":"x"}'), params);
    const table = await csv(`v,w\n${rowsWith(count, at, '1,2', '007,2')}`, params);
    expect((lines.schema!.columns[0]!.type === 'integer') === (table.schema!.columns[0]!.type === 'integer')).toBe(true);
    return table.schema!.columns[0]!.type;
  };
  it('looks at the first rows, the middle and the end', async () => {
    expect(await typeIn(10_000, 999)).toBe('string');
    expect(await typeIn(10_000, 1500)).toBe('integer');
    expect(await typeIn(10_000, 5000)).toBe('string');
    expect(await typeIn(10_000, 9999)).toBe('string');
    expect(await typeIn(1300, 1299)).toBe('string');
  });
  it('may be larger', async () => {
    expect(await typeIn(10_000, 1500, { sampleRows: 2000 })).toBe('string');
    expect(await typeIn(10_000, 5, { sampleRows: 3 })).toBe('integer');
  });
  it('is the beginning of a file that can only be read from there', async () => {
    const { schema, failures } = await csv(gzipSync(`v,w\n${rowsWith(3000, 2999, '1,2', '007,2')}`));
    expect(schema!.columns[0]!.type).toBe('integer');
    expect(failures).toMatchObject([{ code: 'csv/value', position: { line: 3001 } }]);
    const utf16 = Buffer.from(`\ufeffv,w\n${rowsWith(3000, 2999, '1,2', '007,2')}`, 'utf16le');
    expect((await csv(utf16)).schema!.columns[0]!.type).toBe('integer');
  });
  it('takes no harm from quoted line ends where it begins', async () => {
    const text = `v,w\n${'1,"a\nb,c\n2,3"\n'.repeat(5000)}`;
    const { schema, rows, failures } = await csv(text);
    expect(failures).toEqual([]);
    expect(rows).toHaveLength(5000);
    expect(schema!.columns[0]!.type === 'integer' ? rows[4999]!['v'] : Number(rows[4999]!['v'])).toBe(1);
  });
  it('finds keys that only later rows have', async () => {
    const { schema } = await jsonl(rowsWith(5000, 4999, '{"v":1}', '{"v":1,"late":true}'));
    expect(schema!.columns.map(({ name }) => name)).toEqual(['v', 'late']);
  });
});

describe('a row behind the sample that does not fit', () => {
  it.each([
    ['{"a":1.5,"v":[1]}', '{"a":1e-400,"v":[1]}'],
    ['{"v":[1]}', '{"v":[1e999]}'],
    ['{"v":[1]}', '{"v":[4e-324]}'],
    ['{"v":[1]}', '{"v":[9007199254740993]}'],
  ])('is a failure, where JSON.parse would read another number: %s, %s', async (usual, special) => {
    const { rows, failures } = await jsonl(rowsWith(6000, 1500, usual, special));
    expect(rows).toHaveLength(5999);
    expect(failures).toMatchObject([{ code: 'jsonl/value', position: { line: 1501 } }]);
  });
  it.each<[string, string, ColumnType]>([
    ['1', '007', 'string'],
    ['1', '2.5', 'number'],
    ['0.5', '9007199254740993', 'decimal'],
    ['1', '9007199254740993', 'decimal'],
    ['0.5', '0.12345678901234567890', 'decimal'],
    ['1.9', '1.10', 'string'],
    ['true', '1', 'string'],
  ])('of %s, %s: one edit reads the column as %s', async (usual, special, wider) => {
    const text = `v,w\n${rowsWith(5000, 1500, `${usual},2`, `${special},2`)}`;
    const before = await csv(text);
    expect(before.failures).toHaveLength(1);
    expect(before.rows).toHaveLength(4999);
    const [failure] = before.failures;
    expect(failure).toMatchObject({
      code: 'csv/value',
      position: { source: 'x.csv', line: 1502 },
      hint: expect.stringContaining(`read column "v" as ${wider}`),
    });

    const { pipeline, id } = addNode(emptyPipeline, { type: 'csv-file', typeVersion: 1, params: {}, position: { x: 0, y: 0 } });
    const mended = fixProblem(pipeline, id, failure!);
    expect(isFixable(pipeline, id, failure!)).toBe(true);
    expect(isFixable(mended, id, failure!)).toBe(false);
    const after = await csv(text, mended.nodes[id]!.params);
    expect(after.failures).toEqual([]);
    expect(String(after.rows[1500]!['v'])).toBe(special);
  });
  it('of JSON lines has its fix too', async () => {
    const { failures } = await jsonl(rowsWith(5000, 1500, '{"v":1}', '{"v":true}'));
    expect(failures).toMatchObject([{ position: { line: 1501 }, fix: { title: 'Read column "v" as text', entry: { column: 'v', type: 'string' } } }]);
    const after = await jsonl(rowsWith(5000, 1500, '{"v":1}', '{"v":true}'), { types: [(failures[0]!.fix as EntryFix).entry] });
    expect(after.rows[1500]).toEqual({ v: 'true' });
  });
  it('is what its type says, where somebody has set it', async () => {
    const { rows, failures } = await csv('v,w\n007,+1\n-0,1.10\n', {
      types: [
        { column: 'v', type: 'integer' },
        { column: 'w', type: 'number' },
      ],
    });
    expect(failures).toEqual([]);
    expect(rows.map(({ v, w }) => [Number(v), w])).toEqual([
      [7, 1],
      [-0, 1.1],
    ]);
  });
});
