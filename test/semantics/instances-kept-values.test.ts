/** Code that keeps values in its module must see all rows, in their order: in several instances the rows must be those of one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { explainRun } from '../../engine/runners/local/explain-run.ts';
import { planOfPipeline, rowsOfRun } from './instances-trial.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-kept-values-'));
beforeAll(() => writeFileSync(join(folder, 'rows.csv'), `k,v\n${Array.from({ length: 60 }, (_, i) => `${'abcdefg'[i % 7]},${i}\n`).join('')}`));
afterAll(() => rmSync(folder, { recursive: true }));

type Nodes = Pipeline['nodes'];
const node = (type: string, params: object): Nodes[string] => ({ type, typeVersion: 1, params: params as never });
const keyed = (before: string, body: string) =>
  node('keyed-code', { keys: ['k'], code: `${before}\nexport const initial = { n: 0 };\nexport function onRow(row: Row, state: { n: number }) { ${body} }\n` });
const snippet = (before: string, body: string) => node('code', { code: `${before}\nexport default function step(row: Row) { ${body} }` });

const planOf = (...steps: Nodes[string][]) => {
  const ids = ['rows', ...steps.map((_, i) => `step${i}`), 'sink'];
  const nodes = [node('csv-file', { path: 'rows.csv' }), ...steps, node('collect', {})];
  const edges = ids.slice(1).map((to, i) => ({ from: { node: ids[i]!, port: 'rows' }, to: { node: to, port: 'rows' } }));
  return planOfPipeline({ ...emptyPipeline, nodes: Object.fromEntries(ids.map((id, i) => [id, nodes[i]!])), edges }, folder);
};

const counting = keyed('', 'state.n++; return { k: row.k, v: row.v, n: state.n };');
const why = 'not, one instance takes all: the code may keep values from row to row in its module';

test.each([
  ['keyed code', [keyed('let all = 0;', 'state.n++; return { k: row.k, n: state.n, all: ++all };')], 'step0'],
  ['a snippet behind a stage', [counting, snippet('let all = 0;', 'return { ...row, all: ++all };')], 'step1'],
  ['a snippet before another stage', [counting, snippet('let all = 0;', 'return { ...row, all: ++all };'), counting], 'step1'],
])('%s that counts all rows', async (_, steps, keeping) => {
  const plan = await planOf(...steps);
  expect(await rowsOfRun(folder, plan, 3, 4)).toEqual(await rowsOfRun(folder, plan, 1, 4));
  const options = { commits: 'checkpoint', instances: 3 } as never;
  const said = await explainRun({ plan, options }, () => undefined);
  expect(said.slice(said.indexOf(`\n  ${keeping}: `))).toContain(why);
});

test('code that keeps nothing but its state is in a stage', async () => {
  const plan = await planOf(counting, snippet('const twice = (n: number) => 2 * n;', 'return { ...row, twice: twice(row.n) };'));
  const said = await explainRun({ plan, options: { commits: 'checkpoint', instances: 3 } as never }, () => undefined);
  expect(said).toContain('1. step0, step1: 3 instances');
});
