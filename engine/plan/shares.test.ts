import type { NodeDefinition } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Schema } from '../../model/values/types.ts';
import type { PhysicalPlan, PlannedNode } from '../protocol/physical-plan.ts';
import { withShare } from './shares.ts';

const schema: Schema = { columns: ['key', 'other', 'v'].map((name) => ({ name, type: 'string', nullable: false })) };
const node = (id: string, kind: PlannedNode['kind'], type: string, op?: Op, ports = ['rows']): PlannedNode => ({
  id,
  type,
  kind,
  title: id,
  params: {},
  onError: 'stop',
  inputs: kind === 'source' ? {} : Object.fromEntries(ports.map((port) => [port, schema])),
  inputLists: {},
  outputs: kind === 'sink' ? {} : { rows: schema },
  ...(op && { op }),
});
const definitions = {
  topic: { kind: 'source', shares: () => ({ key: 'key' }) },
  keyless: { kind: 'source', shares: () => ({ key: null }) },
  file: { kind: 'source' },
  out: { kind: 'sink', takesShares: true },
  table: { kind: 'sink' },
};
const definitionOf = (type: string) => (definitions as { readonly [type: string]: unknown })[type] as NodeDefinition | undefined;
const plan = (nodes: readonly PlannedNode[], edges: readonly string[]): PhysicalPlan => ({
  nodes,
  edges: edges.map((edge) => {
    const [from = '', to = ''] = edge.split(' -> ');
    const [id = '', port = 'rows'] = to.split('.');
    return { from: { node: from, port: 'rows' }, to: { node: id, port } };
  }),
  sourceGroups: [],
  chains: [],
  bounded: false,
});
const chain = (source: string, ops: readonly Op[], sink = 'out') => {
  const nodes = [node('in', 'source', source), ...ops.map((op, i) => node(`n${i}`, 'transform', 'op', op)), node('end', 'sink', sink)];
  return plan(
    nodes,
    nodes.slice(1).map(({ id }, i) => `${nodes[i]?.id} -> ${id}`),
  );
};
const count = (...keys: string[]): Op => ({ op: 'combine', keys, aggregates: [{ name: 'v', function: 'count', column: null, percent: null }], window: null });
const project = (columns: Readonly<Record<string, string>>): Op => ({
  op: 'project',
  columns: Object.entries(columns).map(([name, from]) => ({ name, from, cast: null })),
});
const lookup = (left: string, right: string): Op => ({
  op: 'lookup',
  kind: 'left',
  keys: [{ left, right }],
  columns: [],
  versions: { lateness: 0, deleted: null, initial: false },
});
const shares = (of: PhysicalPlan) => {
  try {
    const { nodes } = withShare(of, definitionOf, { index: 1, count: 3 });
    return nodes.flatMap(({ id, share }) => (share ? [`${id} ${share.index}/${share.count}${share.byKey ? ' by key' : ''}`] : []));
  } catch (error) {
    if (error instanceof MillraceError) return `${error.problem.code} ${error.problem.node}`;
    throw error;
  }
};

describe('a share of the input', () => {
  it('is enough for what goes row by row, and for what keeps to the key', () => {
    expect(shares(chain('keyless', [project({ key: 'key' })]))).toEqual(['in 1/3']);
    expect(shares(chain('topic', [count('key')]))).toEqual(['in 1/3 by key']);
    expect(shares(chain('topic', [count('other', 'key'), count('key')]))).toEqual(['in 1/3 by key']);
    expect(shares(chain('topic', [project({ key: 'other', other: 'key', v: 'v' }), count('other')]))).toEqual(['in 1/3 by key']);
  });

  it('is refused where rows of other keys meet', () => {
    expect(shares(chain('topic', [count('other')]))).toBe('group/keys n0');
    expect(shares(chain('topic', [count()]))).toBe('group/keys n0');
    expect(shares(chain('keyless', [count('key')]))).toBe('group/keys n0');
    expect(shares(chain('topic', [project({ key: 'other', other: 'key', v: 'v' }), count('key')]))).toBe('group/keys n1');
    expect(shares(chain('topic', [{ op: 'take', count: 1, offset: 0 }]))).toBe('group/keys n0');
  });

  it('is refused for what cannot be divided, and for outputs of one writer', () => {
    expect(shares(chain('file', []))).toBe('group/source in');
    expect(shares(chain('topic', [], 'table'))).toBe('group/sink end');
  });

  it('takes a lookup as a whole where it cannot be divided, and by its key where it can', () => {
    const joined = (source: string, left: string, right: string) =>
      shares(
        plan(
          [
            node('in', 'source', 'topic'),
            node('names', 'source', source),
            node('join', 'transform', 'op', lookup(left, right), ['rows', 'lookup']),
            node('end', 'sink', 'out'),
          ],
          ['in -> join', 'names -> join.lookup', 'join -> end'],
        ),
      );
    expect(joined('file', 'other', 'v')).toEqual(['in 1/3']);
    expect(joined('topic', 'key', 'key')).toEqual(['in 1/3 by key', 'names 1/3 by key']);
    expect(joined('topic', 'key', 'other')).toBe('group/keys join');
    expect(joined('topic', 'other', 'key')).toBe('group/keys join');
  });
});
