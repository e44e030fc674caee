/** A run whose input is read in stretches, by several threads, is the run of one thread: outputs, counts, failures and what ends it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeDefinition, SourceContext } from '@millrace/kit/node';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type ErrorPolicy, emptyPipeline, type Pipeline } from '../../engine/document/pipeline.ts';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { planRun } from '../../engine/plan/plan.ts';
import { Discoveries } from '../../engine/preview/discoveries.ts';
import { lookAt, stampsOf } from '../../engine/preview/look.ts';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { PhysicalPlan } from '../../engine/protocol/physical-plan.ts';
import { Execution } from '../../engine/runners/local/execution.ts';
import { withParts } from '../../engine/runners/local/parts/eligible.ts';
import type { FromPart } from '../../engine/runners/local/parts/messages.ts';
import { codeAnalysis } from '../../engine/sandbox/analysis.ts';
import { createSandbox } from '../../engine/sandbox/sandbox.ts';
import { Checker } from '../../engine/workbench/checker.ts';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import type { Json } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { partHost } from '../engine/part-host.ts';

const sandbox = createSandbox();
const catalogue = new Catalogue(definitions);
const folder = mkdtempSync(join(tmpdir(), 'millrace-split-runs-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Node = Pipeline['nodes'][string];
const node = (type: string, params: { readonly [name: string]: Json }, onError?: ErrorPolicy): Node =>
  ({ type, typeVersion: 1, params, ...(onError && { onError }) }) as Node;

interface Steps {
  readonly source: Node;
  readonly steps: readonly Node[];
  readonly sinks: readonly Node[];
}
function pipelineOf({ source, steps, sinks }: Steps): Pipeline {
  const all = [source, ...steps];
  const out = ({ type }: Node) => (type === 'filter' ? 'kept' : 'rows');
  const id = (i: number) => (i === 0 ? 'source' : `step${i}`);
  const edge = (from: string, port: string, to: string) => ({ from: { node: from, port }, to: { node: to, port: 'rows' } });
  const last = all.length - 1;
  const routed = all.findIndex(({ onError }) => onError === 'route');
  return {
    ...emptyPipeline,
    nodes: {
      ...Object.fromEntries(all.map((each, i) => [id(i), each])),
      ...Object.fromEntries(sinks.map((each, i) => [`sink${i}`, each])),
      ...(routed !== -1 && { errors: node('jsonl-output', { path: 'errors.jsonl' }) }),
    },
    edges: [
      ...steps.map((_, i) => edge(id(i), out(all[i]!), id(i + 1))),
      ...sinks.map((_, i) => edge(id(last), out(all[last]!), `sink${i}`)),
      ...(routed !== -1 ? [edge(id(routed), 'errors', 'errors')] : []),
    ],
  };
}

async function planOf(steps: Steps): Promise<PhysicalPlan> {
  const checker = new Checker(catalogue, codeAnalysis, new Discoveries({ looks: { look: lookAt, stamps: stampsOf, links: async () => [], close() {} } }));
  return planRun((await checker.check(pipelineOf(steps), { folder, path: null }, { touch: true })).checked);
}

interface Outcome {
  readonly ended: unknown;
  readonly outputs: { readonly [file: string]: unknown };
  readonly counts: unknown;
  /** By node, in their order. */
  readonly failures: unknown;
  readonly logs: readonly string[];
}
/** Gives what came of it, and how many threads had rows. */
async function runIn(
  plan: PhysicalPlan,
  instances: number,
  batchSize: number,
  onRow: (execution: Execution) => void = () => {},
  onSent: (message: FromPart, execution: Execution) => void = () => {},
): Promise<Outcome & { readonly threads: number }> {
  for (const name of readdirSync(folder)) if (!name.startsWith('in')) rmSync(join(folder, name), { recursive: true });
  const failures: { [node: string]: unknown[] } = {};
  const logs: string[] = [];
  let threads = 0;
  const definition = (type: string): NodeDefinition | undefined => {
    const found = catalogue.get(type);
    return found?.kind === 'source' ? { ...found, run: (context: SourceContext<any>) => found.run({ ...context, batchSize }) } : found;
  };
  const host = partHost(sandbox, definition, (message) => onSent(message, execution));
  const nothing = () => {};
  const execution: Execution = new Execution(
    {
      ...{ id: 'law', name: 'law', path: null, folder, plan },
      options: {
        ...{ stateFolder: null, commits: 'end', checkpointEveryMs: 60_000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 },
        instances,
      },
    },
    {
      definition,
      sandbox,
      parts: {
        startPart(...given) {
          threads++;
          return host.startPart(...given);
        },
      },
      onFailure(problem) {
        const of = problem.node ?? '';
        failures[of] = [...(failures[of] ?? []), problem];
      },
      onLog: (level, message, of) => void logs.push(`${of} ${level}: ${message}`),
      ...{ onResumed: nothing, onCommitting: nothing, onCommitted: nothing, onStartedOver: nothing },
      onOpened: () => onRow(execution),
    },
  );
  let ended: unknown;
  try {
    ended = await execution.run();
  } catch (error) {
    ended = problemOf(error);
  }
  await execution.flow?.close();
  const counts = Object.entries(execution.snapshot().counts).map(([id, { in: taken, out, dropped, failed }]) => ({ id, in: taken, out, dropped, failed }));
  // What else was told before the row that ended it goes by batches.
  const told = ended === true ? { counts, failures, logs: logs.sort() } : { counts: null, failures: null, logs: [] };
  return { ended, outputs: outputs(), ...told, threads };
}

function outputs(): Outcome['outputs'] {
  const found = readdirSync(folder).filter((name) => !name.startsWith('in'));
  return Object.fromEntries(found.map((name) => [name, name.endsWith('.db') ? tableOf(join(folder, name)) : readFileSync(join(folder, name), 'utf8')]));
}
function tableOf(path: string): unknown {
  const connection = openSqlite(path, { access: 'read' });
  try {
    return connection.prepare('SELECT rowid AS row_id, * FROM t ORDER BY rowid').all();
  } finally {
    connection.close();
  }
}

const cell = fc.constantFrom('x', '', 'a', '"x"', '"a\nb"', '"a\r\n1,2\n"', '"1,2\n3,4\n5,6"', '"q""q"', '"open', 'in"side', 'ä', '"x"y');
const csvLine = fc
  .tuple(fc.constantFrom('1', '2', '-5', '', '7', '12345678901', 'no', '0013'), cell, fc.constantFrom('\n', '\r\n'))
  .map(([a, b, end]) => `${a},${b}${end}`);
const jsonLine = fc.constantFrom('{"a":1,"b":"x"}\n', '{"a":2,"b":"x\\n"}\r\n', '{"a":-5}\n', '{"a":\n', '[1]\n', '{"a":null,"b":"ä"}\n', '{"a":"x"}\n');
const input = fc.oneof(
  fc.array(csvLine, { minLength: 1, maxLength: 60 }).map((lines) => ({ name: 'in.csv', text: `a,b\n0,first\n${lines.join('')}` })),
  fc.array(jsonLine, { minLength: 1, maxLength: 60 }).map((lines) => ({ name: 'in.jsonl', text: `{"a":0,"b":"first"}\n${lines.join('')}` })),
);
const types = [
  { column: 'a', type: 'integer' },
  { column: 'b', type: 'string' },
];
const step = fc.constantFrom(
  node('filter', { mode: 'expression', where: 'row.a !== null && row.a !== 2' }),
  node('compute', { columns: [{ name: 'c', expression: '(row.a ?? 0) + 1', type: 'integer' }] }),
  node('code', { code: 'export default function step(row: Row) { return row.b === "a" ? [row, row] : row.b === null ? null : { ...row, d: 1 }; }' }),
  node('select', { columns: [{ column: 'b' }, { column: 'a' }] }),
);
/** It throws for some rows. */
const strict = node('code', {
  code: 'const limit = 7;\nexport default function step(row: Row) { if (row.a === limit) throw new Error(`seven, and ${row.b}`); return row; }',
});
const sinks = fc.constantFrom(
  [node('csv-output', { path: 'out.csv' })],
  [node('jsonl-output', { path: 'out.jsonl' })],
  [node('sqlite-table', { path: 'out.db', table: 't' })],
  [node('sqlite-table', { path: 'out.db', table: 't' }), node('csv-output', { path: 'out.csv' })],
);
/** One of the two ends the run: which of two that fail within one batch does it goes by batches. */
const policies = fc.constantFrom<readonly [ErrorPolicy, ErrorPolicy]>(
  ['skip', 'skip'],
  ['stop', 'skip'],
  ['skip', 'stop'],
  ['skip', 'route'],
  ['route', 'skip'],
);

describe('a run that reads its input in stretches', () => {
  it('is the run of one thread', async () => {
    let several = 0;
    await fc.assert(
      fc.asyncProperty(
        input,
        fc.array(step, { maxLength: 2 }),
        sinks,
        policies,
        fc.integer({ min: 1, max: 9 }),
        async ({ name, text }, steps, to, on, size) => {
          writeFileSync(join(folder, name), text);
          try {
            const type = name.endsWith('.csv') ? 'csv-file' : 'jsonl-file';
            const source = node(type, { path: name, types, ...(type === 'csv-file' && { delimiter: 'comma' }) }, on[0]);
            const plan = await planOf({ source, steps: [{ ...strict, onError: on[1] } as Node, ...steps], sinks: to });
            const { threads: _, ...alone } = await runIn(plan, 1, size);
            for (const instances of [2, 5]) {
              const { threads, ...outcome } = await runIn(plan, instances, size);
              expect(outcome).toEqual(alone);
              several += threads;
            }
          } finally {
            rmSync(join(folder, name));
          }
        },
      ),
      { numRuns: 25 },
    );
    expect(several).toBeGreaterThan(25);
  });
  it.each([0, 1, 2])('has what the other threads have where no row is left of stretch %i', async (empty) => {
    const lines = Array.from({ length: 300 }, (_, i) => `${Math.floor(i / 100) === empty ? 2 : 1},row ${i}\n`);
    writeFileSync(join(folder, 'in.csv'), `a,b\n${lines.join('')}`);
    const steps = [node('filter', { mode: 'expression', where: 'row.a !== 2' })];
    const to = [node('sqlite-table', { path: 'out.db', table: 't' }), node('csv-output', { path: 'out.csv' }), node('jsonl-output', { path: 'out.jsonl' })];
    const plan = await planOf({ source: node('csv-file', { path: 'in.csv', types }), steps, sinks: to });
    const { threads: _, ...alone } = await runIn(plan, 1, 50);
    const { threads, ...outcome } = await runIn(plan, 3, 50);
    expect(threads).toBe(2);
    expect(outcome).toEqual(alone);
  });
  it('refuses the decimals that one thread refuses, whichever stretch tells that zeros at their end matter', async () => {
    // Only inference makes them matter: it has seen another file.
    writeFileSync(join(folder, 'in.csv'), 'a,b\n1,1.5\n');
    const source = node('csv-file', { path: 'in.csv', types: types.slice(0, 1), delimiter: 'comma' }, 'skip');
    const plan = await planOf({ source, steps: [], sinks: [node('jsonl-output', { path: 'out.jsonl' })] });
    const cells = fc.constantFrom(['1.5', '2.7'], ['1.50', '2.10'], ['3', '4'], ['1.500'], ['']);
    let [threads, failed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { minLength: 3, maxLength: 3 }), async (stretches) => {
        const lines = stretches.flatMap((texts) => Array.from({ length: 30 }, (_, i) => `1,${texts[i % texts.length]}\n`));
        writeFileSync(join(folder, 'in.csv'), `a,b\n${lines.join('')}`);
        const { threads: _, ...alone } = await runIn(plan, 1, 50);
        const several = await runIn(plan, 3, 50);
        expect(several).toEqual({ ...alone, threads: several.threads });
        threads += several.threads;
        failed += Object.keys(alone.failures as object).length;
      }),
      { numRuns: 20 },
    );
    expect(threads).toBeGreaterThan(20);
    expect(failed).toBeGreaterThan(0);
  });
  it('is committed as far as the first thread is, where it is drained', async () => {
    writeFileSync(join(folder, 'in.csv'), `a,b\n${'1,x\n'.repeat(1000)}`);
    const source = node('csv-file', { path: 'in.csv', types });
    const plan = await planOf({ source, steps: [], sinks: [node('csv-output', { path: 'out.csv' })] });
    const { ended, outputs, threads } = await runIn(plan, 3, 10, (execution) => execution.stop('drain'));
    expect([ended, threads]).toEqual([true, 2]);
    const rows = String(outputs['out.csv']).split('\n').length - 2;
    expect(outputs['out.csv']).toBe(`a,b\n${'1,x\n'.repeat(rows)}`);
    expect(rows).toBeLessThan(500);
  });
  it('leaves nothing where it is cancelled, whenever that is', async () => {
    writeFileSync(join(folder, 'in.csv'), `a,b\n${'1,x\n'.repeat(300)}`);
    const source = node('csv-file', { path: 'in.csv', types });
    const to = [node('sqlite-table', { path: 'out.db', table: 't' }), node('jsonl-output', { path: 'out.jsonl' })];
    const plan = await planOf({ source, steps: [], sinks: to });
    const early = await runIn(plan, 3, 10, (execution) => execution.stop('cancel'));
    expect([early.ended, early.outputs]).toEqual([false, {}]);
    const late = await runIn(
      plan,
      3,
      10,
      () => {},
      ({ kind }, execution) => kind === 'ended' && execution.stop('cancel'),
    );
    expect([late.ended, late.outputs, late.threads]).toEqual([false, {}, 2]);
  });
  it('waits while it is paused', async () => {
    writeFileSync(join(folder, 'in.csv'), `a,b\n${'1,x\n'.repeat(300)}`);
    const plan = await planOf({ source: node('csv-file', { path: 'in.csv', types }), steps: [], sinks: [node('csv-output', { path: 'out.csv' })] });
    const { ended, outputs } = await runIn(plan, 3, 10, (execution) => {
      execution.pause();
      setTimeout(() => {
        expect(existsSync(join(folder, 'out.csv'))).toBe(false);
        execution.resume();
      }, 30);
    });
    expect([ended, outputs]).toEqual([true, { 'out.csv': `a,b\n${'1,x\n'.repeat(300)}` }]);
  });
});

describe('plans that one thread carries out', () => {
  mkdirSync(folder, { recursive: true });
  const toFile = [node('csv-output', { path: 'out.csv' })];
  const csv = node('csv-file', { path: 'in.csv', types });
  it.each<[why: string, steps: Steps]>([
    ['state by key', { source: csv, steps: [node('dedupe', { keys: ['b'], keep: 'first' })], sinks: toFile }],
    ['a number of rows', { source: csv, steps: [node('limit', { count: 3 })], sinks: toFile }],
    [
      'code that keeps something',
      { source: csv, steps: [node('code', { code: 'let n = 0;\nexport default function step(row: Row) { return { ...row, n: n++ }; }' })], sinks: toFile },
    ],
    ['event time', { source: node('csv-file', { path: 'in.csv', types, eventTime: 'arrival' }), steps: [], sinks: toFile }],
    ['an errors table', { source: { ...csv, onError: 'keep' } as Node, steps: [], sinks: toFile }],
    ['a table that is added to', { source: csv, steps: [], sinks: [node('sqlite-table', { path: 'out.db', table: 't', mode: 'append' })] }],
    ['an output that takes no parts', { source: csv, steps: [], sinks: [node('inspect', {})] }],
  ])('%s', async (_, steps) => {
    writeFileSync(join(folder, 'in.csv'), 'a,b\n1,x\n');
    const plan = await planOf(steps);
    expect((await withParts(plan, { commits: 'end', instances: 4 }, (type) => catalogue.get(type))).parts).toBeUndefined();
  });
  it('any other, where it commits with checkpoints, or one instance is asked for', async () => {
    writeFileSync(join(folder, 'in.csv'), 'a,b\n1,x\n');
    const plan = await planOf({ source: csv, steps: [], sinks: toFile });
    const partsOf = async (commits: 'end' | 'checkpoint', instances: number | 'auto') =>
      (await withParts(plan, { commits, instances }, (type) => catalogue.get(type))).parts;
    expect(await partsOf('end', 4)).toEqual({ source: 'source', most: 4, leastBytes: 1 });
    expect([await partsOf('checkpoint', 4), await partsOf('end', 1)]).toEqual([undefined, undefined]);
    // By itself only where rows go into a database.
    expect(await partsOf('end', 'auto')).toBeUndefined();
  });
});
