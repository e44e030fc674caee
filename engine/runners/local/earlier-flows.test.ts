import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { MemoryState, type Owns } from '@millrace/kit/keyed-state';
import { defineNode, type NodeDefinition } from '@millrace/kit/node';
import type { Op } from '@millrace/kit/ops';
import { afterAll, describe, expect, it } from 'vitest';
import type { Row } from '../../../model/values/types.ts';
import { numbers, open, type Sink, sink, source, transform } from '../../../test/engine/dataflow-trial.ts';
import { identity } from '../../../test/engine/identity.ts';
import { ownedBy } from '../../operators/keyed/key-groups.ts';
import { type EarlierFlow, EarlierFlows } from './earlier-flows.ts';
import type { FlowSnapshot } from './flow-snapshot.ts';
import { NodeStates } from './node-states.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-divided-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

const node = (op: Op, outputs: readonly string[]): NodeDefinition =>
  defineNode({ ...identity, type: 'x', kind: 'transform', inputs: [{ name: 'rows' }], outputs: outputs.map((name) => ({ name })), lower: () => op });
const third = node({ op: 'everyNth', keys: ['n'], every: 3, ttl: null }, ['rows', 'rest']);
const sorted = node({ op: 'order', by: [{ column: 'n', direction: 'asc' }] }, ['rows']);

interface Part {
  readonly folder: string;
  readonly owns: Owns;
  readonly out: Sink;
  readonly flow: Awaited<ReturnType<typeof open>>['flow'];
}
const shapes = {
  parted: { nodes: { s: source, third }, edges: ['s -> third', 'third -> out'] },
  whole: { nodes: { s: source, third, sorted }, edges: ['s -> third', 'third -> sorted', 'sorted -> out'] },
};

/** Dataflows that have some keys each, and go on from others, or begin anew. */
async function start(instances: number, earlier: readonly EarlierFlow[] | null, memory: number, shape: keyof typeof shapes): Promise<Part[]> {
  const parts: Part[] = [];
  for (let i = 0; i < instances; i++) {
    const owns = ownedBy(i, instances, [0]);
    const folder = join(root, `${folders++}`);
    const states = new NodeStates({ folder, memory });
    const flows = earlier && new EarlierFlows(earlier, { memory });
    flows?.copy(states, ['sorted'], 1);
    const divided = flows && { flows: earlier!, earlier: (id: string) => (id === 'third' ? flows.of(id) : null), owns: () => owns };
    const from = divided && { checkpoint: 1, isOlder: false, snapshot: earlier![0]!.snapshot, tokens: {}, isCarried: () => true, divided };
    const out = sink();
    const { nodes, edges } = shapes[shape];
    const { flow } = await open({ nodes: { ...nodes, out: out.definition }, edges, env: { states, commits: 'checkpoint', from } });
    flows?.close();
    parts.push({ folder, owns, out, flow });
  }
  return parts;
}
async function push(parts: readonly Part[], rows: readonly Row[]): Promise<void> {
  for (const { owns, flow } of parts) await flow.push('s', { rows: rows.filter((row) => owns([row['n']!])) });
}
/** What comes after the checkpoint is lost. */
async function stop(parts: readonly Part[]): Promise<{ readonly earlier: EarlierFlow[]; readonly rows: readonly Row[] }> {
  const rows = parts.flatMap(({ out }) => out.rows);
  const earlier = await Promise.all(
    parts.map(async ({ flow, folder }) => ({ snapshot: deserialize(serialize(await flow.snapshot(1))) as FlowSnapshot, folder })),
  );
  await push(parts, numbers(5, 5, 5, 900));
  await close(parts);
  EarlierFlows.settle(earlier);
  return { earlier, rows };
}
async function close(parts: readonly Part[]): Promise<void> {
  for (const { flow } of parts) {
    await flow.abort();
    await flow.close();
  }
}
async function finished(parts: readonly Part[]): Promise<Row[]> {
  for (const { flow } of parts) await flow.finish();
  await close(parts);
  return parts.flatMap(({ out }) => out.rows);
}
const inOrder = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => (a['n'] as number) - (b['n'] as number));

const drawn = Array.from({ length: 400 }, (_, i) => (i * 37) % 61);
const [before, after] = [numbers(...drawn.slice(0, 250)), numbers(...drawn.slice(250))];

describe.each([
  ['in files', 0],
  ['in memory', 2 ** 26],
])('kept %s', (_, memory) => {
  it.each([
    [3, 2],
    [1, 3],
    [5, 1],
  ])('what %i dataflows had is divided among %i', async (first, second) => {
    const undisturbed = await start(1, null, memory, 'parted');
    await push(undisturbed, [...before, ...after]);
    const wanted = inOrder(await finished(undisturbed));
    const parts = await start(first, null, memory, 'parted');
    await push(parts, before);
    const { earlier, rows } = await stop(parts);
    const divided = await start(second, earlier, memory, 'parted');
    await push(divided, after);
    expect(inOrder([...rows, ...(await finished(divided))])).toEqual(wanted);
  });

  it('what is not divided goes on beside that', async () => {
    const undisturbed = await start(1, null, memory, 'whole');
    await push(undisturbed, [...before, ...after]);
    const wanted = await finished(undisturbed);
    const parts = await start(1, null, memory, 'whole');
    await push(parts, before);
    const again = await start(1, (await stop(parts)).earlier, memory, 'whole');
    await push(again, after);
    expect(await finished(again)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(150);
  });
});

it('what has no way to be divided is refused, by its node', async () => {
  const keeps = transform(() => ({ process() {}, snapshot: () => 1, restore() {} }), ['rows']);
  const nodes = { s: source, keeps, out: sink().definition };
  const edges = ['s -> keeps', 'keeps -> out'];
  const { flow } = await open({ nodes, edges, env: { commits: 'checkpoint' } });
  const snapshot = await flow.snapshot(1);
  await close([{ flow } as Part]);
  const divided = { flows: [], earlier: () => [{ state: 1, keyed: () => new MemoryState<never>() }], owns: () => () => true };
  const from = { checkpoint: 1, isOlder: false, snapshot, tokens: {}, isCarried: () => true, divided };
  await expect(open({ nodes, edges, env: { commits: 'checkpoint', from } })).rejects.toMatchObject({ problem: { code: 'run/instances', node: 'keeps' } });
});
