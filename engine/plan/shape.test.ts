import { traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import { describe, expect, test } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { compareShapes, isOtherPipeline, shapeOf } from './shape.ts';

const schema: Schema = {
  columns: [
    { name: 'at', type: 'timestamp', nullable: false },
    { name: 'n', type: 'integer', nullable: true },
  ],
  eventTime: { column: 'at' },
};
type Change = Partial<PlannedNode> & { readonly version?: number; readonly stateVersion?: number };
const before: { readonly [id: string]: Change } = {
  readings: { type: 'tail', kind: 'source', params: { path: 'a.log', outOfOrder: 0 } },
  filter: { type: 'filter', params: { where: 'row.n > 1' }, inputs: { rows: schema } },
  sums: { type: 'sums', params: { window: '1 m', by: ['n'], lateness: 0 }, inputs: { rows: schema } },
  table: { type: 'table', kind: 'sink', params: { path: 'out.db' }, inputs: { rows: schema } },
};
function shape(changes: { readonly [id: string]: Change | null } = {}, name = 'Readings') {
  const nodes = Object.entries({ ...before, ...changes }).flatMap(([id, node]) => {
    if (node === null) return [];
    const whole = { ...before[id], ...node };
    return [{ id, kind: 'transform', title: id, onError: 'stop', inputs: {}, inputLists: {}, outputs: {}, params: {}, type: id, ...whole } as PlannedNode];
  });
  const plan: PhysicalPlan = { nodes, edges: [], sourceGroups: [], chains: [], bounded: false };
  const versions = new Map(Object.entries({ ...before, ...changes }).map(([id, node]) => [node?.type ?? before[id]?.type ?? id, node?.version ?? 1]));
  const stateVersions = new Map(Object.entries(changes).map(([id, node]) => [node?.type ?? before[id]?.type ?? id, node?.stateVersion ?? 1]));
  return shapeOf(
    name,
    plan,
    (type) => versions.get(type)!,
    (type) => stateVersions.get(type) ?? 1,
  );
}
const withState = ['readings', 'sums', 'table'];
const compare = (changes: { readonly [id: string]: Change | null }) => compareShapes(shape(), shape(changes), withState);
const why = (node: string, change: Change | null) => compare({ [node]: change }).dropped;

describe('state goes on', () => {
  test('where nothing has changed', () => {
    expect(compare({})).toEqual({ carried: withState, dropped: [], added: [] });
  });

  test('where only nodes without state have, and others came', () => {
    const changes = { filter: { params: { where: 'row.n > 2' } }, more: { type: 'filter' } };
    expect(compare(changes)).toEqual({ carried: withState, dropped: [], added: ['more'] });
  });

  test('whatever the titles, the policies, how far a source may be out of order, and the order of keys and columns', () => {
    const columns = [...schema.columns].reverse().map((column) => ({ ...column, nullable: true }));
    const changes = {
      readings: { title: 'Other', onError: 'skip', params: { outOfOrder: 5000, path: 'a.log' } },
      sums: { params: { lateness: 0, by: ['n'], window: '1 m' }, inputs: { rows: { ...schema, columns } } },
    } as const;
    expect(compare(changes).dropped).toEqual([]);
  });
});

describe('of a node whose operation is known', () => {
  const code = (field: string): Op => ({ op: 'filter', test: { language: 'typescript', source: 'row.n > 1', field }, isRule: false });
  const of = (node: Change) => shape({ sums: node });
  const compareSums = (one: Change, other: Change) => compareShapes(of(one), of(other), ['sums']).dropped;

  test('that counts, not the settings: other ones that do the same, and other fields, drop nothing', () => {
    expect(compareSums({ op: code('where'), params: { label: 'a' } }, { op: code('test'), params: { label: 'b' } })).toEqual([]);
  });

  test('another operation is told by the setting that was changed, or as such', () => {
    const distinct: Op = { op: 'distinct', keys: ['n'], keep: 'first', within: null };
    const other: Op = { ...distinct, keys: ['m'] };
    expect(compareSums({ op: distinct, params: { by: 'n' } }, { op: other, params: { by: 'm' } })).toEqual([
      { node: 'sums', why: 'its by was changed from n to m' },
    ]);
    expect(compareSums({ op: distinct }, { op: other })).toEqual([{ node: 'sums', why: 'what it does has changed, under the same settings' }]);
  });

  test('an older checkpoint, which does not know the operation, goes by the settings', () => {
    expect(compareSums({ params: { by: 'n' } }, { op: code('where'), params: { by: 'n' } })).toEqual([]);
    expect(compareSums({ params: { by: 'n' } }, { op: code('where'), params: { by: 'm' } })).toHaveLength(1);
  });

  test('what no operation says is compared by its settings', () => {
    const native: Op = { op: 'native', why: 'test', traits: traitsOf({ op: 'flatten' }) };
    expect(compareSums({ op: native, params: { by: 'n' } }, { op: native, params: { by: 'm' } })).toHaveLength(1);
  });
});

describe('state is dropped, with the reason in words', () => {
  const params = before['sums']!.params!;
  test.each<[string, string, Change | null]>([
    ['its window was changed from 1 m to 5 m', 'sums', { params: { ...params, window: '5 m' } }],
    ['its path was changed from out.db to "/tmp/out.db"', 'table', { params: { path: '/tmp/out.db' } }],
    ['its by was changed from ["n"] to ["at"]', 'sums', { params: { ...params, by: ['at'] } }],
    ['its allowed lateness was changed from nothing to 1', 'sums', { params: { ...params, allowedLateness: 1 } }],
    ['its max entries were changed from nothing to 10', 'sums', { params: { ...params, maxEntries: 10 } }],
    ['its window and its lateness were changed', 'sums', { params: { ...params, window: '5 m', lateness: 1 } }],
    ['its settings were changed', 'sums', { params: {} }],
    ['its where was changed', 'sums', { params: { ...params, where: `row.n > 1 && ${'x'.repeat(99)}` } }],
    ['it was of type "sums" and is now of type "counts"', 'sums', { type: 'counts' }],
    ['its state is of version 1 of "sums", and now version 2 runs', 'sums', { version: 2 }],
    ['its state was kept by another version of Millrace, in another form', 'sums', { stateVersion: 2 }],
    ['other columns arrive at it', 'sums', { inputs: { rows: { columns: schema.columns } } }],
    ['other columns arrive at it', 'sums', { inputs: { rows: { ...schema, columns: schema.columns.slice(0, 1) } } }],
    ['it is no longer in the pipeline', 'sums', null],
  ])('%s', (reason, node, change) => {
    expect(why(node, change)).toEqual([{ node, why: reason }]);
  });
});

test('durations are told as people write them', () => {
  const told = (from: number | null, to: number) => {
    const [a, b] = [shape({ sums: { params: { every: from } } }), shape({ sums: { params: { every: to } } })];
    return compareShapes(a, b, ['sums'], (type, param) => type === 'sums' && param === 'every').dropped[0]!.why;
  };
  expect(told(60_000, 300_000)).toBe('its every was changed from 1 min to 5 min');
  expect(told(90_000, 1500)).toBe('its every was changed from 90 s to 1500 ms');
  expect(told(null, 86_400_000)).toBe('its every was changed from nothing to 1 d');
});

test('another pipeline shares neither the name nor any node', () => {
  const others = { readings: null, filter: null, sums: null, table: null, x: { type: 'tail' } };
  expect(isOtherPipeline(shape(), shape(others, 'Orders'))).toBe(true);
  expect(isOtherPipeline(shape(), shape(others))).toBe(false);
  expect(isOtherPipeline(shape(), shape({}, 'Orders'))).toBe(false);
  expect(isOtherPipeline(shape(), shape({ ...others, sums: { type: 'top' } }, 'Orders'))).toBe(true);
});
