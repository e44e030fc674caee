import { describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import type { Pipeline, PipelineNode } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import type { Schema } from '../schema/types.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';
import { errorsFile, fileSinks, planReplay } from './errors-table.ts';
import { planRun } from './plan.ts';

const catalogue = new Catalogue(definitions);
const found: Schema = { columns: [{ name: 'n', type: 'integer', nullable: false }] };
const node = (type: string, params: PipelineNode['params'] = {}, onError?: PipelineNode['onError']): PipelineNode => ({
  type,
  typeVersion: 1,
  params,
  ...(onError && { onError }),
});
function document(nodes: Pipeline['nodes'], edges: readonly string[], name = 'Trial'): Pipeline {
  const end = (text: string) => ({ node: text.split('.')[0]!, port: text.split('.')[1] ?? 'rows' });
  return {
    name,
    parameters: {},
    nodes,
    edges: edges.map((edge) => ({ from: end(edge.split(' > ')[0]!), to: end(edge.split(' > ')[1]!) })),
    layout: {},
  };
}
const check = (pipeline: Pipeline) => checkPipeline(pipeline, { catalogue, analyse: codeAnalysis, discovered: () => ({ schema: found }) });
const source = node('csv-file', { path: 'in.csv' });
const keeping = node('filter', { mode: 'expression', where: 'row.n > 0' }, 'keep');
const table = (mode: string) => node('sqlite-table', { path: 'out.db', table: 't', mode });
const chain = (mode = 'append', name = 'Trial') =>
  document(
    { file: source, positive: keeping, more: node('filter', { mode: 'expression', where: 'row.n > 1' }, 'keep'), table: table(mode) },
    ['file > positive', 'positive.kept > more', 'more.kept > table'],
    name,
  );

describe('a plan', () => {
  it('has one errors table behind all nodes that keep what fails, and tells of its file', () => {
    const checked = check(chain());
    expect(checked.result.problems).toEqual([]);
    expect(checked.result.writes).toEqual(['out.db', 'Trial.errors.db']);
    const plan = planRun(checked);
    expect(plan.nodes.map(({ id }) => id)).toEqual(['file', 'positive', 'more', 'table', 'errors_table']);
    expect(plan.nodes.at(-1)).toMatchObject({ kind: 'sink', params: { path: 'Trial.errors.db', pipeline: 'Trial', supersedes: false } });
    expect(plan.edges.filter(({ to }) => to.node === 'errors_table').map(({ from }) => `${from.node}.${from.port}`)).toEqual([
      'positive.errors',
      'more.errors',
    ]);
    expect(plan.chains).toEqual([['positive', 'more']]);
    expect(planRun(check(chain('replace'))).nodes.at(-1)).toMatchObject({ params: { supersedes: true } });
  });

  it('is as it was where no node keeps what fails, and for a preview', () => {
    const plain = document({ file: source, table: table('append') }, ['file > table']);
    expect(check(plain).result.writes).toEqual(['out.db']);
    expect(planRun(check(plain)).nodes.map(({ id }) => id)).toEqual(['file', 'table']);
    expect(planRun(check(chain()), { target: 'more' }).nodes.map(({ id }) => id)).toEqual(['file', 'positive', 'more']);
  });

  it('gives the table another id where the pipeline has that one', () => {
    const own = document({ file: source, positive: keeping, errors_table: table('append') }, ['file > positive', 'positive.kept > errors_table']);
    expect(planRun(check(own)).nodes.map(({ id }) => id)).toEqual(['file', 'positive', 'errors_table', 'errors_table_2']);
  });
});

describe('the plan of a replay', () => {
  const replay = (pipeline: Pipeline, id: string) => planReplay(planRun(check(pipeline)), catalogue, { node: id, file: 'Trial.errors.db', only: [3, 4] });

  it('is the part behind the node, with sinks that add', () => {
    const plan = replay(chain('replace'), 'more');
    expect(plan.nodes.map(({ id }) => id)).toEqual(['errors_replay', 'more', 'table', 'errors_table']);
    expect(plan.nodes[0]).toMatchObject({ params: { path: 'Trial.errors.db', node: 'more', only: '3,4' }, outputs: { rows: found } });
    expect(plan.nodes[2]!.params['mode']).toBe('append');
    expect(plan.nodes[3]!.params['supersedes']).toBe(false);
    expect(plan).toMatchObject({ sourceGroups: [['errors_replay']], chains: [], bounded: true });
    expect(replay(chain('replace'), 'positive').chains).toEqual([['positive', 'more']]);
    expect(
      replay(
        document({ file: source, positive: keeping, table: { ...table('upsert'), params: { ...table('upsert').params, keys: ['n'] } } }, [
          'file > positive',
          'positive.kept > table',
        ]),
        'positive',
      ).nodes[2]!.params['mode'],
    ).toBe('upsert');
  });

  it('begins at a sink, too', () => {
    const sinks = document({ file: source, table: { ...table('replace'), onError: 'keep' }, written: node('csv-output', { path: 'out.csv' }) }, [
      'file > table',
      'file > written',
    ]);
    const plan = replay(sinks, 'table');
    expect(plan.nodes.map(({ id }) => id)).toEqual(['errors_replay', 'table', 'errors_table']);
    expect(fileSinks(plan, catalogue)).toEqual([]);
    expect(fileSinks(planRun(check(sinks)), catalogue)).toEqual(['written']);
  });

  it('is refused where rows count with others, at sources, and at nodes that are not there', () => {
    const counted = document({ file: { ...source, onError: 'keep' }, positive: keeping, one: node('limit', { count: 1 }), table: table('append') }, [
      'file > positive',
      'positive.kept > one',
      'one > table',
    ]);
    expect(() => replay(counted, 'positive')).toThrow('"one", which is behind "positive", counts with other rows');
    expect(() => replay(counted, 'one')).toThrow('"one" itself counts with other rows');
    expect(() => replay(counted, 'file')).toThrow('"file" is a source');
    expect(() => replay(counted, 'gone')).toThrow('There is no node "gone"');
  });
});

it.each([
  ['Hot readings', 'Hot readings.errors.db'],
  ['../a/b: c?', '_a_b_ c_.errors.db'],
  ['  ', 'pipeline.errors.db'],
  ['Zählung 3', 'Zählung 3.errors.db'],
])('the errors of "%s" are kept in "%s"', (name, file) => {
  expect(errorsFile(name)).toBe(file);
});
