/** A node that emits much at its end: sinks keep up with it, and others get their turns. */

import { defineNode, type NodeDefinition, type Output, type TransformContext } from '@millrace/kit/node';
import { expect, it } from 'vitest';
import type { Row, Schema } from '../../../model/values/types.ts';
import { identity } from '../../../test/engine/identity.ts';
import { toNative } from '../../../test/engine/native-op.ts';
import type { PhysicalPlan } from '../../protocol/physical-plan.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { openDataflow } from './open-dataflow.ts';

const schema: Schema = { columns: [{ name: 'n', type: 'integer', nullable: false }] };

/** Ends a dataflow of a source without rows, a node with this `finish`, and a sink with this `write`. */
async function play(finish: (context: TransformContext<any>) => Promise<void>, write: (rows: readonly Row[]) => void | Promise<void>, signal: AbortSignal) {
  const port = { name: 'rows' };
  const nodes: { readonly [id: string]: NodeDefinition } = {
    source: defineNode({
      ...identity,
      type: 'source',
      kind: 'source',
      outputs: [port],
      bounded: true,
      run: () => ({ read: () => null, position: () => null, close() {} }),
    }),
    node: defineNode({
      ...identity,
      type: 'node',
      kind: 'transform',
      inputs: [port],
      outputs: [port],
      lower: toNative(),
      run: (context) => ({ process() {}, finish: () => finish(context) }),
    }),
    sink: defineNode({
      ...identity,
      type: 'sink',
      kind: 'sink',
      inputs: [port],
      run: () => ({ write, commit() {}, abort() {}, close() {}, output: (): Output => ({ kind: 'file', path: '/x' }) }),
    }),
  };
  const edge = (from: string, to: string) => ({ from: { node: from, port: 'rows' }, to: { node: to, port: 'rows' } });
  const plan: PhysicalPlan = {
    nodes: Object.entries(nodes).map(([id, { kind }]) => ({
      id,
      type: id,
      kind,
      title: id,
      params: {},
      onError: 'stop',
      inputs: { rows: schema },
      inputLists: {},
      outputs: { rows: schema },
    })),
    edges: [edge('source', 'node'), edge('node', 'sink')],
    sourceGroups: [],
    chains: [],
    replays: [],
    bounded: true,
  };
  const env = { definition: (id: string) => nodes[id], sandbox: createSandbox(), folder: '/data', signal, onFailure() {}, onLog() {}, writers: 'run' } as const;
  await (await openDataflow(plan, env)).finish();
}

it('waits for the sinks', async () => {
  let emitted = 0;
  let written = 0;
  const behind: number[] = [];
  await play(
    async ({ emit, yieldNow }) => {
      while (emitted < 20) {
        emit('rows', [{ n: emitted++ }]);
        await yieldNow();
      }
    },
    async () => {
      await new Promise((resolve) => setImmediate(resolve));
      behind.push(emitted - written++);
    },
    new AbortController().signal,
  );
  expect(behind).toEqual(Array(20).fill(1));
});

it('lets others cancel the run', async () => {
  const controller = new AbortController();
  const most = 5_000_000;
  let emitted = 0;
  await play(
    async ({ emit, yieldNow, signal }) => {
      setTimeout(() => controller.abort(), 1);
      while (emitted < most && !signal.aborted) {
        emit('rows', [{ n: emitted++ }]);
        const pause = yieldNow();
        if (pause) await pause;
      }
    },
    () => {},
    controller.signal,
  );
  expect(emitted).toBeLessThan(most);
});
