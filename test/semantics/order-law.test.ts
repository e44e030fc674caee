/** The law of bounded input: permuted, cut into other batches or other files, it gives the same final rows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineNode, type NodeDefinition, type Output, type SourceContext } from '@millrace/kit/node';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { planRun } from '../../engine/plan/plan.ts';
import { Discoveries } from '../../engine/preview/discoveries.ts';
import { lookAt, stampsOf } from '../../engine/preview/look.ts';
import type { PhysicalPlan } from '../../engine/protocol/physical-plan.ts';
import { Execution } from '../../engine/runners/local/execution.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { Checker } from '../../engine/workbench/checker.ts';
import type { Row } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';

interface Reading {
  readonly minute: number;
  readonly k: string;
  readonly v: number;
}
/** How the rows of one source lie in files, and how they are read. */
interface Layout {
  readonly files: readonly (readonly Reading[])[];
  readonly batchSize: number;
}

const sandbox = createSandbox();
const start = Date.UTC(2026, 9, 24, 20);
let printed: 'printed' | 'memory' = 'memory';
let written: Row[] = [];
const sink = defineNode({
  type: 'collect',
  kind: 'sink',
  title: 'Collect',
  summary: 'For tests.',
  category: 'Inspect',
  icon: 'eye',
  version: 1,
  docs: 'For tests.',
  inputs: [{ name: 'rows' }],
  params: {},
  infer: () => ({ outputs: {} }),
  run({ inputs }) {
    const rows: Row[] = [];
    const memory: Output = { kind: 'memory', rows, schema: inputs['rows']! };
    return {
      write: (batch) => void (printed === 'printed' ? written : rows).push(...batch),
      commit: () => void written.push(...rows),
      abort() {},
      close() {},
      output: () => (printed === 'printed' ? { kind: 'printed' } : memory),
    };
  },
  examples: [],
});
const catalogue = new Catalogue([...definitions, sink]);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-order-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const eventTime = { eventTime: 'column', timeColumn: 't', timeFormat: 'milliseconds', ahead: null };
const minutes = (count: number) => count * 60_000;
const count = {
  aggregations: [
    { function: 'count', name: 'n' },
    { function: 'sum', column: 'v', name: 'v' },
  ],
  groupBy: ['k'],
};
const sums = `
interface State { [window: string]: number }
export const initial: State = {};
export function onRow(row: Row, state: State, context: Context) {
  const window = String(Math.floor(row.t / 1_200_000));
  state[window] = (state[window] ?? 0) + row.v;
  context.setTimer((Number(window) + 1) * 1_200_000, window);
  return null;
}
export function onTimer(timer: Timer, state: State, context: Context) {
  const sum = state[timer.name] ?? 0;
  delete state[timer.name];
  return { at: timer.time, k: context.key.k, sum: Number(sum) };
}`;
const nodes: readonly (readonly [name: string, type: string, params: object])[] = [
  ['tumbling windows', 'aggregate', { ...count, window: 'tumbling', every: minutes(20) }],
  ['windows without rows', 'aggregate', { ...count, window: 'tumbling', every: minutes(20), emptyWindows: true }],
  ['sliding windows', 'aggregate', { ...count, window: 'sliding', length: minutes(30), every: minutes(10) }],
  ['sessions', 'aggregate', { ...count, window: 'session', gap: minutes(10) }],
  ['hours of a calendar', 'aggregate', { ...count, window: 'calendar', unit: 'hour', zone: 'Europe/Berlin' }],
  [
    'a pivot',
    'pivot',
    { keys: [], column: 'k', values: [{ value: 'a' }, { value: 'b' }], valueColumn: 'v', function: 'sum', window: 'tumbling', every: minutes(20) },
  ],
  ['top rows', 'top-n', { keys: ['k'], column: 'v', count: 2, over: 'tumbling', every: minutes(30) }],
  ['duplicates within', 'dedupe', { keys: ['k'], keep: 'first', within: minutes(15) }],
  ['code with timers', 'keyed-code', { keys: ['k'], code: sums }],
  ['a join of streams', 'stream-join', { keys: [{ left: 'k', right: 'k' }], match: 'range', before: minutes(10), after: minutes(5) }],
];

function pipelineOf(type: string, params: object, timed: 'at the source' | 'by a node'): Pipeline {
  const source = (path: string) => ({ type: 'csv-file', typeVersion: 1, params: { path, ...(timed === 'at the source' && eventTime) } as never });
  const { eventTime: _, ...setter } = eventTime;
  const time = { type: 'set-event-time', typeVersion: 1, params: setter as never };
  const ports = type === 'stream-join' ? ['left', 'right'] : ['rows'];
  const edge = (from: string, to: string) => {
    const [node = '', port = 'rows'] = to.split('.');
    return { from: { node: from, port: 'rows' }, to: { node, port } };
  };
  return {
    ...emptyPipeline,
    nodes: {
      ...Object.fromEntries(ports.flatMap((port) => [[port, source(`${port}/*.csv`)], ...(timed === 'by a node' ? [[`time-${port}`, time]] : [])])),
      node: { type, typeVersion: 1, params: params as never },
      sink: { type: 'collect', typeVersion: 1, params: {} },
    },
    edges: [
      ...ports.flatMap((port) => (timed === 'by a node' ? [edge(port, `time-${port}`), edge(`time-${port}`, `node.${port}`)] : [edge(port, `node.${port}`)])),
      edge('node', 'sink'),
    ],
  };
}

function write(port: string, { files }: Layout): void {
  rmSync(join(folder, port), { recursive: true, force: true });
  mkdirSync(join(folder, port));
  files.forEach((readings, i) => {
    const lines = readings.map(({ minute, k, v }) => `${start + minutes(minute)},${k},${v}\n`);
    writeFileSync(join(folder, port, `${i}.csv`), `t,k,v\n${lines.join('')}`);
  });
}

async function planOf(type: string, params: object, timed: 'at the source' | 'by a node'): Promise<PhysicalPlan> {
  const sample = { files: [[{ minute: 0, k: 'a', v: 1 }]], batchSize: 1 };
  write('rows', sample);
  write('left', sample);
  write('right', sample);
  const checker = new Checker(catalogue, codeAnalysis, new Discoveries({ looks: { look: lookAt, stamps: stampsOf, links: async () => [], close() {} } }));
  return planRun((await checker.check(pipelineOf(type, params, timed), { folder, path: null }, { touch: true })).checked);
}

/** The final rows, as text, in an order of their own. */
async function finalRows(plan: PhysicalPlan, layout: Layout, commits: 'end' | 'checkpoint'): Promise<string[]> {
  // The rows of both sides of a join, halved by their minutes.
  const side = (odd: number): Layout => ({ ...layout, files: layout.files.map((file) => file.filter(({ minute }) => minute % 2 === odd)) });
  write('rows', layout);
  write('left', side(0));
  write('right', side(1));
  written = [];
  const definition = (type: string): NodeDefinition | undefined => {
    const found = catalogue.get(type);
    if (found?.kind !== 'source') return found;
    return { ...found, run: (context: SourceContext<any>) => found.run({ ...context, batchSize: layout.batchSize }) };
  };
  const options = { stateFolder: null, commits, checkpointEveryMs: 60_000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 } as const;
  const nothing = () => {};
  const execution = new Execution(
    { id: 'law', name: 'law', path: null, folder, plan, options },
    {
      definition,
      sandbox,
      onFailure: (problem) => {
        throw new Error(problem.message);
      },
      ...{ onLog: nothing, onResumed: nothing, onCommitting: nothing, onCommitted: nothing, onOpened: nothing, onStartedOver: nothing },
    },
  );
  try {
    await execution.run();
    expect(execution.flow!.warnings()).toEqual([]);
  } finally {
    await execution.flow?.close();
  }
  return written.map((row) => JSON.stringify(row)).sort();
}

const readings = fc.uniqueArray(fc.record({ minute: fc.nat(200), k: fc.constantFrom('a', 'b'), v: fc.integer({ min: 1, max: 5 }) }), {
  selector: ({ minute }) => minute,
  minLength: 1,
  maxLength: 24,
});
const layouts = readings.chain((rows) =>
  fc.record({
    sorted: fc.constant<Layout>({ files: [[...rows].sort((a, b) => a.minute - b.minute)], batchSize: 1024 }),
    other: fc
      .record({
        order: fc.shuffledSubarray(rows, { minLength: rows.length }),
        cuts: fc.array(fc.nat(rows.length), { maxLength: 2 }),
        batchSize: fc.integer({ min: 1, max: 9 }),
      })
      .map(({ order, cuts, batchSize }): Layout => {
        const at = [0, ...cuts.sort((a, b) => a - b), order.length];
        return { files: at.slice(1).map((end, i) => order.slice(at[i], end)), batchSize };
      }),
  }),
);

test.each(nodes)('%s', async (_, type, params) => {
  printed = 'memory';
  for (const timed of ['at the source', 'by a node'] as const) {
    const plan = await planOf(type, params, timed);
    await fc.assert(
      fc.asyncProperty(layouts, async ({ sorted, other }) => {
        expect(await finalRows(plan, other, 'end')).toEqual(await finalRows(plan, sorted, 'end'));
      }),
      { numRuns: 4 },
    );
  }
});

test.each(['printed', 'checkpoint'] as const)('what is %s cannot be taken back, and is the same all the same', async (how) => {
  printed = how === 'printed' ? 'printed' : 'memory';
  const commits = how === 'printed' ? 'end' : 'checkpoint';
  for (const timed of ['at the source', 'by a node'] as const) {
    const plan = await planOf('aggregate', nodes[0]![2], timed);
    await fc.assert(
      fc.asyncProperty(layouts, async ({ sorted, other }) => {
        expect(await finalRows(plan, other, commits)).toEqual(await finalRows(plan, sorted, commits));
      }),
      { numRuns: 4 },
    );
  }
});
