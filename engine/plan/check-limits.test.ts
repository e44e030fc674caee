import { describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';
import { emptyPipeline, type Pipeline, type PipelineNode } from '../document/pipeline.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { Catalogue } from './catalogue.ts';
import { checkPipeline } from './check.ts';
import { maxColumns, maxNodes } from './check-limits.ts';

const catalogue = new Catalogue(definitions);
const check = (pipeline: Pipeline) => checkPipeline(pipeline, { catalogue, discovered: () => null, analyse: codeAnalysis }).result;
const node = (type: string, params: object): PipelineNode => ({ type, typeVersion: 1, params: params as never });
const generator = node('generator', { count: 1 });
const edge = (from: string, to: string, port = 'rows') => ({ from: { node: from, port: 'rows' }, to: { node: to, port } });

describe('a pipeline that would take all memory', () => {
  it('by joins that double the columns each is told at the first join that is too wide', () => {
    const names = Array.from({ length: 40 }, (_, i) => `join_${i}`);
    const joins = names.map((name, i) => [name, node('join', { keys: [{ column: 'sensor', lookup: 'sensor' }], suffix: `_${i}` })] as const);
    const edges = names.flatMap((name, i) => ['rows', 'lookup'].map((port) => edge(i === 0 ? 'in' : names[i - 1]!, name, port)));
    const { problems, nodes } = check({ ...emptyPipeline, nodes: { in: generator, ...Object.fromEntries(joins) }, edges });
    const told = problems.filter(({ code }) => code === 'node/too-many-columns');
    expect(told).toHaveLength(1);
    const at = names.indexOf(told[0]!.node!);
    expect(nodes[names[at - 1]!]!.outputs[0]!.schema!.columns.length).toBeGreaterThan(maxColumns / 4);
    expect(nodes[names[at]!]!.outputs[0]!.schema).toBeNull();
    expect(problems.some(({ severity, node: id }) => severity === 'error' && names.indexOf(id ?? '') > at)).toBe(false);
  });

  it('by wide rows at very many nodes is told where the columns are too many in all', () => {
    const columns = Array.from({ length: maxColumns }, (_, i) => ({ column: `c${i}`, type: 'integer' }));
    const filters = Array.from({ length: 150 }, (_, i) => `filter_${i}`);
    const nodes = Object.fromEntries(filters.map((name) => [name, node('limit', { count: 1 })]));
    const edges = filters.map((name, i) => edge(i === 0 ? 'in' : filters[i - 1]!, name));
    const { problems } = check({ ...emptyPipeline, nodes: { in: node('stdin', { columns }), ...nodes }, edges });
    expect(problems.map(({ code }) => code)).toContain('pipeline/too-many-columns');
  });

  it('by its number of nodes is not checked any further', () => {
    const nodes = Object.fromEntries(Array.from({ length: maxNodes + 1 }, (_, i) => [`n${i}`, generator]));
    const { problems, runnable } = check({ ...emptyPipeline, nodes });
    expect(problems).toMatchObject([{ code: 'pipeline/too-large', severity: 'error' }]);
    expect(runnable).toBe(false);
  });
});

/** CPU seconds, as the machine may be busy: the minimum of several attempts. */
const costOf = (pipeline: Partial<Pipeline>, tries = 1): number =>
  Math.min(
    ...Array.from({ length: tries }, () => {
      const before = process.cpuUsage();
      check({ ...emptyPipeline, ...pipeline });
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    }),
  );

describe('the cost of a check grows with the size of the pipeline', () => {
  const named = <T>(count: number, name: string, make: (i: number) => T) => Array.from({ length: count }, (_, i) => [`${name}${i}`, make(i)] as const);
  const wide = (count: number) => node('stdin', { columns: Array.from({ length: count }, (_, i) => ({ column: `c${i}`, type: 'integer' })) });
  const behind = (count: number, type: string, params: object) => ({
    nodes: { in: wide(Math.min(count, maxColumns / 2)), it: node(type, params) },
    edges: [edge('in', 'it')],
  });
  const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

  it.each<[string, (count: number) => Partial<Pipeline>]>([
    ['misspelt columns', (n) => behind(n, 'select', { columns: times(n, (i) => ({ column: `d${i}`, name: null, type: 'keep' })) })],
    [
      'computed columns',
      (n) => behind(n, 'compute', { columns: times(n, (i) => ({ name: `n${i % 2000}`, expression: `row.c${i % 2000} + ${i}`, type: 'auto' })) }),
    ],
    ['misspelt names in code', (n) => behind(n, 'compute', { columns: times(n, (i) => ({ name: `n${i % 2000}`, expression: `row.d${i}`, type: 'auto' })) })],
    [
      'wide unions',
      (n) => ({
        nodes: { ...Object.fromEntries(named(n / 100, 's', () => wide(1000))), all: node('union', {}) },
        edges: named(n / 100, 's', () => null).map(([id]) => edge(id, 'all')),
      }),
    ],
    [
      'lookups one after the other, one of which reads the same rows twice',
      (n) => ({
        nodes: Object.fromEntries([
          ...named(n / 8, 'g', () => generator),
          ...named(n / 8, 'j', () => node('join', { keys: [{ column: 'sensor', lookup: 'sensor' }], suffix: '_x' })),
        ]),
        edges: times(n / 8, (i) => [edge(i === 0 ? 'g0' : `j${i - 1}`, `j${i}`), edge(`g${i}`, `j${i}`, 'lookup')]).flat(),
      }),
    ],
  ])('%s', (_, make) => {
    check({ ...emptyPipeline, ...make(400) });
    // Linear growth would give 8, quadratic growth 64.
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 4 && least >= 28; attempt++) least = Math.min(least, costOf(make(6400)) / Math.max(costOf(make(800), 3), 0.01));
    expect(least).toBeLessThan(28);
  });

  it('and of very many problems of one node, the first are told and how many more there are', () => {
    const { problems, runnable } = check({
      ...emptyPipeline,
      ...behind(3000, 'select', { columns: times(3000, (i) => ({ column: `d${i}`, name: null, type: 'keep' })) }),
    });
    const told = problems.filter(({ node: id }) => id === 'it');
    expect(told.filter(({ code }) => code === 'params/no-column').length).toBeLessThan(25);
    expect(told.at(-1)).toMatchObject({ code: 'problems/more', severity: 'error', message: expect.stringMatching(/^And 2,98\d more problems$/) });
    expect(runnable).toBe(false);
  });
});

describe('texts that would take all time or memory', () => {
  const timed = (pipeline: Partial<Pipeline>) => {
    const before = process.cpuUsage();
    const { problems } = check({ ...emptyPipeline, ...pipeline });
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
    return problems.map(({ code }) => code);
  };
  const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

  it('names that joins make longer and longer are told', () => {
    const names = many(30, (i) => `join_${i}`);
    const joins = (suffix: string) =>
      timed({
        nodes: {
          in: generator,
          ...Object.fromEntries(names.map((name, i) => [name, node('join', { keys: [{ column: 'sensor', lookup: 'sensor' }], suffix: `_${i}${suffix}` })])),
        },
        edges: names.flatMap((name, i) => ['rows', 'lookup'].map((port) => edge(i === 0 ? 'in' : names[i - 1]!, name, port))),
      });
    expect(joins('x'.repeat(190))).toContain('node/names-too-long');
    expect(joins('x'.repeat(100_000))).toContain('join/suffix');
  });

  it('parameters that are put in again and again are told', () => {
    const nodes = Object.fromEntries(many(300, (i) => [`s${i}`, node('jsonl-file', { path: '${a}'.repeat(100) })]));
    expect(timed({ nodes, parameters: { a: { type: 'text', default: 'y'.repeat(100_000) } } })).toContain('parameters/too-long');
  });
});
