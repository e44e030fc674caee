import { describe, expect, it } from 'vitest';
import type { QueryResult } from '../../engine/protocol/messages.ts';
import { fileName, querySource, tableQuery } from './queries.ts';

const result = (rows: number, total: number | null): QueryResult => ({
  columns: [{ name: 'n', type: 'integer', nullable: false }],
  rows: Array.from({ length: rows }, (_, i) => [i]),
  total,
  elapsedMs: 1,
});

describe('queries', () => {
  it('quote the names that need it', () => {
    expect([tableQuery('hot_readings'), tableQuery('my "own" table')]).toEqual(['select * from hot_readings', 'select * from "my ""own"" table"']);
  });
  it('name files of any platform', () => {
    expect([fileName('/a/b.sqlite'), fileName('C:\\x\\c.db'), fileName('d.csv')]).toEqual(['b.sqlite', 'c.db', 'd.csv']);
  });
  it('page on after the first page', async () => {
    const asked: number[] = [];
    const source = querySource(result(1000, 5000), async (offset, limit) => {
      asked.push(offset);
      return { ...result(0, null), rows: Array.from({ length: limit }, (_, i) => [offset + i]) };
    });
    expect(source.total).toBe(5000);
    expect(source.read(800, 200)).toHaveLength(200);
    expect((await source.read(1000, 200))[0]).toEqual([1000]);
    expect(asked).toEqual([1000]);
  });
  it('show what is here when nobody counted', () => {
    expect(querySource(result(1000, null), () => Promise.reject(new Error('not asked'))).total).toBe(1000);
    expect(querySource(result(3, 3), () => Promise.reject(new Error('not asked'))).read(0, 200)).toHaveLength(3);
  });
});
