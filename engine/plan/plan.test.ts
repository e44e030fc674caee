import { describe, expect, it } from 'vitest';
import { ab, collect, lookUp, options, pipeline, sink, source, transform } from '../../test/engine/plan-nodes.ts';
import type { Pipeline } from '../document/pipeline.ts';
import { MillraceError } from '../schema/problem.ts';
import { checkPipeline } from './check.ts';
import { explainPlan, planRun } from './plan.ts';

const plan = (document: Pipeline, target?: string) => planRun(checkPipeline(document, options), { target });
const refusal = (document: Pipeline, target?: string) => {
  try {
    plan(document, target);
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    return (error as MillraceError).problem;
  }
  return null;
};
const ids = (document: Pipeline, target?: string) => plan(document, target).nodes.map((node) => node.id);

describe('planRun', () => {
  it('puts nodes in order and completes their params', () => {
    const { nodes, edges } = plan(pipeline({ out: sink, step: transform, in: source }, ['in -> step', 'step -> out']));
    expect(nodes.map((node) => node.id)).toEqual(['in', 'step', 'out']);
    expect(nodes[1]).toEqual({
      id: 'step',
      type: 'pass',
      kind: 'transform',
      title: 'Pass',
      params: { keep: [], where: '' },
      onError: 'stop',
      inputs: { rows: ab },
      inputLists: { rows: [ab] },
      outputs: { rows: ab, rest: ab },
    });
    expect(edges).toHaveLength(2);
  });

  it('leaves out what no sink needs', () => {
    expect(ids(pipeline({ in: source, out: sink, side: transform, idle: source }, ['in -> out', 'in -> side']))).toEqual(['in', 'out']);
  });

  it('with a target takes what is above it, and ignores errors elsewhere', () => {
    const document = pipeline({ in: source, step: transform, out: sink, broken: { ...transform, type: 'unknown' }, end: sink }, [
      'in -> step',
      'step -> out',
      'in -> broken',
      'broken -> end',
    ]);
    expect(ids(document, 'step')).toEqual(['in', 'step']);
    expect(ids(document, 'out')).toEqual(['in', 'step', 'out']);
    expect(refusal(document, 'end')).toMatchObject({ code: 'node/unknown-type' });
    expect(refusal(document, 'nobody')).toMatchObject({ code: 'node/missing' });
  });

  it('leaves out the branch of an unknown type, and only that', () => {
    const unknown = { ...transform, type: 'unknown' };
    const document = pipeline({ in: source, out: sink, broken: unknown, end: sink, other: { ...source, params: { path: 1 } } }, [
      'in -> out',
      'in -> broken',
      'broken -> end',
      'other -> broken',
    ]);
    expect(ids(document)).toEqual(['in', 'out']);
    const { result } = checkPipeline(document, options);
    expect(result.runnable).toBe(true);
    expect(result.problems).toContainEqual(expect.objectContaining({ code: 'pipeline/left-out', severity: 'warning', node: 'end' }));
    expect(refusal(pipeline({ in: source, broken: unknown, end: sink }, ['in -> broken', 'broken -> end']))).toMatchObject({ code: 'node/unknown-type' });
  });

  it('a dangling edge blocks the node that it should feed, not the one that it leaves', () => {
    expect(refusal(pipeline({ in: source }, ['in -> gone']), 'in')).toBeNull();
    expect(refusal(pipeline({ in: source, out: sink }, ['gone -> out']), 'out')).toMatchObject({ code: 'pipeline/dangling-edge' });
  });

  it('refuses what cannot run and says how much is wrong', () => {
    expect(refusal(pipeline({}, []))).toMatchObject({ code: 'pipeline/empty' });
    expect(refusal(pipeline({ in: source }, []))).toMatchObject({ code: 'pipeline/no-sink' });
    expect(refusal(pipeline({ x: sink, y: sink }, []))?.message).toContain('(and 1 more error)');
  });

  it('refuses to run over columns that nobody knows yet', () => {
    const checked = checkPipeline(pipeline({ in: source, out: sink }, ['in -> out']), { ...options, discovered: () => null });
    expect(() => planRun(checked)).toThrow('not known yet');
  });

  it('reads what must come first before the rest, at any distance, and everything as late as it can', () => {
    const nodes = { main: source, small: source, tiny: source, other: source, a: lookUp, b: lookUp, step: transform, out: sink, side: sink };
    const { sourceGroups } = plan(
      pipeline(nodes, ['main -> a', 'small -> b', 'tiny -> step', 'step -> b.lookup', 'b -> a.lookup', 'a -> out', 'other -> side']),
    );
    expect(sourceGroups).toEqual([['tiny'], ['small'], ['main', 'other']]);
  });

  it('chains transforms along edges that nobody else uses', () => {
    const t = transform;
    const nodes = { in: source, a: t, b: t, c: t, d: t, e: t, out: sink, out2: sink };
    // b feeds two nodes through one port; c feeds d through its second port.
    const { chains } = plan(pipeline(nodes, ['in -> a', 'a -> b', 'b -> c', 'b -> e', 'c.rest -> d', 'd -> out', 'e -> out2']));
    expect(chains).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('does not chain over nodes with several inputs', () => {
    const nodes = { in: source, other: source, a: transform, all: collect, b: transform, out: sink };
    expect(plan(pipeline(nodes, ['in -> a', 'a -> all', 'other -> all', 'all -> b', 'b -> out'])).chains).toEqual([['all', 'b']]);
  });

  it('keeps an errors port out of chains', () => {
    const nodes = { in: source, a: { ...transform, onError: 'route' as const }, b: transform, out: sink };
    expect(plan(pipeline(nodes, ['in -> a', 'a.errors -> b', 'b -> out'])).chains).toEqual([]);
  });
});

it('explainPlan draws the plan', () => {
  const nodes = { main: source, small: source, step: { ...transform, onError: 'skip' as const }, more: transform, look: lookUp, out: sink, rest: sink };
  const edges = ['main -> step', 'step -> more', 'more -> look', 'more.rest -> rest', 'small -> look.lookup', 'look -> out'];
  expect(explainPlan(plan(pipeline(nodes, edges)))).toBe(`7 nodes, 6 edges
read first: small
then: main
one loop where its nodes work row by row: step > more

small  [read]
└─ rows (a integer, b string) -> lookup of look  [look-up]
   └─ rows (a integer, b string) -> out  [write]

main  [read]
└─ rows (a integer, b string) -> step  [pass] on error: skip
   └─ rows (a integer, b string) -> more  [pass]
      ├─ rest (a integer, b string) -> rest  [write]
      └─ rows (a integer, b string) -> rows of look  [look-up]  (above)
`);
});
