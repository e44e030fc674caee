import ts from 'typescript';
import { expect, test } from 'vitest';
import { snippetLibrary } from '../../model/code/snippet-library.ts';
import { library } from './library.ts';

const noon = Date.UTC(2024, 1, 29, 12, 34, 56, 789);
const { time, text, round } = library;

test('declares exactly what there is', () => {
  const file = ts.createSourceFile('library.d.ts', snippetLibrary, ts.ScriptTarget.Latest);
  const declared: string[] = [];
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement)) declared.push(statement.name!.text);
    if (!ts.isVariableStatement(statement)) continue;
    const declaration = statement.declarationList.declarations[0]!;
    const name = (declaration.name as ts.Identifier).text;
    if (!ts.isTypeLiteralNode(declaration.type!)) continue;
    for (const member of declaration.type.members) declared.push(`${name}.${(member.name as ts.Identifier).text}`);
  }
  const given = Object.entries(library).flatMap(([name, value]) => (typeof value === 'function' ? [name] : Object.keys(value).map((key) => `${name}.${key}`)));
  // A function that takes null is declared twice.
  expect([...new Set(declared)].sort()).toEqual(given.sort());
});

test('parts of a time', () => {
  expect(time.parse(' 2024-02-29T12:34:56.789Z ')).toBe(noon);
  expect(time.parse('soon')).toBeNull();
  expect(time.iso(noon)).toBe('2024-02-29T12:34:56.789Z');
  expect(time.date(noon)).toBe('2024-02-29');
  expect([time.year(noon), time.month(noon), time.day(noon), time.weekday(noon)]).toEqual([2024, 2, 29, 4]);
  expect([time.hour(noon), time.minute(noon), time.second(noon)]).toEqual([12, 34, 56]);
  expect([time.hour(-1), time.minute(-1), time.second(-1), time.weekday(-1)]).toEqual([23, 59, 59, 3]);
  expect(time.weekday(Date.UTC(2024, 2, 3))).toBe(7);
  expect(time.hour(null)).toBeNull();
});

test('parts of a time in a zone', () => {
  const berlin = 'Europe/Berlin';
  const at = Date.UTC(2026, 6, 1, 22, 30);
  expect([time.date(at, berlin), time.hour(at, berlin), time.day(at, '+05:45'), time.weekday(at, berlin)]).toEqual(['2026-07-02', 0, 2, 4]);
  expect(time.iso(at, berlin)).toBe('2026-07-02T00:30:00.000+02:00');
  expect(time.iso(Date.UTC(2026, 0, 1), 'America/St_Johns')).toBe('2025-12-31T20:30:00.000-03:30');
  expect(time.parse('2026-07-02 00:30', berlin)).toBe(at);
  expect(time.parse('2026-07-02', berlin)).toBe(Date.UTC(2026, 6, 1, 22));
  expect(time.parse('2026-07-01T22:30Z', berlin)).toBe(at);
  expect(time.parse('2026-07-01T18:30:00-0400', berlin)).toBe(at);
  expect(time.iso(time.floor(Date.UTC(2026, 9, 25, 12), 'day', berlin))).toBe('2026-10-24T22:00:00.000Z');
  expect(time.iso(time.floor(noon, 'quarter', berlin))).toBe('2023-12-31T23:00:00.000Z');
  expect(time.iso(time.floor(noon, 'minute', 'Asia/Kathmandu'))).toBe('2024-02-29T12:34:00.000Z');
  expect(() => time.hour(at, 'Moon')).toThrow('"Moon" is not a time zone');
});

test.each([
  ['second', '2024-02-29T12:34:56.000Z'],
  ['minute', '2024-02-29T12:34:00.000Z'],
  ['hour', '2024-02-29T12:00:00.000Z'],
  ['day', '2024-02-29T00:00:00.000Z'],
  ['week', '2024-02-26T00:00:00.000Z'],
  ['month', '2024-02-01T00:00:00.000Z'],
  ['year', '2024-01-01T00:00:00.000Z'],
  [5 * 60_000, '2024-02-29T12:30:00.000Z'],
])('floor to %s', (unit, iso) => {
  expect(time.iso(time.floor(noon, unit))).toBe(iso);
});

test('floor of a time before 1970, and of an unknown unit', () => {
  expect(time.floor(-1, 'day')).toBe(-86_400_000);
  expect(time.floor(0, 'week')).toBe(Date.UTC(1969, 11, 29));
  expect(() => time.floor(noon, 'fortnight')).toThrow('no unit "fortnight"');
  expect(() => time.floor(noon, 0)).toThrow('above 0');
});

test('text', () => {
  expect(text.clean('  a \n b\t c ')).toBe('a b c');
  expect(text.title("the NORTH sea's édge")).toBe("The North Sea's Édge");
  expect(text.number('1,234.50')).toBe(1234.5);
  expect(text.number('-3e2')).toBe(-300);
  expect(['1.299,99', '0,50', '-12,00', '1.299'].map((each) => text.number(each, ','))).toEqual([1299.99, 0.5, -12, 1299]);
  // A decimal comma is not a thousands separator.
  expect([text.number('0,125'), text.number('0x10'), text.number('12.5', ',')]).toEqual([null, null, null]);
  expect([text.number('1,23'), text.number(''), text.number('x'), text.number(null)]).toEqual([null, null, null, null]);
});

test.each([
  [1.005, 2, 1.01],
  [-1.005, 2, -1.01],
  [2.5, 0, 3],
  [1234.5, -2, 1200],
  [1e-7, 3, 0],
  [1e22, 2, 1e22],
  [0.1 + 0.2, 10, 0.3],
])('round(%d, %d)', (value, digits, expected) => {
  expect(round(value, digits)).toBe(expected);
});
