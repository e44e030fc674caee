import { describe, expect, it } from 'vitest';
import { connect, moveNodes, setNode, setParam } from '../../engine/document/edits.ts';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import type { NodeCheck } from '../../engine/protocol/messages.ts';
import { previewTargets, sameParts, subjectOf, upstreamParts } from './targets.ts';

const node = { type: 't', typeVersion: 1, params: {} };
const pipeline: Pipeline = connect(
  connect(
    { ...emptyPipeline, nodes: { readings: { ...node, title: 'Readings' }, hot: node, out: node }, layout: { readings: { x: 0, y: 0 } } },
    { from: { node: 'readings', port: 'rows' }, to: { node: 'hot', port: 'rows' } },
  ),
  { from: { node: 'hot', port: 'rest' }, to: { node: 'out', port: 'rows' } },
);
const port = (name: string) => ({ name, label: name, many: false, optional: false, schema: null });
const check = (inputs: string[], outputs: string[]): NodeCheck => ({
  known: true,
  defaultPolicy: 'stop' as const,
  card: '',
  inputs: inputs.map(port),
  outputs: outputs.map(port),
});

describe('what can be previewed', () => {
  it('is one node or one edge', () => {
    expect(subjectOf({ nodes: ['a'], edges: ['e'] })).toEqual({ kind: 'node', id: 'a' });
    expect(subjectOf({ nodes: [], edges: ['e'] })).toEqual({ kind: 'edge', id: 'e' });
    expect(subjectOf({ nodes: ['a', 'b'], edges: [] })).toBeNull();
  });
  it('are a node’s outputs, then what arrives at its inputs', () => {
    const targets = previewTargets(pipeline, { kind: 'node', id: 'hot' }, check(['rows'], ['rows', 'rest']));
    expect(targets.map(({ node: at, port: name, side }) => `${side} ${at}.${name}`)).toEqual(['out hot.rows', 'out hot.rest', 'in readings.rows']);
  });
  it('is the input of a sink, and where an edge starts', () => {
    expect(previewTargets(pipeline, { kind: 'node', id: 'out' }, check(['rows'], []))).toMatchObject([{ node: 'hot', port: 'rest', side: 'in' }]);
    expect(previewTargets(pipeline, { kind: 'edge', id: 'hot.rest->out.rows' }, null)).toMatchObject([{ node: 'hot', port: 'rest' }]);
    expect(previewTargets(pipeline, { kind: 'edge', id: 'gone' }, null)).toEqual([]);
  });
});

describe('rows are asked for again', () => {
  const again = (edited: Pipeline, at = 'hot') => !sameParts(upstreamParts(pipeline, at), upstreamParts(edited, at));
  it('when something upstream changes', () => {
    expect(again(setParam(pipeline, 'readings', 'path', 'a.csv'))).toBe(true);
    expect(again(setParam(pipeline, 'hot', 'where', 'true'))).toBe(true);
    expect(again({ ...pipeline, edges: [] })).toBe(true);
    expect(again({ ...pipeline, parameters: { a: { type: 'text', default: '' } } })).toBe(true);
  });
  it('and not for layout, names or what lies downstream', () => {
    expect(again(moveNodes(pipeline, { readings: { x: 5, y: 5 } }))).toBe(false);
    expect(again(setNode(pipeline, 'hot', { title: 'Hot' }))).toBe(false);
    expect(again(setParam(pipeline, 'out', 'path', 'b'))).toBe(false);
  });
  it('ends in a cycle', () => {
    const cycle = connect(pipeline, { from: { node: 'out', port: 'x' }, to: { node: 'readings', port: 'y' } });
    expect(upstreamParts(cycle, 'hot').length).toBeGreaterThan(0);
  });
});
