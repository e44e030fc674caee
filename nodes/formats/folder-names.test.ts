import { expect, it } from 'vitest';
import type { ColumnType, Value } from '../../model/values/types.ts';
import { encodedName, type FolderPart, folderOf } from './folder-names.ts';

const at = Date.UTC(2026, 0, 31, 23, 5, 59);
function nameOf(value: Value, type: ColumnType, by: FolderPart = 'value', zone = 'UTC', name: string | null = null): string | null {
  return folderOf([{ column: 'x', by, name }], zone, { columns: [{ name: 'x', type, nullable: true }] })({ x: value });
}

it('names folders by parts of times, in the zone that is given', () => {
  const parts = ['date', 'year', 'month', 'day', 'hour', 'minute'] as const;
  expect(parts.map((by) => nameOf(at, 'timestamp', by))).toEqual(['date=2026-01-31', 'year=2026', 'month=01', 'day=31', 'hour=23', 'minute=05']);
  expect(parts.map((by) => nameOf(at, 'timestamp', by, 'Europe/Berlin'))).toEqual([
    'date=2026-02-01',
    'year=2026',
    'month=02',
    'day=01',
    'hour=00',
    'minute=05',
  ]);
  expect(nameOf(-62_198_755_200_000, 'timestamp', 'date')).toBe('date=-000001-01-01');
  expect(nameOf(-1, 'timestamp', 'minute')).toBe('minute=59');
  expect(nameOf('2026-01-31', 'date', 'date', 'Pacific/Apia')).toBe('date=2026-01-31');
  expect(nameOf('2026-01-31', 'date', 'month')).toBe('month=01');
});

it('names folders by values, and by a name of their own', () => {
  expect(nameOf('Oslo', 'string')).toBe('x=Oslo');
  expect(nameOf(at, 'timestamp')).toBe('x=2026-01-31T23%3A05%3A59.000Z');
  expect(nameOf(false, 'boolean')).toBe('x=false');
  expect(nameOf(1.5, 'number', 'value', 'UTC', 'size')).toBe('size=1.5');
  expect([null, ''].map((value) => nameOf(value, 'string'))).toEqual(['x=__HIVE_DEFAULT_PARTITION__', 'x=__HIVE_DEFAULT_PARTITION__']);
  expect(nameOf(null, 'timestamp', 'date')).toBe('date=__HIVE_DEFAULT_PARTITION__');
});

it('leaves no name that leads elsewhere, or that a system reads in another way', () => {
  expect(nameOf('../../etc/passwd', 'string')).toBe('x=..%2F..%2Fetc%2Fpasswd');
  expect(nameOf('a\\b:c|d*?"<>%\u0000\n', 'string')).toBe('x=a%5Cb%3Ac%7Cd%2A%3F%22%3C%3E%25%00%0A');
  expect(['a.', 'a ', '.'].map(encodedName)).toEqual(['a%2E', 'a%20', '%2E']);
  expect(nameOf('Ωmega 日本', 'string')).toBe('x=Ωmega 日本');
  expect(nameOf('é'.repeat(126), 'string')).toBe(`x=${'é'.repeat(126)}`);
  expect(nameOf('é'.repeat(127), 'string')).toBeNull();
});

it('puts folders into each other', () => {
  const columns = [
    { name: 'at', type: 'timestamp', nullable: false },
    { name: 'city', type: 'string', nullable: true },
  ] as const;
  const folders = [
    { column: 'at', by: 'year', name: null },
    { column: 'at', by: 'month', name: null },
    { column: 'city', by: 'value', name: 'place' },
  ] as const;
  const of = folderOf(folders, 'UTC', { columns });
  expect(of({ at, city: 'Ulm' })).toBe('year=2026/month=01/place=Ulm');
  expect(of({ at, city: 'Bonn' })).toBe('year=2026/month=01/place=Bonn');
  expect(of({ at, city: 'x'.repeat(300) })).toBeNull();
  expect(of({ at: at + 86_400_000, city: 'Ulm' })).toBe('year=2026/month=02/place=Ulm');
});
