import { describe, expect, it } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import type { Pipeline, PipelineNode } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';
import { errorsFile, fileSinks, planReplay, withReplays } from './errors-table.ts';
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
    expect(() => replay(counted, 'positive')).toThrow('"one", which is downstream of "positive", counts with other rows');
    expect(() => replay(counted, 'one')).toThrow('"one" itself counts with other rows');
    expect(() => replay(counted, 'file')).toThrow('"file" is a source');
    expect(() => replay(counted, 'gone')).toThrow('There is no node "gone"');
  });
});

describe('the plan of a run that takes rows up', () => {
  const endless = (path: string) => node('file-tail', { path, format: 'csv', types: [{ column: 'n', type: 'integer' }] });
  const kept = (id: string, ports: readonly (string | null)[] = [null]) => ({ file: 'Trial.errors.db', node: id, ports, only: [] });
  const take = (pipeline: Pipeline, rows: readonly ReturnType<typeof kept>[], taken: readonly string[] = []) =>
    withReplays(planRun(check(pipeline)), catalogue, rows, taken);

  it('has a source more, which is read before those that feed the same nodes, and changes nothing of the other nodes', () => {
    const pipeline = { ...chain(), nodes: { ...chain().nodes, file: endless('in.csv') } };
    const before = planRun(check(pipeline));
    const plan = take(pipeline, [kept('more')]);
    expect(plan.nodes.slice(1)).toEqual(before.nodes);
    expect(plan.nodes[0]).toMatchObject({ id: 'errors_replay', kind: 'source', params: { node: 'more', port: null, only: '' }, outputs: { rows: found } });
    expect(plan).toMatchObject({ replays: ['errors_replay'], sourceGroups: [['errors_replay'], ['file']], bounded: false });
    // A chain has one entry.
    expect([before.chains, plan.chains]).toEqual([[['positive', 'more']], []]);
    expect(take(pipeline, [kept('positive')]).chains).toEqual([['positive', 'more']]);
    expect(take(pipeline, [kept('positive'), kept('more')], ['errors_replay', 'errors_replay_3']).replays).toEqual(['errors_replay_2', 'errors_replay_4']);
  });

  it('lets rows enter at the input at which they failed, after what is read first', () => {
    const nodes = { file: endless('in.csv'), list: source, both: node('join', { keys: [{ column: 'n', lookup: 'n' }] }, 'keep'), table: table('append') };
    const pipeline = document(nodes, ['file > both.rows', 'list > both.lookup', 'both > table']);
    const plan = take(pipeline, [kept('both', ['lookup', 'rows'])]);
    expect(plan.edges.slice(-2).map(({ from, to }) => `${from.node} ${to.port}`)).toEqual(['errors_replay lookup', 'errors_replay_2 rows']);
    expect(plan.sourceGroups).toEqual([['errors_replay'], ['list'], ['errors_replay_2'], ['file']]);
    expect(() => take(pipeline, [kept('both', [null, 'rows'])])).toThrow('does not record at which of them its rows failed');
    expect(() => take(pipeline, [kept('both', ['left'])])).toThrow('failed at its input "left", which it does not have any more');
  });

  it('is refused at sources, and at nodes that are not there', () => {
    expect(() => take(chain(), [kept('file')])).toThrow('"file" is a source');
    expect(() => take(chain(), [kept('gone')])).toThrow('There is no node "gone"');
  });
});

it.each([
  ['Hot readings', 'Hot readings.errors.db'],
  ['../a/b: c?', '_a_b_ c_.errors.db'],
  ['  ', 'pipeline.errors.db'],
  ['Zählung 3', 'Zählung 3.errors.db'],
])('the errors of "%s" are kept in "%s"', (name, file) => {
  expect(errorsFile(name, null)).toBe(file);
});

it.each([
  ['hot.millrace.json', 'hot.errors.db'],
  ['Zählung (3).json', 'Zählung (3).json.errors.db'],
])('the errors of the file "%s" are kept in "%s", whatever its pipeline is called', (file, expected) => {
  expect(errorsFile('Trial', file)).toBe(expected);
  const { result, ...checked } = checkPipeline(chain(), { catalogue, analyse: codeAnalysis, discovered: () => ({ schema: found }), file });
  expect(result.writes).toEqual(['out.db', expected]);
  expect(planRun({ result, ...checked }).nodes.at(-1)).toMatchObject({ params: { path: expected, pipeline: 'Trial' } });
});
