import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edge } from '../document/pipeline.ts';
import { Graph } from './graph.ts';
import { type FirstPort, orderSources } from './sources.ts';

const ids = Array.from({ length: 9 }, (_, i) => `n${i}`);
const ports = ['x', 'y', 'z'];

/** A graph without cycles, and first ports in it. */
const graphs = fc
  .record({
    edges: fc.array(fc.tuple(fc.nat(ids.length - 1), fc.nat(ids.length - 1), fc.constantFrom(...ports)), { maxLength: 16 }),
    firsts: fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom('x', 'y')), { maxLength: 6 }),
  })
  .map(({ edges, firsts }) => {
    const sound = edges
      .filter(([a, b]) => a !== b)
      .map(([a, b, port]): Edge => ({ from: { node: ids[Math.min(a, b)]!, port: 'o' }, to: { node: ids[Math.max(a, b)]!, port } }));
    const graph = new Graph(ids, sound);
    const sources = ids.filter((id) => graph.incoming(id).length === 0);
    const first = [...new Map(firsts.map(([node, port]) => [`${node}.${port}`, { node, port }])).values()];
    return { graph, sources, first };
  });

/** Pairs of sources of which one has to be read before the other. */
function* pairs(graph: Graph, sources: readonly string[], first: readonly FirstPort[]) {
  for (const port of first) {
    const above = (edges: readonly Edge[]) => {
      const found = graph.upstream(edges.map(({ from }) => from.node));
      return sources.filter((source) => found.has(source));
    };
    const others = graph.incoming(port.node).filter(({ to }) => !first.some((other) => other.node === port.node && other.port === to.port));
    for (const before of above(graph.incoming(port.node, port.port))) for (const after of above(others)) yield { port, before, after };
  }
}

describe('the order of sources', () => {
  it('has each source once, and those of first ports before the others, but for conflicts that are told', () => {
    fc.assert(
      fc.property(graphs, ({ graph, sources, first }) => {
        const { groups, conflicts } = orderSources(graph, sources, first);
        expect(groups.flat().toSorted()).toEqual(sources.toSorted());
        const at = new Map(groups.flatMap((group, i) => group.map((id) => [id, i] as const)));
        for (const { port, before, after } of pairs(graph, sources, first)) {
          const isTold = conflicts.some(({ node, port: name, source }) => node === port.node && name === port.port && source === before);
          expect(isTold || at.get(before)! < at.get(after)!).toBe(true);
        }
      }),
    );
  });

  it('tells of a conflict only where there is no order', () => {
    fc.assert(
      fc.property(graphs, ({ graph, sources, first }) => {
        const { conflicts } = orderSources(graph, sources, first);
        const later = new Map(sources.map((id) => [id, new Set<string>()]));
        for (const { before, after } of pairs(graph, sources, first)) later.get(before)!.add(after);
        const isInCircle = (id: string) => {
          const found = new Set(later.get(id));
          for (const each of found) for (const next of later.get(each)!) found.add(next);
          return found.has(id);
        };
        expect(conflicts.length > 0).toBe(sources.some(isInCircle));
      }),
    );
  });
});
