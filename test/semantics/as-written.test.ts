/** The law of copies: cells of a CSV file that nothing looks at are the same in the CSV file that a run makes of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example, TransformDefinition } from '@millrace/kit/node';
import { looksAt } from '@millrace/kit/op-traits';
import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import { lower } from '../../engine/plan/lower.ts';
import type { Row, Schema, Value } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { edgesOf, paramsOf, runExample } from '../conformance/harness.ts';
import { node, pipeline, RunTrial } from '../processes/run-trial.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-copies-'));
});
afterAll(() => rm(folder));
const rm = (path: string) => rmSync(path, { recursive: true, force: true });

interface Table {
  readonly delimiter: 'comma' | 'semicolon' | 'tab' | 'pipe';
  /** Marks for missing: they stay as they are. */
  readonly nullText: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}
const delimiters = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' };

/** What types would write in another way. */
const spellings = ['12.50', '3.9', '007', '+5', '1e3', '1.0', '-0', '.5', 'TRUE', 'false', ' 1 ', '  ', '2026-01-31 12:00', '2026-01-31T12:00:00+02:00'];
const others = ['', 'NA', '1,5', 'a"b', '"', 'two\nlines', 'cr\r\nlf', 'ä€😀', '9007199254740993', '0.1234567890123456789', '{"a": 1}', '#', '\ufeff'];
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...spellings) },
  { weight: 3, arbitrary: fc.constantFrom(...others) },
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((each) => each.replaceAll('\0', '')),
);
const table: fc.Arbitrary<Table> = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.record({
    delimiter: fc.constantFrom('comma', 'semicolon', 'tab', 'pipe'),
    nullText: fc.constantFrom('', '', 'NA', '-', 'NA, -, ""'),
    names: fc.constant(Array.from({ length: width }, (_, i) => `column ${i}`)),
    rows: fc.array(fc.array(fc.option(text, { freq: 6 }), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
  }),
);

/** As a program writes it that quotes only where it must. */
function written({ delimiter, names, rows }: Table): string {
  const mark = delimiters[delimiter];
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const needs = (cell: string) => /["\r\n]/.test(cell) || cell.includes(mark) || cell.startsWith('\ufeff');
  const cellOf = (cell: string | null) => (cell === null ? '' : cell === '' || needs(cell) ? quoted(cell) : cell);
  return [names, ...rows].map((cells) => `${cells.map(cellOf).join(mark)}\n`).join('');
}

/** Copies of all tables by one run: straight on, and through nodes that look at nothing of them. */
async function copies(tables: readonly Table[]): Promise<string[]> {
  const place = mkdtempSync(join(folder, 'run-'));
  const nodes: { [id: string]: PipelineNode } = {};
  const edges: string[] = [];
  tables.forEach((each, i) => {
    writeFileSync(join(place, `in${i}.csv`), written(each));
    const dialect = { delimiter: each.delimiter, nullText: each.nullText || null, skip: 0, comment: '', escape: 'none', trailing: 'no' };
    nodes[`in${i}`] = node('csv-file', { path: `in${i}.csv`, ...dialect });
    nodes[`out${i}`] = node('csv-output', { path: `out${i}.csv`, delimiter: each.delimiter });
    if (i % 2 === 0) {
      edges.push(`in${i} -> out${i}`);
      return;
    }
    nodes[`limit${i}`] = node('limit', { count: 1000 });
    nodes[`select${i}`] = node('select', { others: 'keep', columns: [{ column: each.names[0]!, name: null, type: 'keep' }] });
    nodes[`filter${i}`] = node('filter', { mode: 'expression', where: 'true' });
    edges.push(`in${i} -> limit${i}`, `limit${i} -> select${i}`, `select${i} -> filter${i}`, `filter${i}.kept -> out${i}`);
  });
  const { state, problems } = await new RunTrial().run(pipeline(nodes, edges), place);
  expect([state, problems]).toEqual(['done', []]);
  const made = tables.map((_, i) => readFileSync(join(place, `out${i}.csv`), 'utf8'));
  rm(place);
  return made;
}

describe('a CSV file that is copied', () => {
  it('has the same bytes where its quotes are as few as they may be', async () => {
    const many = fc.array(table, { minLength: 24, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(many, async (tables) => {
        expect(await copies(tables)).toEqual(tables.map(written));
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });
});

const passing = definitions.flatMap((definition) =>
  definition.kind === 'transform' && definition.inputs.length === 1 ? [definition as TransformDefinition<any>] : [],
);
const asText = (value: Value): Value => (value === null ? null : `text ${JSON.stringify(value)}`);

describe.each(passing.map((definition) => [definition.type, definition] as const))('%s', (_, definition) => {
  it.each(definition.examples.map((example) => [example.title, example] as const))(
    'looks at nothing but what it says: %s',
    async (_, example: Example<any>) => {
      const [port] = definition.inputs.map(({ name }) => name);
      const edges = edgesOf(example, port!);
      if (edges.length !== 1) return;
      const [{ schema, rows }] = edges as [(typeof edges)[number]];
      const op = lower(definition, paramsOf(definition, example) as Params, { [port!]: schema })!;
      const looked = new Set(looksAt(op, schema) ?? schema.columns.map(({ name }) => name));
      const keeps = (name: string) => looked.has(name) || schema.eventTime?.column === name || !schema.columns.some((column) => column.name === name);
      const change = (row: Row): Row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, keeps(name) ? value : asText(value)]));
      const texts: Schema = { ...schema, columns: schema.columns.map((column) => (keeps(column.name) ? column : { ...column, type: 'string' })) };
      const place = { folder, batchSize: 2 };
      const before = await runExample(definition, example, place);
      const after = await runExample(definition, { ...example, inputs: { [port!]: rows.map(change) }, inputSchemas: { [port!]: texts } }, place);
      for (const [output, found] of Object.entries(before.outputs)) expect(after.outputs[output], output).toEqual(found.map(change));
    },
  );
});
