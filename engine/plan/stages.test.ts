import type { Op } from '@millrace/kit/ops';
import { expect, test } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { explainPlan } from './explain.ts';
import { withStages } from './stages.ts';

const schema: Schema = { columns: ['k', 'g', 'v'].map((name) => ({ name, type: 'integer', nullable: false })) };
const node = (id: string, kind: PlannedNode['kind'], op?: Op, ports = ['rows']): PlannedNode => ({
  id,
  type: id,
  kind,
  title: id,
  params: {},
  onError: 'stop',
  inputs: kind === 'source' ? {} : Object.fromEntries(ports.map((port) => [port, schema])),
  inputLists: {},
  outputs: kind === 'sink' ? {} : { rows: schema },
  ...(op && { op }),
});
const lag = (...keys: string[]): Op => ({ op: 'lag', keys, ttl: null, columns: [], onlyChangesOf: [] });
const count = (...keys: string[]): Op => ({ op: 'combine', keys, aggregates: [{ name: 'v', function: 'count', column: null, percent: null }], window: null });
const rename: Op = { op: 'project', columns: ['k', 'g', 'v'].map((name) => ({ name, from: name, cast: null })) };
const swap: Op = {
  op: 'project',
  columns: [
    ...[
      ['k', 'g'],
      ['g', 'k'],
    ].map(([name, from]) => ({ name: name!, from: from!, cast: null })),
  ],
};

/** A chain from a source to a sink. */
function chain(steps: { readonly [id: string]: Op }): PhysicalPlan {
  const nodes = [node('source', 'source'), ...Object.entries(steps).map(([id, op]) => node(id, 'transform', op)), node('sink', 'sink')];
  const edges = nodes.slice(1).map(({ id }, i) => ({ from: { node: nodes[i]!.id, port: 'rows' }, to: { node: id, port: 'rows' } }));
  return { nodes, edges, sourceGroups: [['source']], chains: [], bounded: true };
}
const stagesOf = (steps: { readonly [id: string]: Op }, instances = 2) =>
  (withStages(chain(steps), instances).stages ?? []).map(({ nodes, exchanges, places }) => ({
    nodes: nodes.join(' '),
    keys: exchanges.map(({ edge, keys }) => `${edge.from.node} -> ${edge.to.node}: ${keys}`),
    places,
  }));

test('one instance has no stages', () => {
  expect(withStages(chain({ a: lag('k') }), 1)).toEqual(chain({ a: lag('k') }));
});

test('a stage goes on as long as rows of one key are in one instance', () => {
  expect(stagesOf({ before: rename, a: lag('k'), between: rename, b: count('g', 'k') })).toEqual([
    { nodes: 'a between b', keys: ['before -> a: k'], places: { a: [0], b: [1] } },
  ]);
  // Under another name: what is now called g was the key before.
  expect(stagesOf({ a: lag('k'), between: swap, b: count('g') })).toEqual([{ nodes: 'a between b', keys: ['source -> a: k'], places: { a: [0], b: [0] } }]);
});

test('rows are exchanged again where other keys follow', () => {
  expect(stagesOf({ a: lag('k'), b: count('g') })).toEqual([
    { nodes: 'a', keys: ['source -> a: k'], places: { a: [0] } },
    { nodes: 'b', keys: ['a -> b: g'], places: { b: [0] } },
  ]);
});

test('what goes by the order of rows of several keys keeps them in one instance', () => {
  expect(stagesOf({ a: lag('k'), b: lag('g') })).toEqual([{ nodes: 'b', keys: ['a -> b: g'], places: { b: [0] } }]);
  expect(stagesOf({ a: lag('k'), b: { op: 'take', count: 1, offset: 0 } })).toEqual([]);
});

test('a plan says what runs in several instances', () => {
  expect(explainPlan(withStages(chain({ a: lag('k'), b: count('g') }), 4))).toContain(`Stages, each in threads of its own
  1. a: 4 instances
      exchange: source.rows -> a.rows, by the hash of k
      state: by key, in the instance that has the key
      order: kept for each key, not between keys
  2. b: 4 instances`);
});
