/** Small plans with nodes of their own, opened and pushed into by hand. */

import { defineNode, type NodeDefinition, type Operator, type SourceBatch, type Writer } from '@millrace/kit/node';
import type { Edge, ErrorPolicy } from '../../engine/document/pipeline.ts';
import type { PhysicalPlan, PlannedNode } from '../../engine/protocol/physical-plan.ts';
import type { DataflowEnv } from '../../engine/runners/local/dataflow.ts';
import { openDataflow } from '../../engine/runners/local/open-dataflow.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { identity } from './identity.ts';
import { toNative } from './native-op.ts';

const sandbox = createSandbox();
export const schema: Schema = { columns: [{ name: 'n', type: 'integer', nullable: false }] };

/** A node for the tests: a transform by its operator, or a sink by its writer. */
export const transform = (run: (context: any) => Operator, outputs = ['rows', 'rest'], inputs = ['rows']): NodeDefinition =>
  defineNode({
    ...identity,
    type: 'x',
    kind: 'transform',
    inputs: inputs.map((name) => ({ name })),
    outputs: outputs.map((name) => ({ name })),
    lower: toNative(),
    run,
  });
export const source: NodeDefinition = defineNode({
  ...identity,
  type: 'x',
  kind: 'source',
  outputs: [{ name: 'rows' }],
  bounded: true,
  run: () => ({ read: () => null, position: () => null, close() {} }),
});
export const expressionNode = (kind: 'map' | 'test' | 'expand', code: string) =>
  transform(({ expression }) => ({ [kind]: expression(code, 'where') }) as unknown as Operator);

export interface Sink {
  readonly definition: NodeDefinition;
  readonly rows: Row[];
  readonly calls: string[];
}
export function sink(write: (rows: readonly Row[]) => void | Promise<void> = () => {}, extra: Partial<Writer> = {}, type = 'file'): Sink {
  const rows: Row[] = [];
  const calls: string[] = [];
  const call = (name: string) => () => void calls.push(name);
  const definition = defineNode({
    ...identity,
    type: 'x',
    kind: 'sink',
    inputs: [{ name: 'rows' }],
    run: () => ({
      write: (batch) => {
        rows.push(...batch);
        return write(batch);
      },
      commit: call('commit'),
      abort: call('abort'),
      close: call('close'),
      output: () => (type === 'file' ? { kind: 'file', path: '/x' } : { kind: 'sqlite', path: '/x.db', table: 't' }),
      ...extra,
    }),
  });
  return { definition, rows, calls };
}

/** `a.rows -> b.rows`, and `a -> b` for the ports named rows. */
function edge(text: string): Edge {
  const [from, to] = text.split(' -> ').map((end) => {
    const [node, port = 'rows'] = end.split('.');
    return { node: node!, port };
  });
  return { from: from!, to: to! };
}

interface Setup {
  readonly nodes: { readonly [id: string]: NodeDefinition };
  readonly edges: readonly string[];
  readonly chains?: readonly (readonly string[])[];
  readonly policies?: { readonly [id: string]: ErrorPolicy };
  readonly replays?: readonly string[];
  readonly env?: Partial<DataflowEnv>;
}
export async function open({ nodes, edges, chains = [], policies = {}, replays = [], env = {} }: Setup) {
  const failures: Problem[] = [];
  const logs: string[] = [];
  const planned = Object.entries(nodes).map(
    ([id, definition]): PlannedNode => ({
      id,
      type: id,
      kind: definition.kind,
      title: id,
      params: {},
      onError: policies[id] ?? 'stop',
      inputs: { rows: schema },
      inputLists: {},
      outputs: 'outputs' in definition ? Object.fromEntries(definition.outputs.map(({ name }) => [name, schema])) : {},
    }),
  );
  const plan: PhysicalPlan = { nodes: planned, edges: edges.map(edge), sourceGroups: [], chains, replays, bounded: true };
  const flow = await openDataflow(plan, {
    definition: (id) => nodes[id],
    sandbox,
    folder: '/data',
    signal: new AbortController().signal,
    onFailure: (problem) => failures.push(problem),
    onLog: (level, message, node) => logs.push(`${level} ${node}: ${message}`),
    writers: 'run',
    ...env,
  });
  return { flow, failures, logs };
}
export const numbers = (...values: number[]): Row[] => values.map((n) => ({ n }));
export const batch = (...values: number[]): SourceBatch => ({ rows: numbers(...values), locate: (i) => ({ source: 'a.csv', line: 10 + i }) });
export const problemOf = async (run: () => unknown): Promise<Problem> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem;
    throw error;
  }
  throw new Error('nothing was thrown');
};
