import { expect, test } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { formatPipeline, parsePipeline } from '../document/file.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';
import { planRun } from './plan.ts';

const catalogue = new Catalogue(definitions);
const column = (name: string) => ({ name, type: 'string' as const, nullable: false });
const files: { readonly [node: string]: readonly string[] } = { zebra: ['id', 'z'], ant: ['id', 'a', 'z'], middle: ['m', 'id'] };
const node = (type: string, params: object = {}) => ({ type, typeVersion: 1, params: params as Pipeline['nodes'][string]['params'] });
const sources = Object.keys(files);
const document = (order: readonly string[]): Pipeline => ({
  ...emptyPipeline,
  nodes: {
    ...Object.fromEntries(order.map((id) => [id, node('csv-file', { path: `${id}.csv` })])),
    all: node('union', { columns: 'all' }),
    out: node('csv-output', { path: 'out.csv' }),
  },
  edges: [...order, 'all'].map((id) => ({ from: { node: id, port: 'rows' }, to: { node: id === 'all' ? 'out' : 'all', port: 'rows' } })),
});
const planOf = (pipeline: Pipeline) => {
  const discovered = (id: string) => (files[id] ? { schema: { columns: files[id].map(column) } } : null);
  return planRun(checkPipeline(pipeline, { catalogue, analyse: codeAnalysis, discovered }));
};
const saved = (pipeline: Pipeline) => {
  const opened = parsePipeline(formatPipeline(pipeline));
  if (!opened.ok) throw new Error(opened.problems[0]!.message);
  return opened.pipeline;
};

test('a run is the same in whatever order edges were drawn, before and after saving: a union has its columns in one order, and so has the header of a CSV file', () => {
  const plan = planOf(document(sources));
  expect(plan.nodes.find(({ id }) => id === 'out')!.inputs['rows']!.columns.map(({ name }) => name)).toEqual(['id', 'a', 'z', 'm']);
  for (const order of [sources, sources.toReversed(), ['middle', 'zebra', 'ant']]) {
    expect(planOf(document(order))).toEqual(plan);
    expect(planOf(saved(document(order)))).toEqual(plan);
  }
});
