import { describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { emptyPipeline } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';

const catalogue = new Catalogue(definitions);
const node = (type: string, params: { readonly [name: string]: string }) => ({ type, typeVersion: 1, params }) as const;
const problemsOf = (source: ReturnType<typeof node>, sink: ReturnType<typeof node>) => {
  const edges = [{ from: { node: 'in', port: 'rows' }, to: { node: 'out', port: 'rows' } }];
  const { result } = checkPipeline({ ...emptyPipeline, nodes: { in: source, out: sink }, edges }, { catalogue, analyse: codeAnalysis, discovered: () => null });
  return result.problems.filter(({ code }) => code === 'output/is-input');
};

describe('a file that a pipeline writes', () => {
  it('is none that it reads, by a path or a pattern', () => {
    const sink = node('csv-output', { path: 'out/x.csv' });
    expect(problemsOf(node('csv-file', { path: './out//x.csv' }), sink)).toMatchObject([{ severity: 'error', node: 'out', field: 'path' }]);
    expect(problemsOf(node('csv-file', { path: '**/*.csv' }), sink)).toHaveLength(1);
    expect(problemsOf(node('file-tail', { path: 'out/*' }), node('jsonl-output', { path: 'out/x.jsonl' }))).toHaveLength(1);
    expect(problemsOf(node('csv-file', { path: 'out/y.csv' }), sink)).toEqual([]);
    expect(problemsOf(node('csv-file', { path: '*.csv' }), sink)).toEqual([]);
  });

  it('may be a database that it reads: those keep readers and writers apart', () => {
    expect(problemsOf(node('sqlite-query', { path: 'a.db', sql: 'select 1 as n' }), node('sqlite-table', { path: 'a.db', table: 't' }))).toEqual([]);
  });
});
