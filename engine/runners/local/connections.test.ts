import { type ConnectionDefinition, connectionOf, defineConnection } from '@millrace/kit/connection';
import { f } from '@millrace/kit/fields';
import { defineNode, type NodeDefinition } from '@millrace/kit/node';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../model/problems/problem.ts';
import type { Row, Schema } from '../../../model/values/types.ts';
import type { PhysicalPlan, PlannedNode } from '../../protocol/physical-plan.ts';
import { defaultRunOptions, type RunJob } from '../../protocol/run-api.ts';
import { withoutCode } from '../../sandbox/thread-sandbox.ts';
import { Execution } from './execution.ts';

const secret = 'open "sesame"/+ü';
const schema: Schema = { columns: [{ name: 'text', type: 'string', nullable: false }] };
const identity = { title: '', summary: '', category: 'Network', icon: 'world', version: 1, docs: '', examples: [] } as const;
const line = defineConnection({
  type: 'line',
  title: 'Line',
  summary: '',
  icon: 'world',
  version: 1,
  docs: '',
  params: { host: f.text({ label: 'Host' }), password: f.secret({ label: 'Password', optional: true }) },
  card: ({ host }) => host,
  reaches: ({ host }) => [host],
  test: async () => 'Line',
});

/** A source that says its secrets in all ways in which libraries do, and gives them as a row. */
function talkative(onWait: () => void): NodeDefinition {
  return defineNode({
    ...identity,
    type: 'lines',
    kind: 'source',
    params: { connection: f.connection({ label: 'Connection', type: 'line' }), token: f.secret({ label: 'Token', optional: true }) },
    outputs: [{ name: 'rows' }],
    bounded: true,
    infer: () => ({ outputs: {} }),
    run(context) {
      const { password, host } = connectionOf(line, context);
      const text = `${password} ${context.params.token}`;
      context.waits?.('reconnecting, attempt 3');
      onWait();
      context.waits?.(null);
      for (const said of [text, encodeURIComponent(text), JSON.stringify(text), Buffer.from(`me:${password}`).toString('base64')]) {
        context.log('warning', `It said ${said}`);
        context.fail({ code: 'csv/fields', message: `No: ${said}`, hint: said });
      }
      let rows: Row[] | null = [{ text: `${host} ${text}` }];
      return {
        read: () => {
          const batch = rows && { rows };
          rows = null;
          return batch;
        },
        position: () => null,
        close() {},
      };
    },
  });
}

function collecting(rows: Row[]): NodeDefinition {
  return defineNode({
    ...identity,
    type: 'collect',
    kind: 'sink',
    params: {},
    inputs: [{ name: 'rows' }],
    infer: () => ({ outputs: {} }),
    run: () => ({ write: (more) => void rows.push(...more), commit() {}, abort() {}, close() {}, output: () => ({ kind: 'printed' as const }) }),
  });
}

describe('a node with a connection', () => {
  it('gets its secrets in a run, says what it waits for, and tells nobody a secret', async () => {
    const [collected, errors, said, waited]: [Row[], Row[], unknown[], unknown[]] = [[], [], [], []];
    const types: { [type: string]: NodeDefinition } = { lines: talkative(() => {}), collect: collecting(collected), errors: collecting(errors) };
    const planned = (node: Pick<PlannedNode, 'id' | 'type' | 'kind'> & Partial<PlannedNode>): PlannedNode => ({
      title: node.id,
      params: {},
      onError: 'stop',
      inputs: {},
      inputLists: {},
      outputs: {},
      ...node,
    });
    const errorColumns = ['error', 'code', 'node', 'field', 'source'].map((name) => ({ name, type: 'string' as const, nullable: true }));
    const errorSchema: Schema = {
      columns: [...errorColumns, { name: 'line', type: 'integer', nullable: true }, { name: 'row', type: 'json', nullable: true }],
    };
    const plan: PhysicalPlan = {
      nodes: [
        planned({
          id: 'in',
          type: 'lines',
          kind: 'source',
          onError: 'route',
          outputs: { rows: schema, errors: errorSchema },
          params: { connection: 'east', token: '${secret:token}' },
          secrets: [{ field: 'token', reference: '${secret:token}' }],
          connection: {
            name: 'east',
            type: 'line',
            params: { host: 'east.example', password: '${secret:east}' },
            secrets: [{ field: 'password', reference: '${secret:east}' }],
          },
        }),
        planned({ id: 'out', type: 'collect', kind: 'sink', inputs: { rows: schema }, inputLists: { rows: [schema] } }),
        planned({ id: 'bad', type: 'errors', kind: 'sink', inputs: { rows: errorSchema }, inputLists: { rows: [errorSchema] } }),
      ],
      edges: [
        { from: { node: 'in', port: 'rows' }, to: { node: 'out', port: 'rows' } },
        { from: { node: 'in', port: 'errors' }, to: { node: 'bad', port: 'rows' } },
      ],
      sourceGroups: [['in']],
      chains: [],
      bounded: true,
    };
    const texts = { '${secret:east}': secret, '${secret:token}': 'token-1234' };
    const job: RunJob = { id: 'r', name: 'n', path: null, folder: '/', plan, options: defaultRunOptions(plan), secrets: texts };
    const execution = new Execution(job, {
      definition: (type) => types[type],
      sandbox: withoutCode,
      onFailure: (problem: Problem) => said.push(problem),
      onLog: (_level, message) => said.push(message),
      onWaits: (node, reason) => waited.push([node, reason]),
      onResumed() {},
      onCommitting() {},
      onCommitted() {},
      onOpened() {},
      onStartedOver() {},
    });
    expect(await execution.run()).toBe(true);
    await execution.flow?.close();
    expect(waited).toEqual([
      ['in', 'reconnecting, attempt 3'],
      ['in', null],
    ]);
    // Rows are the user's own; what is said of them is not.
    expect(collected).toEqual([{ text: `east.example ${secret} token-1234` }]);
    expect(errors).toHaveLength(4);
    const all = JSON.stringify([errors, said]);
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(`me:${secret}`).toString('base64'),
      'token-1234',
    ]) {
      expect(all).not.toContain(JSON.stringify(form).slice(1, -1));
    }
    expect(all).toContain('•••••');
    expect(JSON.stringify(job.plan)).not.toContain('token-1234');
  });

  it('is told what to do without one', () => {
    const definition = line as object as ConnectionDefinition;
    expect(() => connectionOf(definition, {})).toThrow(/No connection to Line is chosen/);
    expect(() => connectionOf(definition, { connection: { name: 'x', type: 'other', params: {} } })).toThrow(/"x" is not one to Line/);
  });
});
