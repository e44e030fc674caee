import { expect, it } from 'vitest';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { locationOf } from '../shell/problems/problem-location.ts';
import { counted, formatBytes, formatCount, formatDuration, formatShort, formatWhen } from './run-text.ts';

it('writes counts for tables and for small places', () => {
  expect(formatCount(1234567.4)).toBe('1,234,567');
  expect([formatShort(9999), formatShort(12_345), formatShort(2_000_000)]).toEqual(['9,999', '12.3K', '2M']);
  expect([counted(1, 'row'), counted(0, 'row'), counted(2, 'entry', 'entries')]).toEqual(['1 row', '0 rows', '2 entries']);
});

it('writes durations so that units never overflow', () => {
  expect(formatDuration(-34_570_793_837)).toBe('0 ms');
  expect([0, 994, 996, 9_949, 9_951, 59_499, 59_600, 3_599_000, 3_725_000].map(formatDuration)).toEqual([
    '0 ms',
    '994 ms',
    '1.0 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min 00 s',
    '59 min 59 s',
    '1 h 02 min',
  ]);
});

it('writes sizes', () => {
  expect([0, 999, 1500, 999_499, 999_600, 8_000_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.5 kB', '999 kB', '1.0 MB', '8.0 MB']);
});

it('writes moments shorter the nearer they are', () => {
  const now = new Date(2026, 5, 10, 18, 0).getTime();
  expect(formatWhen(new Date(2026, 5, 10, 9, 5).getTime(), now)).toBe('09:05');
  expect(formatWhen(new Date(2026, 4, 3, 9, 5).getTime(), now)).toBe('3 May 09:05');
  expect(formatWhen(new Date(2024, 4, 3, 9, 5).getTime(), now)).toBe('3 May 2024 09:05');
});

it('says where a problem is', () => {
  const problem = { code: 'a/b' as ProblemCode, severity: 'error' as const, message: '' };
  expect(locationOf(problem)).toBe('');
  expect(locationOf({ ...problem, field: 'where', range: { line: 3, column: 7 } })).toBe('where, line 3, column 7');
  const text = (label: string) => ({ kind: 'text', label }) as const;
  const fields = { where: text('Keep rows where'), columns: { kind: 'list', label: 'Columns', itemLabel: 'Column', item: { name: text('Name') } } } as never;
  expect(locationOf({ ...problem, field: 'where', range: { line: 3, column: 7 } }, fields)).toBe('Keep rows where, line 3, column 7');
  expect(locationOf({ ...problem, field: 'columns.1.name' }, fields)).toBe('Column 2, Name');
  expect(locationOf({ ...problem, position: { source: 'a.csv', line: 4, toLine: 9 } })).toBe('a.csv, lines 4 to 9');
  expect(locationOf({ ...problem, field: 'code', range: { line: 3, column: 7 }, position: { source: 'a.csv', line: 4 } })).toBe(
    'code, line 3, column 7 · a.csv, line 4',
  );
  expect(locationOf({ ...problem, message: 'a.db is locked', position: { source: 'a.db' } })).toBe('');
  expect(locationOf({ ...problem, position: { source: 'a.csv', line: 4 } })).toBe('a.csv, line 4');
});
