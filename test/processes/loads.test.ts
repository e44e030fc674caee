/** What a start loads: what its pipeline uses, and nothing else. Told by the sources that are in the files that its processes load. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import type { Edge } from '../../engine/document/pipeline.ts';
import { millrace } from '../command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-loads-'));
  writeFileSync(join(folder, 'rows.csv'), 'id,name\n1,a\n2,b\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The sources in what a command loads, by where: its processes, and their data threads. Of packages their names. */
async function loadsOf(args: readonly string[]): Promise<{ readonly main: ReadonlySet<string>; readonly data: ReadonlySet<string> }> {
  const LOADS = join(folder, 'loads');
  const hook = join(import.meta.dirname, 'note-loads.cjs');
  const { code, output, errors } = await millrace(args, folder, { NODE_OPTIONS: `--require "${hook}"`, LOADS, MILLRACE_DATA: join(folder, 'data') });
  expect({ code, of: errors || output }).toMatchObject({ code: 0 });
  const loads = { main: new Set<string>(), data: new Set<string>() };
  for (const line of readFileSync(LOADS, 'utf8').trim().split('\n')) {
    const [where, file] = line.split('\t') as ['main' | 'data', string];
    for (const source of sourcesOf(file)) loads[where].add(source);
  }
  return loads;
}

function sourcesOf(file: string): string[] {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file.replaceAll('\\', '/'))?.[1];
  if (name !== undefined) return [name];
  return [...readFileSync(file, 'utf8').matchAll(/^\/\/ ?(?:#region )?((?:model|kit|io|nodes|engine)\/\S+\.ts)$/gm)].map(([, source]) => source!);
}

function pipeline(nodes: { readonly [id: string]: readonly [type: string, params: object] }, edges: readonly string[]): string {
  const file = join(folder, 'a.millrace.json');
  const made = Object.fromEntries(Object.entries(nodes).map(([id, [type, params]]) => [id, { type, typeVersion: 1, params: params as never }]));
  writeFileSync(file, formatPipeline({ name: 'Trial', parameters: {}, nodes: made, edges: edges.map(edge), layout: {} }));
  return file;
}
function edge(text: string): Edge {
  const [from, to] = text.split(' -> ').map((end) => end.split('.'));
  return { from: { node: from![0]!, port: from![1]! }, to: { node: to![0]!, port: to![1]! } };
}
const source = ['csv-file', { path: 'rows.csv' }] as const;
const sink = ['sqlite-table', { path: 'out.db', table: 'rows' }] as const;
/** Files of families and formats that carry nodes out, by their folders. */
const carriers = (loads: ReadonlySet<string>) => [...new Set([...loads].flatMap((file) => /^nodes\/([^/]+\/[^/]+)\/[^/]+$/.exec(file)?.[1] ?? []))].sort();
const operators = (loads: ReadonlySet<string>) => [...new Set([...loads].flatMap((file) => /^engine\/operators\/([^/]+)\//.exec(file)?.[1] ?? []))].sort();

describe('a run', () => {
  it('without code loads no sandbox and no parser of code, and of nodes and operators what it has', async () => {
    const { data, main } = await loadsOf(['run', pipeline({ source, sink }, ['source.rows -> sink.rows'])]);
    expect(data).toContain('engine/runners/local/data-thread.ts');
    expect([...data].filter((each) => ['ses', 'acorn', 'typescript', 'engine/sandbox/sandbox.ts'].includes(each))).toEqual([]);
    expect(main).toContain('engine/cli/load.ts');
    expect(main).not.toContain('acorn');
    // Whose encoding is told as that of text is.
    expect(carriers(data)).toEqual(['formats/cells', 'formats/csv', 'formats/text', 'sqlite/runtime']);
    expect(operators(data)).not.toEqual(expect.arrayContaining([expect.stringMatching(/group|join|order|spill/)]));
  });

  it('with an expression loads the sandbox, and still no operator that it does not have', async () => {
    const filter = ['filter', { mode: 'expression', where: 'row.id > 1' }] as const;
    const { data } = await loadsOf(['run', pipeline({ source, filter, sink }, ['source.rows -> filter.rows', 'filter.kept -> sink.rows'])]);
    expect(data).toContain('ses');
    expect(data).toContain('engine/sandbox/sandbox.ts');
    expect(data).not.toContain('engine/operators/join/lookup.ts');
    expect(data).not.toContain('engine/operators/group/grouping.ts');
  });

  it('loads operators that it has: the test above would see them', async () => {
    const total = ['aggregate', { groupBy: ['name'], aggregations: [{ function: 'count', name: 'rows' }] }] as const;
    const { data } = await loadsOf(['run', pipeline({ source, total, sink }, ['source.rows -> total.rows', 'total.rows -> sink.rows'])]);
    expect(data).toContain('engine/operators/group/grouping.ts');
    expect(data).not.toContain('ses');
    expect(data).not.toContain('engine/operators/join/lookup.ts');
  });
});

it('the catalogue loads nothing that carries a node out', async () => {
  const { main } = await loadsOf(['nodes', '--json']);
  expect(main).toContain('nodes/sqlite/sqlite-table.ts');
  expect(carriers(main)).toEqual([]);
  expect([...main].filter((each) => each.startsWith('io/') || !each.includes('/'))).toEqual(['commander']);
});
