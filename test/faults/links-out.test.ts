/** A link that was planted beside a pipeline leads no output elsewhere: what was shown before it was trusted is what it writes. */
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { millrace } from '../command-line.ts';
import { type Chain, Trial } from './trial.ts';

let trial: Trial;
let elsewhere: Trial;
beforeEach(() => {
  trial = new Trial();
  elsewhere = new Trial();
});
afterEach(() => {
  trial.remove();
  elsewhere.remove();
});

test('the values that a run sets for parameters are paths of the folder as those of the file are', async () => {
  symlinkSync(elsewhere.at('target'), trial.at('link'));
  const run = async (value: string) => {
    const nodes = {
      source: { type: 'generator', typeVersion: 1, params: { count: 3 } },
      out: { type: 'csv-output', typeVersion: 1, params: { path: `\${p}` } },
    };
    const edges = [{ from: { node: 'source', port: 'rows' }, to: { node: 'out', port: 'rows' } }];
    const parameters = { p: { type: 'text' as const, default: 'default.csv' } };
    trial.write('set.millrace.json', formatPipeline({ name: 'Set', parameters, nodes, edges, layout: {} }));
    return millrace(['run', trial.at('set.millrace.json'), '--set', `p=${value}`], elsewhere.folder);
  };
  expect((await run('link')).errors).toContain(`leads out of the pipeline's folder, to ${elsewhere.at('target')}`);
  expect((await run('set.csv')).code).toBe(0);
  expect(readdirSync(trial.folder).sort()).toEqual(['link', 'set.csv', 'set.millrace.json']);
  expect((await run(`\${p}.csv`)).code).toBe(0);
  expect(readdirSync(trial.folder)).toContain(`\${p}.csv`);
  expect(readdirSync(elsewhere.folder)).toEqual([]);
});

const source: Chain[number] = ['source', 'generator', { count: 10 }];

test.each<[string, Chain]>([
  ['a file', [source, ['out', 'csv-output', { path: 'link' }]]],
  ['a file that is seen at once', [source, ['out', 'jsonl-output', { path: 'link', visible: 'at-once', mode: 'append' }]]],
  ['a database', [source, ['out', 'sqlite-table', { path: 'link', table: 't' }]]],
  ['a folder', [source, ['out', 'csv-output', { path: 'folder/out.csv' }]]],
  [
    'the errors table',
    [source, ['fails', 'compute', { columns: [{ name: 'a', expression: 'null.x', type: 'integer' }] }, 'keep'], ['out', 'csv-output', { path: 'out.csv' }]],
  ],
])('%s', async (_name, chain) => {
  mkdirSync(elsewhere.at('folder'));
  for (const link of ['link', 'trial.errors.db']) symlinkSync(elsewhere.at('target'), trial.at(link));
  symlinkSync(elsewhere.at('folder'), trial.at('folder'));
  const { code, problems } = await trial.run(chain);
  expect(problems).toMatchObject([{ code: 'output/leads-out', message: expect.stringContaining(elsewhere.folder) }]);
  expect(code).toBe(1);
  expect([readdirSync(elsewhere.folder), readdirSync(elsewhere.at('folder'))]).toEqual([['folder'], []]);
});

test('a hard link to what a run reads is no output of it', async () => {
  trial.write('in.jsonl', '{"id":1}\n');
  linkSync(trial.at('in.jsonl'), trial.at('out.jsonl'));
  const { problems } = await trial.run([
    ['source', 'jsonl-file', { path: 'in.jsonl' }],
    ['out', 'jsonl-output', { path: 'out.jsonl', mode: 'append' }],
  ]);
  expect(problems).toMatchObject([{ code: 'output/is-input' }]);
  expect(readFileSync(trial.at('in.jsonl'), 'utf8')).toBe('{"id":1}\n');
});
