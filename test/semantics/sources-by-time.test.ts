/** Sources whose rows meet are read by event time: a join holds what its range needs, however many rows each source has for it. */
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { emptyPipeline, type PipelineNode } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { planRun } from '../../engine/plan/plan.ts';
import { Discoveries } from '../../engine/preview/discoveries.ts';
import { lookAt, stampsOf } from '../../engine/preview/look.ts';
import { Execution } from '../../engine/runners/local/execution.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { Checker } from '../../engine/workbench/checker.ts';
import { definitions } from '../../nodes/index.ts';

const catalogue = new Catalogue(definitions);
const eventsPerSecond = 1000;
const events = 50_000;

/** The most rows that `node` holds at any time, and how many came out of it. */
async function mostHeld(nodes: { readonly [id: string]: PipelineNode }, edges: readonly string[], node: string) {
  const end = (text: string) => {
    const [id = '', port = 'rows'] = text.split('.');
    return { node: id, port };
  };
  const pipeline = { ...emptyPipeline, nodes, edges: edges.map((text) => ({ from: end(text.split(' -> ')[0]!), to: end(text.split(' -> ')[1]!) })) };
  const folder = tmpdir();
  const checker = new Checker(catalogue, codeAnalysis, new Discoveries({ looks: { look: lookAt, stamps: stampsOf, links: async () => [], close() {} } }));
  const plan = planRun((await checker.check(pipeline, { folder, path: null }, { touch: true })).checked);
  const options = { stateFolder: null, commits: 'end', checkpointEveryMs: 60_000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 } as const;
  const nothing = () => {};
  let most = 0;
  const look = (): void => {
    most = Math.max(most, execution.flow?.counters()[node]?.state?.entries ?? 0);
  };
  const execution = new Execution(
    { id: 'held', name: 'held', path: null, folder, plan, options },
    {
      // Between two batches of a source.
      definition: (type) => {
        const found = catalogue.get(type);
        if (found?.kind !== 'source') return found;
        return {
          ...found,
          async run(context: Parameters<typeof found.run>[0]) {
            const reader = await found.run(context);
            const read = () => {
              look();
              return reader.read();
            };
            return { read, position: () => reader.position(), waiting: () => reader.waiting?.() ?? {}, close: () => reader.close() };
          },
        };
      },
      sandbox: createSandbox(),
      onFailure: (problem) => {
        throw new Error(problem.message);
      },
      ...{ onLog: nothing, onResumed: nothing, onCommitting: nothing, onCommitted: nothing, onOpened: nothing, onStartedOver: nothing },
    },
  );
  await execution.run();
  const out = Object.values(execution.flow!.counters()[node]!.out).reduce((sum, rows) => sum + rows, 0);
  await execution.flow!.close();
  return { most, out };
}

const node = (type: string, params: PipelineNode['params']): PipelineNode => ({ type, typeVersion: 1, params });
/** Of 50 events 46 are bids and 3 auctions. */
const nexmark = (kind: string) => node('nexmark', { events: kind, count: events, eventRate: eventsPerSecond, eventTime: 'column', timeColumn: 'time' });
const auctions = (events / 50) * 3;

test('by a join of streams', async () => {
  const nodes = {
    auctions: nexmark('auctions'),
    bids: nexmark('bids'),
    join: node('stream-join', { keys: [{ left: 'id', right: 'auction' }], match: 'range', before: 0, after: 5000 }),
    seen: node('inspect', {}),
  };
  const { most, out } = await mostHeld(nodes, ['auctions -> join.left', 'bids -> join.right', 'join -> seen'], 'join');
  expect(out).toBeGreaterThan(0);
  expect(most).toBeLessThan((auctions * 2) / 3);
});

test('by windows behind a union', async () => {
  const nodes = {
    auctions: nexmark('auctions'),
    bids: nexmark('bids'),
    all: node('union', { columns: 'all' }),
    windows: node('aggregate', { groupBy: ['seller'], window: 'tumbling', every: 1000, aggregations: [{ function: 'count', name: 'n' }] }),
    seen: node('inspect', {}),
  };
  const { most, out } = await mostHeld(nodes, ['auctions -> all', 'bids -> all', 'all -> windows', 'windows -> seen'], 'windows');
  expect(out).toBeGreaterThan(0);
  expect(most).toBeLessThan(out / 2);
});
