import type { NodeDefinition } from '@millrace/kit/node';
import { expect, test } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import { toNative } from '../../test/engine/native-op.ts';
import type { Edge } from '../document/pipeline.ts';
import { alignSources } from './alignment.ts';
import { Graph } from './graph.ts';
import { lower } from './lower.ts';

type Node = Parameters<typeof alignSources>[0][number];
const plain: Schema = { columns: [{ name: 't', type: 'timestamp', nullable: false }] };
const timed: Schema = { ...plain, eventTime: { column: 't' } };

/** A node for the planner, with only the fields that it reads. */
function node(definition: object, schema: Schema = timed): Omit<Node, 'id'> {
  const op = lower(definition as NodeDefinition, {}, {});
  return { definition: definition as NodeDefinition, params: {}, op, inputs: { rows: schema, left: schema, right: schema }, outputs: { rows: schema } };
}
const inputs = [{ name: 'rows' }];
const file = node({ kind: 'source', bounded: true });
const endless = node({ kind: 'source', bounded: false });
const filter = node({ kind: 'transform', inputs, lower: () => ({ op: 'flatten' }) });
const union = node({ kind: 'transform', inputs: [{ name: 'rows', many: true }], lower: () => ({ op: 'flatten' }) });
const windows = node({ kind: 'transform', inputs, lower: toNative({ awaits: [{ port: 'rows', time: 't' }] }) });
const sides = [{ name: 'left' }, { name: 'right' }];
const join = node({ kind: 'transform', inputs: sides, lower: toNative({ awaits: sides.map(({ name }) => ({ port: name, time: null })) }) });
const setTime = node({ kind: 'transform', inputs, lower: toNative({ setsEventTime: true }) });
const sort = node({ kind: 'transform', inputs, lower: toNative({ bounded: ['rows'] }) });
const sink = node({ kind: 'sink', inputs });

/** `nodes` and edges as `a -> b.left`; the port `rows` is the default on both sides. All sources are one group unless stated otherwise. */
function align(nodes: { readonly [id: string]: Omit<Node, 'id'> }, edges: readonly string[], groups?: readonly (readonly string[])[]) {
  const end = (text: string) => {
    const [id = '', port = 'rows'] = text.split('.');
    return { node: id, port };
  };
  const all = edges.map((text): Edge => {
    const [from = '', to = ''] = text.split(' -> ');
    return { from: end(from), to: end(to) };
  });
  const planned = Object.entries(nodes).map(([id, each]): Node => ({ id, ...each }));
  const sources = planned.filter(({ definition }) => definition.kind === 'source');
  const graph = new Graph(Object.keys(nodes), all);
  return alignSources(
    planned,
    graph,
    groups ?? [sources.map(({ id }) => id)],
    !sources.some(({ definition }) => 'bounded' in definition && !definition.bounded),
  );
}

test('sources that meet in a join, or in a union before windows, and no others', () => {
  const nodes = { a: file, b: file, c: file, d: file, e: file, f: file, j: join, u: union, v: filter, w: windows, x: union, out: sink };
  const edges = ['a -> j.left', 'b -> j.right', 'j -> out', 'c -> u', 'd -> u', 'u -> v', 'v -> w', 'w -> out', 'e -> x', 'f -> x', 'x -> out'];
  expect(align(nodes, edges)).toEqual({
    clocks: { a: ['a'], b: ['b'], c: ['c'], d: ['d'] },
    meetings: [
      { sources: ['c', 'd'], held: ['c', 'd'] },
      { sources: ['a', 'b'], held: ['a', 'b'] },
    ],
    live: [],
  });
});

test('nobody where order does not matter', () => {
  const together = (end: Omit<Node, 'id'>, a = file) => align({ a, b: a, u: union, w: end, out: sink }, ['a -> u', 'b -> u', 'u -> w', 'w -> out']);
  expect(together(windows)).toBeDefined();
  expect(together(filter)).toBeUndefined();
  expect(together(setTime)).toBeUndefined();
  expect(together(node(windows.definition, plain), node(file.definition, plain))).toBeUndefined();
  expect(align({ a: file, w: windows, j: join, out: sink }, ['a -> w', 'a -> j.left', 'w -> j.right', 'j -> out'])).toBeUndefined();
  expect(align({ a: file, b: file, j: join, out: sink }, ['a -> j.left', 'b -> j.right', 'j -> out'], [['a'], ['b']])).toBeUndefined();
});

test('how far a source is follows from whoever makes the time of its rows', () => {
  const untimed = node(file.definition, plain);
  const joined = (between: Omit<Node, 'id'>) =>
    align({ a: untimed, b: file, t: between, j: join, out: sink }, ['a -> t', 't -> j.left', 'b -> j.right', 'j -> out']);
  expect(joined(setTime)).toMatchObject({ clocks: { a: ['t'], b: ['b'] }, meetings: [{ held: ['a', 'b'] }] });
  // It emits nothing before the end.
  expect(joined(sort)).toMatchObject({ clocks: { a: ['t'], b: ['b'] }, meetings: [{ sources: ['a', 'b'], held: ['b'] }] });
  expect(joined(filter)).toMatchObject({ clocks: { a: ['a'], b: ['b'] }, meetings: [{ sources: ['a', 'b'], held: ['b'] }] });
});

test('a source without a time that never ends, or whose time is when it is read, is left alone', () => {
  const joined = (a: Omit<Node, 'id'>) => align({ a, b: file, j: join, out: sink }, ['a -> j.left', 'b -> j.right', 'j -> out']);
  expect(joined(node(endless.definition, plain))).toBeUndefined();
  expect(joined(node({ ...file.definition, timesByReading: () => true }))).toBeUndefined();
  expect(joined(node({ ...file.definition, readsOnce: true }))).toMatchObject({ live: ['a'] });
  expect(joined(endless)).toMatchObject({ live: ['a'], meetings: [{ held: ['a', 'b'] }] });
});

test('in a run without end, rows that reach people by another way are not held back', () => {
  const nodes = { a: endless, b: endless, j: join, k: join, out: sink, more: sink, failed: sink };
  const edges = ['a -> j.left', 'b -> j.right', 'j -> out'];
  const held = (...further: string[]) => align(nodes, [...edges, ...further])?.meetings.map((meeting) => meeting.held);
  expect(held()).toEqual([['a', 'b']]);
  expect(held('a -> more')).toEqual([['b']]);
  expect(held('a -> more', 'b -> more')).toBeUndefined();
  expect(held('a.errors -> failed')).toEqual([['a', 'b']]);
  expect(held('a -> k.right', 'b -> k.left', 'k -> more')).toEqual([['a', 'b']]);
  const bounded = { ...nodes, a: file, b: file };
  expect(align(bounded, [...edges, 'a -> more'])?.meetings).toEqual([{ sources: ['a', 'b'], held: ['a', 'b'] }]);
});
