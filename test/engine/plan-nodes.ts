/** A small catalogue for the tests of this folder: one node for each thing that planning has to tell apart. */

import { f } from '@millrace/kit/fields';
import { type CodeAnalysis, defineNode } from '@millrace/kit/node';
import type { Pipeline, PipelineNode } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import type { CheckOptions } from '../../engine/plan/check.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { Json, Schema } from '../../model/values/types.ts';
import { toNative } from './native-op.ts';

export const identity = { version: 1, summary: 'For tests.', category: 'Rows', icon: 'puzzle', docs: 'For tests.', examples: [] } as const;
const column = (name: string, type: Schema['columns'][number]['type'] = 'integer') => ({ name, type, nullable: false });
export const ab: Schema = { columns: [column('a'), column('b', 'string')] };

const read = defineNode({
  ...identity,
  type: 'read',
  kind: 'source',
  title: 'Read',
  outputs: [{ name: 'rows' }],
  params: { path: f.file({ label: 'File', mode: 'open' }), endless: f.boolean({ label: 'Endless', default: false }) },
  bounded: ({ endless }) => !endless,
  infer: ({ discovered }) => ({ outputs: { rows: discovered } }),
  run: () => ({ read: () => null, position: () => null, close: () => {} }),
});
const pass = defineNode({
  ...identity,
  type: 'pass',
  kind: 'transform',
  title: 'Pass',
  version: 3,
  inputs: [{ name: 'rows' }],
  outputs: [{ name: 'rows' }, { name: 'rest', absentWhen: { param: 'where', is: ['all'] } }],
  params: { keep: f.columns({ label: 'Keep', default: [] }), where: f.expression({ label: 'Where', default: '' }) },
  card: ({ keep }) => keep.join(', '),
  infer: ({ inputs, params }) => {
    if (params.where === 'throw') throw new Error('oops');
    if (params.where === 'unknown') return { outputs: { rows: null, rest: null } };
    const problems = params.where === 'refuse' ? [{ code: 'test/refused' as ProblemCode, severity: 'error' as const, message: 'No', port: 'rows' }] : [];
    return { outputs: { rows: inputs['rows'] ?? null, rest: inputs['rows'] ?? null }, problems };
  },
  lower: toNative(),
  run: () => ({ map: (row) => row }),
  migrations: [
    { to: 2, name: 'only-one-column', migrate: ({ columns = [], ...rest }) => ({ ...rest, only: columns }) },
    {
      to: 3,
      name: 'keep',
      migrate: ({ only = [], ...rest }) => {
        if (!Array.isArray(only)) throw new Error('"only" is no list');
        return { ...rest, keep: only as Json };
      },
    },
  ],
});
const look = defineNode({
  ...identity,
  type: 'look-up',
  kind: 'transform',
  title: 'Look up',
  inputs: [{ name: 'rows' }, { name: 'lookup' }],
  outputs: [{ name: 'rows' }],
  params: {},
  infer: ({ inputs }) => ({ outputs: { rows: inputs['rows'] ?? null } }),
  lower: toNative({ first: ['lookup'] }),
  run: () => ({ process: () => {} }),
});
const gather = defineNode({
  ...identity,
  type: 'gather',
  kind: 'transform',
  title: 'Gather',
  inputs: [{ name: 'rows', many: true }],
  outputs: [{ name: 'rows' }],
  params: {},
  infer: ({ inputLists }) => ({ outputs: { rows: inputLists['rows']?.[0] ?? null } }),
  lower: toNative({ bounded: ['rows'] }),
  run: () => ({ process: () => {} }),
});
const write = defineNode({
  ...identity,
  type: 'write',
  kind: 'sink',
  title: 'Write',
  inputs: [{ name: 'rows' }],
  params: { path: f.file({ label: 'File', mode: 'save', default: 'out.csv' }) },
  infer: () => ({ outputs: {} }),
  run: () => ({ write() {}, commit() {}, abort() {}, close() {}, output: () => ({ kind: 'file' as const, path: '' }) }),
});

export const catalogue = new Catalogue([read, pass, look, gather, write]);
const analyse: CodeAnalysis = { expression: () => ({ type: null, nullable: true }), snippet: () => ({ schema: null }), keyed: () => ({ schema: null }) };
export const options: CheckOptions = { catalogue, discovered: () => ({ schema: ab }), analyse };

export const source: PipelineNode = { type: 'read', typeVersion: 1, params: { path: 'in.csv' } };
export const transform: PipelineNode = { type: 'pass', typeVersion: 3, params: {} };
export const lookUp: PipelineNode = { type: 'look-up', typeVersion: 1, params: {} };
export const collect: PipelineNode = { type: 'gather', typeVersion: 1, params: {} };
export const sink: PipelineNode = { type: 'write', typeVersion: 1, params: {} };

/** Edges as in the file: `a -> b` from port rows to port rows, or `a.rest -> b.lookup`. */
export function pipeline(nodes: Pipeline['nodes'], edges: readonly string[], parameters: Pipeline['parameters'] = {}): Pipeline {
  const end = (text: string) => {
    const [node = '', port = 'rows'] = text.trim().split('.');
    return { node, port };
  };
  return {
    name: 'test',
    parameters,
    nodes,
    edges: edges.map((edge) => {
      const [from = '', to = ''] = edge.split('->');
      return { from: end(from), to: end(to) };
    }),
    layout: {},
  };
}
