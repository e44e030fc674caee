/** docs/types.md: what its tables say is what happens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { TrailingZeros } from '../../engine/schema/exact.ts';
import { inferFromText } from '../../engine/schema/infer.ts';
import { readText, widerType } from '../../engine/schema/read-text.ts';
import { columnTypes } from '../../engine/schema/types.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/types.md'), 'utf8');
/** The rows of the table with this head, as cells. */
function table(head: string): string[][] {
  const start = page.indexOf(head);
  if (start === -1) throw new Error(`docs/types.md has no table "${head}"`);
  const lines = page.slice(start, page.indexOf('\n\n', start)).split('\n').slice(2);
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const codes = (cell: string): string[] => [...cell.matchAll(/`` (.+?) ``|`([^`]+)`/g)].map(([, outer, text]) => (outer ?? text)!.replaceAll('\\|', '|'));
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
describe('null', () => {
  const sandbox = createSandbox();
  const row = { no: null, n: 3 };
  const outcome = (run: () => unknown): string => {
    try {
      return String(run() ?? null);
    } catch {
      return 'fails';
    }
  };
  const cells = table('| `row.no` is null').flatMap(([sources, expression, code]) => codes(sources!).map((source) => [source, expression!, code!] as const));
  test.each(cells)('%s: %s, in code %s', (source, expression, code) => {
    expect(outcome(() => sandbox.expression(source, { node: 'n', field: 'where' })(row))).toBe(expression);
    const step = sandbox.snippet(`export default (row: Row) => ({ x: ${source} })`, { node: 'n', field: 'code' });
    expect(outcome(() => (step(row) as { x: unknown }).x)).toBe(code);
  });
});
