/** docs/types.md: what its tables say is what happens. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { TrailingZeros } from '../../engine/schema/exact.ts';
import { inferFromText } from '../../engine/schema/infer.ts';
import { readText, widerType } from '../../engine/schema/read-text.ts';
import { type ColumnType, columnTypes, type Row, type Schema } from '../../engine/schema/types.ts';
import { castValue, conformValue, formatValue } from '../../engine/schema/values.ts';
import { CellFormats, type ColumnEntry, plainRows } from '../../nodes/formats/cell-formats.ts';
import { node, pipeline, RunTrial } from '../processes/run-trial.ts';

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

describe('what is no number', () => {
  const schema: Schema = {
    columns: (['text', 'day', 'json'] as const).map((name, i) => ({ name, type: (['string', 'date', 'json'] as const)[i]!, nullable: true })),
  };
  const row: Row = { text: '12 kg', day: '2026-01-31', json: { qty: '12 kg' } };
  const sandbox = createSandbox();
  const outcome = (source: string): string => {
    const { problem, type } = codeAnalysis.expression(source, schema);
    if (problem) return 'refused';
    try {
      const found = conformValue(sandbox.expression(source, { node: 'n', field: 'where' })(row), { name: 'x', type: type ?? 'json', nullable: true });
      return String(found.ok ? found.value : found.message);
    } catch {
      return 'fails';
    }
  };
  const cells = table('| `row.text` is').flatMap(([sources, result]) => codes(sources!).map((source) => [source, result!] as const));
  test.each(cells)('%s: %s', (source, result) => expect(outcome(source)).toBe(result));
});

/** The pipelines of that table: what stands between the source and the file that it makes, its params, and whether there is a table beside. */
const passing: { readonly [run: string]: { readonly step?: ReturnType<typeof node>; readonly types?: boolean; readonly table?: boolean } } = {
  'CSV file → CSV file': {},
  'CSV file → Filter by another column → CSV file': {
    step: node('filter', { rules: { match: 'all', rules: [{ column: 'id', operator: '>', value: '0' }] } }),
  },
  'CSV file → Sort by `price` → CSV file': { step: node('sort', { by: [{ column: 'price', direction: 'desc' }] }) },
  'CSV file, with `price` set to Number → CSV file': { types: true },
  'CSV file → CSV file, and to a SQLite table': { table: true },
};

test('cells that pass through are written as the table says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-page-'));
  writeFileSync(join(folder, 'in.csv'), 'id,price\n1,12.50\n2,3.99\n');
  const nodes: Record<string, ReturnType<typeof node>> = {};
  const edges: string[] = [];
  const lines = table('| The run |');
  for (const [i, [run]] of lines.entries()) {
    const { step, types, table: beside } = passing[run!]!;
    nodes[`in${i}`] = node('csv-file', { path: 'in.csv', types: types ? [{ column: 'price', type: 'number' }] : [] });
    nodes[`out${i}`] = node('csv-output', { path: `out${i}.csv` });
    if (step) nodes[`step${i}`] = step;
    edges.push(...(step ? [`in${i} -> step${i}`, `step${i}.${step.type === 'filter' ? 'kept' : 'rows'} -> out${i}`] : [`in${i} -> out${i}`]));
    if (!beside) continue;
    nodes['table'] = node('sqlite-table', { path: 'out.db', table: 'prices' });
    edges.push(`in${i} -> table`);
  }
  expect((await new RunTrial().run(pipeline(nodes, edges), folder)).problems).toEqual([]);
  const written = lines.map((_, i) => readFileSync(join(folder, `out${i}.csv`), 'utf8'));
  rmSync(folder, { recursive: true });
  for (const [i, [run, cell]] of lines.entries()) expect(written[i], run).toContain(`1,${codes(cell!)[0]}\n`);
});
