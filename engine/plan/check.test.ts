import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ab, collect, lookUp, options, pipeline, sink, source, transform } from '../../test/engine/plan-nodes.ts';
import type { Pipeline, PipelineNode } from '../document/pipeline.ts';
import { checkPipeline } from './check.ts';
import { errorSchema } from './error-schema.ts';
import { Graph } from './graph.ts';

const problemsOf = (document: Pipeline, extra: Partial<typeof options> = {}) => checkPipeline(document, { ...options, ...extra }).result.problems;
const codesOf = (document: Pipeline) => problemsOf(document).map((problem) => `${problem.node ?? '-'}: ${problem.code}`);
const chain = (node: Partial<PipelineNode> = {}) => pipeline({ in: source, step: { ...transform, ...node }, out: sink }, ['in -> step', 'step -> out']);

describe('a sound pipeline', () => {
  it('has no problems, and a schema at every port', () => {
    const { result } = checkPipeline(chain({ params: { keep: ['a'], where: 'row.a > 1' } }), options);
    expect(result).toMatchObject({ problems: [], runnable: true, reads: ['in.csv'], writes: ['out.csv'], code: ['step'] });
    expect(result.nodes['step']).toMatchObject({
      known: true,
      card: 'a',
      inputs: [{ name: 'rows', schema: ab }],
      outputs: [{ schema: ab }, { name: 'rest', schema: ab }],
    });
    expect(result.nodes['out']?.inputs).toMatchObject([{ schema: ab }]);
  });

  it('is unknown below a source that was not discovered yet, which is no problem', () => {
    const { result } = checkPipeline(chain(), { ...options, discovered: () => null });
    expect(result.problems).toEqual([]);
    expect(result.nodes['out']?.inputs).toMatchObject([{ schema: null }]);
  });

  it('has cards of one line, whatever is in the params', () => {
    const { result } = checkPipeline(chain({ params: { keep: ['a\r\n  b'] } }), options);
    expect(result.nodes['step']).toMatchObject({ card: 'a b' });
  });

  it('an empty pipeline has no problems', () => {
    expect(problemsOf(pipeline({}, []))).toEqual([]);
  });
});

describe('edges', () => {
  it.each<[string, Pipeline, string, string]>([
    ['to a node that is gone', pipeline({ in: source }, ['in -> gone']), 'pipeline/dangling-edge', 'leads to the node "gone"'],
    ['from a node that is gone', pipeline({ out: sink }, ['gone -> out']), 'pipeline/dangling-edge', 'starts at the node "gone"'],
    ['from an unknown port', pipeline({ in: source, out: sink }, ['in.row -> out']), 'pipeline/unknown-port', '"in" has no output "row"; did you mean "rows"?'],
    ['to an unknown port', pipeline({ in: source, out: sink }, ['in -> out.lines']), 'pipeline/unknown-port', '"out" has no input "lines"'],
    ['into a source', pipeline({ in: source, other: source }, ['in -> other']), 'pipeline/unknown-port', '"other" has no input "rows"'],
    ['of errors, without the policy', pipeline({ in: source, out: sink }, ['in.errors -> out']), 'pipeline/unknown-port', '"in" has no output "errors"'],
    ['twice', pipeline({ in: source, out: sink }, ['in -> out', 'in -> out']), 'pipeline/duplicate-edge', 'is there twice'],
    ['into a taken input', pipeline({ in: source, other: source, out: sink }, ['in -> out', 'other -> out']), 'pipeline/crowded-input', 'takes one edge'],
  ])('%s are reported with their edge', (_, document, code, message) => {
    const problem = problemsOf(document).find((candidate) => candidate.code === code);
    expect(problem).toMatchObject({ severity: 'error', edge: expect.any(String), hint: expect.any(String) });
    expect(problem!.message).toContain(message);
  });

  it('from a port that gives no rows are told at the param that makes it so', () => {
    const step = { ...transform, params: { where: 'all' } };
    const document = pipeline({ in: source, step, out: sink, more: sink }, ['in -> step', 'step -> out', 'step.rest -> more']);
    const { result } = checkPipeline(document, options);
    expect(result.problems).toMatchObject([{ code: 'pipeline/absent-port', severity: 'warning', node: 'step', field: 'where', edge: 'step.rest->more.rows' }]);
    expect(result.problems[0]!.message).toBe('No row leaves by the output "Rest" while "Where" is "all"');
    expect(result.nodes['step']?.outputs.map(({ name }) => name)).toEqual(['rows', 'rest']);
    const without = checkPipeline(pipeline({ in: source, step, out: sink }, ['in -> step', 'step -> out']), options);
    expect(without.result.problems).toEqual([]);
    expect(without.result.nodes['step']?.outputs.map(({ name }) => name)).toEqual(['rows']);
  });

  it('may be many where a port takes many', () => {
    const document = pipeline({ x: source, y: source, all: collect, out: sink }, ['x -> all', 'y -> all', 'all -> out']);
    const checked = checkPipeline(document, options);
    expect(checked.result.problems).toEqual([]);
    expect(checked.nodes.get('all')?.inputLists).toEqual({ rows: [ab, ab] });
  });

  it('whose schema a node refuses carry its problem', () => {
    expect(problemsOf(chain({ params: { where: 'refuse' } }))).toMatchObject([{ code: 'test/refused', node: 'step', edge: 'in.rows->step.rows' }]);
  });
});

describe('the graph', () => {
  it('names the nodes of a circle, in the direction of its edges', () => {
    const document = pipeline({ a: transform, b: transform, c: transform, out: sink }, ['a -> b', 'b -> c', 'c -> a', 'c.rest -> out']);
    const cycle = problemsOf(document).filter((problem) => problem.code === 'pipeline/cycle');
    expect(cycle).toHaveLength(1);
    expect(['a -> b -> c -> a', 'b -> c -> a -> b', 'c -> a -> b -> c'].some((path) => cycle[0]!.message.endsWith(path))).toBe(true);
  });

  it('says what is not connected and what is of no use', () => {
    expect(codesOf(pipeline({ in: source, out: sink }, []))).toEqual(['out: pipeline/unconnected', 'in: pipeline/unused']);
    const unfinished = pipeline({ in: source, step: transform, out: sink }, ['in -> step']);
    expect(codesOf(unfinished)).toEqual(['out: pipeline/unconnected', 'step: pipeline/unused']);
    expect(codesOf(pipeline({ in: source }, []))).toEqual(['-: pipeline/no-sink']);
  });

  it('lets nobody wait for the end of rows that never end', () => {
    const endless = { ...source, params: { path: 'in.csv', endless: true } };
    expect(codesOf(pipeline({ in: endless, step: transform, all: collect, out: sink }, ['in -> step', 'step -> all', 'all -> out']))).toEqual([
      'all: pipeline/unbounded',
    ]);
    expect(codesOf(pipeline({ in: endless, other: source, look: lookUp, out: sink }, ['other -> look', 'in -> look.lookup', 'look -> out']))).toEqual([
      'look: pipeline/unbounded',
    ]);
    expect(codesOf(pipeline({ in: endless, out: sink }, ['in -> out']))).toEqual([]);
  });

  it('tells of rows that would have to come first and later at once, which wait in memory then', () => {
    const document = pipeline({ in: source, look: lookUp, out: sink }, ['in -> look', 'in -> look.lookup', 'look -> out']);
    expect(problemsOf(document)).toMatchObject([{ code: 'pipeline/read-order', severity: 'info', node: 'look', port: 'lookup' }]);
  });
});

describe('errors ports', () => {
  it('have their schema under the policy "route"', () => {
    const nodes = { in: source, step: { ...transform, onError: 'route' as const }, out: sink, bad: sink };
    const { result } = checkPipeline(pipeline(nodes, ['in -> step', 'step -> out', 'step.errors -> bad']), options);
    expect(result.problems).toEqual([]);
    expect(result.nodes['bad']?.inputs).toMatchObject([{ schema: errorSchema }]);
    expect(result.nodes['step']?.outputs.map((port) => port.name)).toEqual(['rows', 'rest', 'errors']);
  });

  it('are missed when nothing takes what they carry', () => {
    expect(problemsOf(chain({ onError: 'route' }))).toMatchObject([{ code: 'pipeline/unused-errors', severity: 'warning' }]);
  });
});

describe('nodes', () => {
  it('of unknown type are placeholders with the ports that edges name', () => {
    const { result } = checkPipeline(chain({ type: 'from-elsewhere', params: { anything: [1] } }), options);
    expect(result.problems).toMatchObject([{ code: 'node/unknown-type', node: 'step' }]);
    expect(result.nodes['step']).toMatchObject({ known: false, inputs: [{ name: 'rows', schema: ab }], outputs: [{ name: 'rows', schema: null }] });
  });

  it('of an older version are migrated', () => {
    const checked = checkPipeline(chain({ typeVersion: 1, params: { columns: ['b'] } }), options);
    expect(checked.result.problems).toEqual([]);
    expect(checked.nodes.get('step')?.params['keep']).toEqual(['b']);
  });

  it('say when they are too new, or cannot be migrated', () => {
    expect(problemsOf(chain({ typeVersion: 4 }))).toMatchObject([{ code: 'node/too-new', severity: 'error' }]);
    expect(problemsOf(chain({ typeVersion: 2, params: { only: 3 } }))).toMatchObject([
      { code: 'node/migration-failed', message: expect.stringContaining('"only" is no list') },
    ]);
  });

  it('whose infer throws are to blame, and the rest goes on', () => {
    expect(problemsOf(chain({ params: { where: 'throw' } }))).toMatchObject([
      { code: 'node/infer-failed', node: 'step', message: expect.stringContaining('oops') },
    ]);
  });

  it('must know their columns when all of their inputs are known', () => {
    expect(problemsOf(chain({ params: { where: 'unknown' } }))).toMatchObject([{ code: 'node/unknown-schema', node: 'step' }]);
  });

  it('report wrong params, with columns looked up upstream', () => {
    expect(problemsOf(chain({ params: { keep: ['c'] } }))).toMatchObject([{ code: 'params/no-column', node: 'step', field: 'keep.0' }]);
  });

  it('report what discovery found', () => {
    const problem = { code: 'file/missing' as const, severity: 'error' as const, message: 'No such file' };
    expect(problemsOf(chain(), { discovered: () => ({ schema: null, problems: [problem] }) })).toEqual([{ ...problem, node: 'in' }]);
  });
});

describe('parameters', () => {
  const document = (path: string) =>
    pipeline({ in: { ...source, params: { path } }, out: sink }, ['in -> out'], {
      day: { type: 'text', default: 'monday' },
      year: { type: 'number', default: 2024 },
    });
  const pathOf = (path: string, parameters = {}) => checkPipeline(document(path), { ...options, parameters }).nodes.get('in')?.params['path'];

  it('are substituted in text', () => {
    expect(pathOf('${day}-${year}.csv')).toBe('monday-2024.csv');
    expect(pathOf('${day}-${year}.csv', { day: '${year}', year: '2025' })).toBe('${year}-2025.csv');
    expect(pathOf('$${day}.csv')).toBe('${day}.csv');
  });

  it('must be there and of their type', () => {
    expect(problemsOf(document('${dya}.csv'))).toMatchObject([{ code: 'parameters/unknown', node: 'in', field: 'path' }]);
    expect(problemsOf(document('x'), { parameters: { yearr: 1 } })).toMatchObject([{ code: 'parameters/unknown', message: expect.stringContaining('"year"') }]);
    expect(problemsOf(document('x'), { parameters: { year: 'next' } })).toMatchObject([{ code: 'parameters/kind' }]);
    const rounded = { code: 'parameters/kind', message: expect.stringContaining('more digits than a number can hold') };
    expect(problemsOf(document('x'), { parameters: { year: '9007199254740993' } })).toMatchObject([rounded]);
    const unreadable = { ...document('x'), parameters: { year: { type: 'number', default: 'soon' } } } as const;
    expect(problemsOf(unreadable)).toMatchObject([{ code: 'parameters/kind', message: expect.stringContaining('must be a number, but is "soon"') }]);
    expect(problemsOf(unreadable, { parameters: { year: '2024' } })).toEqual([]);
  });

  it('mean nothing in code', () => {
    const checked = checkPipeline(chain({ params: { where: '`${row.a}`' } }), options);
    expect(checked.result.problems).toEqual([]);
    expect(checked.nodes.get('step')?.params['where']).toBe('`${row.a}`');
  });
});

describe('whatever the graph', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const edge = fc.tuple(
    fc.constantFrom(...ids, 'gone'),
    fc.constantFrom('rows', 'rest', 'errors', 'x'),
    fc.constantFrom(...ids),
    fc.constantFrom('rows', 'lookup'),
  );
  const node = fc.record({
    type: fc.constantFrom('read', 'pass', 'look-up', 'gather', 'write', 'unknown'),
    typeVersion: fc.integer({ min: 1, max: 4 }),
    params: fc.dictionary(fc.constantFrom('path', 'keep', 'where', 'endless', 'x'), fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<PipelineNode['params']>,
    onError: fc.constantFrom('stop' as const, 'route' as const),
  });
  const document = fc.tuple(fc.dictionary(fc.constantFrom(...ids), node), fc.array(edge, { maxLength: 12 })).map(([nodes, edges]) =>
    pipeline(
      nodes,
      edges.map(([from, out, to, port]) => `${from}.${out} -> ${to}.${port}`),
    ),
  );

  it('a check answers, with plain data', () => {
    fc.assert(
      fc.property(document, (document) => {
        const { result } = checkPipeline(document, options);
        expect(JSON.parse(JSON.stringify(result))).toEqual(result);
        expect(Object.keys(result.nodes)).toEqual(Object.keys(document.nodes).sort());
      }),
      { numRuns: 500 },
    );
  });

  it('a check answers the same before and after saving, whatever the order in which people drew', () => {
    fc.assert(
      fc.property(document, (document) => {
        const saved = { ...document, nodes: Object.fromEntries(Object.entries(document.nodes).reverse()), edges: [...document.edges].reverse() };
        expect(checkPipeline(saved, options).result).toEqual(checkPipeline(document, options).result);
      }),
    );
  });

  it('every node comes once, after what feeds it unless it is in a circle', () => {
    const edges = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)), { maxLength: 12 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const end = (node: string) => ({ node, port: 'rows' });
        const { order, cycles } = new Graph(
          ids,
          pairs.map(([from, to]) => ({ from: end(from), to: end(to) })),
        ).sort();
        expect([...order].sort()).toEqual(ids);
        const cut = new Set(cycles.flat());
        for (const [from, to] of pairs) if (!cut.has(to)) expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
        for (const cycle of cycles) for (const [i, from] of cycle.entries()) expect(pairs).toContainEqual([from, cycle[(i + 1) % cycle.length]]);
      }),
    );
  });
});
