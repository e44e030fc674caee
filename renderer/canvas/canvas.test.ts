import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edge, Pipeline } from '../../engine/document/pipeline.ts';
import type { NodeManifest } from '../../engine/protocol/messages.ts';
import { edgeTo, whyNot } from '../graph/connect.ts';
import { placeTitles } from '../graph/far.ts';
import { allPorts, flowEdges, flowNodes, portsOf } from '../graph/flow.ts';
import { freePlace, putIntoEdge } from '../graph/insert.ts';
import { aligned } from './align.ts';
import { arranged } from './auto-layout.ts';

const port = (name: string, many = false) => ({ name, label: name, many, optional: false });
const manifest = (type: string, inputs: ReturnType<typeof port>[], outputs: ReturnType<typeof port>[]): NodeManifest => ({
  type,
  kind: inputs.length === 0 ? 'source' : outputs.length === 0 ? 'sink' : 'transform',
  title: type.toUpperCase(),
  summary: '',
  category: 'Rows',
  icon: 'table',
  version: 1,
  keywords: [],
  docs: '',
  inputs,
  outputs,
  params: {},
  defaults: {},
  bounded: true,
  examples: [],
});
const catalogue = new Map(
  [
    manifest('well', [], [port('rows')]),
    manifest('sieve', [port('rows')], [port('kept'), port('rest')]),
    manifest('pool', [port('rows', true)], [port('rows')]),
    manifest('sea', [port('rows')], []),
  ].map((entry) => [entry.type, entry]),
);
const edge = (from: string, to: string): Edge => {
  const [fromNode = '', fromPort = ''] = from.split('.');
  const [toNode = '', toPort = ''] = to.split('.');
  return { from: { node: fromNode, port: fromPort }, to: { node: toNode, port: toPort } };
};
function pipelineOf(types: Record<string, string>, edges: Edge[] = []): Pipeline {
  const ids = Object.keys(types);
  return {
    name: 'Test',
    parameters: {},
    nodes: Object.fromEntries(ids.map((id) => [id, { type: types[id]!, typeVersion: 1, params: {} }])),
    edges,
    layout: Object.fromEntries(ids.map((id, index) => [id, { x: index * 300, y: 0 }])),
  };
}

describe('connecting', () => {
  const pipeline = pipelineOf({ a: 'well', b: 'sieve', c: 'sieve', d: 'sea', e: 'pool' }, [edge('a.rows', 'b.rows'), edge('b.kept', 'c.rows')]);

  it('is refused with a reason', () => {
    expect(whyNot(pipeline, catalogue, edge('c.kept', 'b.rows'))).toMatch(/cycle.*“SIEVE”/);
    expect(whyNot(pipeline, catalogue, edge('b.kept', 'b.rows'))).toMatch(/itself/);
    expect(whyNot(pipeline, catalogue, edge('a.rows', 'c.rows'))).toMatch(/takes one edge at “rows”/);
    expect(whyNot(pipeline, catalogue, edge('a.rows', 'b.rows'))).toMatch(/already/);
    expect(whyNot(pipeline, catalogue, edge('b.kept', 'a.rows'))).toMatch(/source/);
    expect(whyNot(pipeline, catalogue, edge('d.rows', 'e.rows'))).toMatch(/no output/);
  });
  it('is allowed where it makes sense, and a taken port can be replaced', () => {
    expect(whyNot(pipeline, catalogue, edge('c.kept', 'd.rows'))).toBeNull();
    expect(whyNot(pipeline, catalogue, edge('a.rows', 'c.rows'), { replace: true })).toBeNull();
  });
  it('takes any number of edges at a port for many', () => {
    const joined = { ...pipeline, edges: [...pipeline.edges, edge('a.rows', 'e.rows')] };
    expect(whyNot(joined, catalogue, edge('c.rest', 'e.rows'))).toBeNull();
  });
  it('finds the port of a card that an edge is dropped on, from either end', () => {
    expect(edgeTo(pipeline, catalogue, { node: 'c', port: 'kept' }, 'source', 'd')).toEqual(edge('c.kept', 'd.rows'));
    expect(edgeTo(pipeline, catalogue, { node: 'd', port: 'rows' }, 'target', 'c')).toEqual(edge('c.kept', 'd.rows'));
    expect(edgeTo(pipeline, catalogue, { node: 'c', port: 'kept' }, 'source', 'a')).toBeNull();
  });
});

describe('ports', () => {
  it('include the error port while bad rows are routed', () => {
    const pipeline = pipelineOf({ b: 'sieve' });
    const routed: Pipeline = { ...pipeline, nodes: { b: { ...pipeline.nodes['b']!, onError: 'route' } } };
    expect(portsOf(pipeline, 'b', catalogue).outputs.map(({ name }) => name)).toEqual(['kept', 'rest']);
    expect(portsOf(routed, 'b', catalogue).outputs.map(({ name }) => name)).toEqual(['kept', 'rest', 'errors']);
  });
  it('leave out those that give no rows, but for those with an edge', () => {
    const rest = { ...port('rest'), absentWhen: { param: 'within', is: [null] } };
    const types = new Map([...catalogue, ['dip', manifest('dip', [port('rows')], [port('rows'), rest])]]);
    const outputs = (pipeline: Pipeline) => portsOf(pipeline, 'b', types).outputs.map(({ name }) => name);
    const pipeline = pipelineOf({ b: 'dip', c: 'sea' });
    expect(outputs(pipeline)).toEqual(['rows']);
    expect(outputs({ ...pipeline, edges: [edge('b.rest', 'c.rows')] })).toEqual(['rows', 'rest']);
    expect(outputs({ ...pipeline, nodes: { ...pipeline.nodes, b: { ...pipeline.nodes['b']!, params: { within: 5 } } } })).toEqual(['rows', 'rest']);
  });
  it('of an unknown type are those that edges name', () => {
    const pipeline = pipelineOf({ a: 'well', x: 'mystery', d: 'sea' }, [edge('a.rows', 'x.left'), edge('x.right', 'd.rows')]);
    const ports = portsOf(pipeline, 'x', catalogue);
    expect(ports.inputs.map(({ name }) => name)).toEqual(['left']);
    expect(ports.outputs.map(({ name }) => name)).toEqual(['right']);
  });
});

describe('what the flow draws', () => {
  const pipeline = pipelineOf({ a: 'well', b: 'sieve' }, [edge('a.rows', 'b.rows')]);
  it('keeps the objects of nodes and edges that did not change', () => {
    const nodes = flowNodes([], pipeline, [], catalogue);
    const moved = flowNodes(nodes, { ...pipeline, layout: { ...pipeline.layout, b: { x: 5, y: 5 } } }, ['b'], catalogue);
    expect(moved[0]).toBe(nodes[0]);
    expect(moved[1]).toMatchObject({ id: 'b', ariaLabel: 'SIEVE', selected: true, position: { x: 5, y: 5 } });
    const edges = flowEdges([], pipeline, []);
    expect(flowEdges(edges, pipeline, [])[0]).toBe(edges[0]);
    expect(flowEdges(edges, pipeline, ['a.rows->b.rows'])[0]).toMatchObject({ selected: true });
  });
});

describe('places', () => {
  it('are free of other cards', () => {
    const pipeline = pipelineOf({ a: 'well', b: 'sieve' });
    const at = freePlace(pipeline, { x: 10, y: 10 });
    expect(at.x).toBe(10);
    expect(at.y).toBeGreaterThan(60);
    expect(freePlace(pipeline, { x: 10, y: 500 })).toEqual({ x: 10, y: 500 });
  });
  it('align and spread', () => {
    const boxes = { a: { x: 0, y: 0, height: 50 }, b: { x: 10, y: 40, height: 50 }, c: { x: 100, y: 90, height: 90 } };
    expect(Object.values(aligned(boxes, 'left')).every((at) => at.x === 0)).toBe(true);
    expect(Object.values(aligned(boxes, 'top')).every((at) => at.y === 0)).toBe(true);
    expect(aligned(boxes, 'row')).toMatchObject({ a: { x: 0 }, b: { x: 50 }, c: { x: 100 } });
    expect(aligned(boxes, 'column')).toMatchObject({ a: { y: 0 }, b: { y: 45 }, c: { y: 90 } });
    expect(aligned({ a: boxes.a }, 'left')).toEqual({});
  });
  it('found automatically go from left to right along every edge, without overlaps', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 20 }), (pairs) => {
        const types = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`n${index}`, 'pool']));
        const edges = pairs.filter(([from, to]) => from < to).map(([from, to]) => edge(`n${from}.rows`, `n${to}.rows`));
        const pipeline = pipelineOf(types, edges);
        const places = arranged(pipeline, () => ({ width: 204, height: 56 }));
        for (const { from, to } of edges) expect(places[to.node]!.x).toBeGreaterThanOrEqual(places[from.node]!.x + 204);
        const all = Object.values(places);
        for (const [index, one] of all.entries()) {
          for (const other of all.slice(index + 1)) expect(Math.abs(one.x - other.x) >= 203 || Math.abs(one.y - other.y) >= 55).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});

/** A chain of this many nodes. */
function chainOf(length: number): Pipeline {
  const ids = Array.from({ length }, (_, index) => `n${index}`);
  return {
    name: '',
    parameters: {},
    nodes: Object.fromEntries(ids.map((id) => [id, { type: 'sieve', typeVersion: 1, params: {} }])),
    edges: ids.slice(1).map((id, index) => edge(`n${index}.kept`, `${id}.rows`)),
    layout: Object.fromEntries(ids.map((id, index) => [id, { x: (index % 20) * 300, y: Math.floor(index / 20) * 140 }])),
  };
}

describe('a large pipeline', () => {
  it('leaves the flow alone where an edit changes nothing that it draws, and else changes what was edited only', () => {
    const before = chainOf(1000);
    const nodes = flowNodes([], before, [], catalogue);
    const edges = flowEdges([], before, []);
    const typed = { ...before, nodes: { ...before.nodes, n5: { ...before.nodes['n5']!, params: { where: 'x' } } } };
    expect(flowNodes(nodes, typed, [], catalogue)).toBe(nodes);
    expect(flowEdges(edges, typed, [])).toBe(edges);
    const moved = flowNodes(nodes, { ...before, layout: { ...before.layout, n5: { x: 1, y: 2 } } }, [], catalogue);
    expect(moved.filter((node, index) => node !== nodes[index]).map(({ id }) => id)).toEqual(['n5']);
    const cut = flowNodes(nodes, { ...before, edges: before.edges.slice(1) }, [], catalogue);
    expect(cut).toBe(nodes);
  });
  it('works its ports out once for each change, however many cards ask', () => {
    const pipeline = chainOf(1000);
    let looked = 0;
    const counting = new Map(catalogue);
    counting.get = (type) => {
      looked++;
      return catalogue.get(type);
    };
    for (const id of Object.keys(pipeline.nodes)) expect(allPorts(pipeline.nodes, pipeline.edges, counting).get(id)!.outputs).toHaveLength(2);
    expect(looked).toBe(1000);
    for (const id of ['n0', 'n500']) expect(allPorts(pipeline.nodes, pipeline.edges, counting).get(id)).toEqual(portsOf(pipeline, id, catalogue));
  });
  it('tells sizes and handles, so that nothing need be measured', () => {
    const [first] = flowNodes([], chainOf(2), [], catalogue);
    expect(first!.measured).toEqual({ width: 204, height: 96 });
    expect(first!.handles!.map(({ id, type, y }) => [id, type, y])).toEqual([
      ['rows', 'target', 56.5],
      ['kept', 'source', 56.5],
      ['rest', 'source', 74.5],
    ]);
  });
});

describe('titles seen from far', () => {
  it('never lie on one another, and none is too short to be read', () => {
    const place = fc.record({ x: fc.integer({ min: 0, max: 6000 }), y: fc.integer({ min: 0, max: 4000 }), title: fc.string({ minLength: 1, maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 120 }), fc.constantFrom(0.38, 0.2, 0.1), (cards, zoom) => {
        const titles = placeTitles(
          cards.map((card, index) => ({ ...card, id: `n${index}` })),
          zoom,
        );
        const height = 15 / zoom;
        for (const [index, one] of titles.entries()) {
          for (const other of titles.slice(index + 1)) {
            const apart = one.x + one.width <= other.x + 1e-6 || other.x + other.width <= one.x + 1e-6 || Math.abs(one.y - other.y) >= height;
            expect(apart).toBe(true);
          }
        }
        if (cards.length > 0) expect(titles.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a node that is put into an edge', () => {
  it('lies beside its neighbours: what follows makes room, other branches stay', () => {
    const before = { ...chainOf(4), nodes: { ...chainOf(4).nodes, aside: chainOf(1).nodes['n0']!, added: chainOf(1).nodes['n0']! } };
    const pipeline = { ...before, layout: { ...before.layout, aside: { x: 900, y: 300 }, added: { x: 250, y: 4 } } };
    const { layout } = putIntoEdge(pipeline, 'n0.kept->n1.rows', 'added', 'rows', 'kept');
    expect(layout).toMatchObject({ n0: { x: 0 }, added: { x: 252, y: 4 }, n1: { x: 504 }, n2: { x: 804 }, n3: { x: 1104 }, aside: { x: 900, y: 300 } });
  });
  it('moves nothing where there is room', () => {
    const before = { ...chainOf(2), nodes: { ...chainOf(2).nodes, added: chainOf(1).nodes['n0']! } };
    const pipeline = { ...before, layout: { n0: { x: 0, y: 0 }, n1: { x: 900, y: 0 }, added: { x: 400, y: 0 } } };
    expect(putIntoEdge(pipeline, 'n0.kept->n1.rows', 'added', 'rows', 'kept').layout).toEqual(pipeline.layout);
  });
});
