/** docs/types.md: what its tables say is what happens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TrailingZeros } from '../../engine/schema/exact.ts';
import { inferFromText } from '../../engine/schema/infer.ts';
import { readText, widerType } from '../../engine/schema/read-text.ts';
import { type ColumnType, columnTypes } from '../../engine/schema/types.ts';
import { castValue, formatValue } from '../../engine/schema/values.ts';
import { CellFormats, type ColumnEntry, plainRows } from '../../nodes/formats/cell-formats.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/types.md'), 'utf8');
/** The rows of the table with this head, as cells. */
function table(head: string): string[][] {
  const start = page.indexOf(head);
  if (start === -1) throw new Error(`docs/types.md has no table "${head}"`);
  const lines = page.slice(start, page.indexOf('\n\n', start)).split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
const typeOf = (cells: readonly string[]) =>
  inferFromText(
    ['c'],
    cells.map((cell) => [cell]),
  ).columns[0]!.type;

test('every type has its line', () => {
  expect(
    table('| Type | Values')
      .flatMap(([type]) => codes(type!))
      .sort(),
  ).toEqual([...columnTypes].sort());
});
test.each(table('| Cells of a column |'))('%s: %s', (cells, type) => expect(typeOf(codes(cells!))).toBe(type));
/** `numbers: marked, brackets: true` */
const entryOf = (cell: string): ColumnEntry => {
  const said = codes(cell)[0]!
    .split(', ')
    .map((part) => part.split(/: (.*)/))
    .map(([name, value]) => [name, value === 'true' ? true : value]);
  return { column: 'c', type: 'auto', ...Object.fromEntries(said) };
};
test.each(table('| Said of a column |'))('%s: %s is %s', (said, cell, value) => {
  const entry = entryOf(said!);
  const type = entry.type as ColumnType;
  const formats = new CellFormats([entry]);
  const found = formats.of('c', type)?.read(codes(cell!)[0]!, false) ?? castValue(codes(cell!)[0]!, type);
  const [expected] = value === 'null' ? [''] : codes(value!);
  if (expected === undefined) expect(found).toMatchObject({ ok: false, message: expect.stringContaining(value!) });
  else expect(found.ok && formatValue(found.value, type)).toBe(expected);
});
const styled = '| Cells of a column with `numbers: marked, decimal: comma, thousands: dot` |';
test.each(table(styled))('%s in that notation: %s', (cells, type) => {
  const formats = new CellFormats([entryOf(styled)]);
  const rows = codes(cells!).map((cell) => [cell]);
  const [column] = inferFromText(['c'], plainRows(['c'], rows, formats)).columns;
  expect(column!.type).toBe(type);
  const [format, zeros] = [formats.of('c', column!.type)!, new TrailingZeros()];
  for (const [cell] of rows) if (type !== 'string') expect(format.read(cell!, false, zeros).ok).toBe(true);
});
describe('behind the sample', () => {
  test.each(table('| The sample |'))('%s, then %s', (sample, cell, message, wider) => {
    const [first, further] = [codes(sample!)[0]!, codes(cell!)[0]!];
    const type = typeOf([first]);
    const zeros = new TrailingZeros();
    readText(first, type, zeros);
    expect(readText(further, type, zeros)).toMatchObject({ ok: false, message: expect.stringContaining(message!) });
    expect(widerType(further, type)).toBe(wider);
  });
});
