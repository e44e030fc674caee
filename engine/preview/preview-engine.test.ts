import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import { Inbox } from '../../nodes/http/runtime/inbox.ts';
import { definitions } from '../../nodes/index.ts';
import { type ErrorPolicy, emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { planRun } from '../plan/plan.ts';
import type { PreviewResult } from '../protocol/messages.ts';
import { newMonitor } from '../runners/local/monitor.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { threadSandbox } from '../sandbox/thread-sandbox.ts';
import { Checker } from '../workbench/checker.ts';
import { PreviewEngine } from './preview-engine.ts';

const catalogue = new Catalogue(definitions);
const checker = new Checker(catalogue, codeAnalysis);
const engine = new PreviewEngine({ definition: (type) => catalogue.get(type), sandbox: threadSandbox, monitor: newMonitor() });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-preview-'));
  writeFileSync(join(folder, 'days.csv'), `day,temperature\n${Array.from({ length: 10 }, (_, i) => `d${i},${i * 5}`).join('\n')}\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pipelineOf = (code: string, options: { readonly onError?: ErrorPolicy; readonly sourceOnError?: ErrorPolicy } = {}): Pipeline => ({
  ...emptyPipeline,
  nodes: {
    days: { type: 'csv-file', typeVersion: 1, params: { path: 'days.csv' }, onError: options.sourceOnError },
    hot: { type: 'filter', typeVersion: 1, params: { mode: 'expression', where: 'row.temperature >= 30' } },
    step: { type: 'code', typeVersion: 1, params: { code }, onError: options.onError },
    out: { type: 'jsonl-output', typeVersion: 1, params: { path: 'out.jsonl' } },
  },
  edges: [
    { from: { node: 'days', port: 'rows' }, to: { node: 'hot', port: 'rows' } },
    { from: { node: 'hot', port: 'kept' }, to: { node: 'step', port: 'rows' } },
    { from: { node: 'step', port: 'rows' }, to: { node: 'out', port: 'rows' } },
  ],
});
const double = 'export default function step(row: Row) {\n  return { day: row.day, twice: row.temperature * 2 };\n}';
const bytes = `export default function step(row: Row) {
  return { day: row.day, data: new Uint8Array(3) };
}`;
const picky = `export default function step(row: Row) {
  if (row.day === 'd7') throw new Error('not on ' + row.day);
  return { day: row.day };
}`;

async function read(pipeline: Pipeline, node: string, port = 'rows', limit = 1000): Promise<PreviewResult> {
  const { checked, sampleKeys } = await checker.check(pipeline, { folder, path: null }, { touch: true });
  return engine.read({ plan: planRun(checked, { target: node }), folder, node, port, limit, sampleKeys });
}

describe('a preview', () => {
  it('shows what has come to an inbox and to followed files since the last one', async () => {
    const only = (type: string, params: object): Pipeline => ({ ...emptyPipeline, nodes: { source: { type, typeVersion: 1, params: params as never } } });
    const inbox = new Inbox(join(folder, 'inbox.db'), { columns: [{ name: 'n', type: 'integer', nullable: true }] });
    const cases = [
      [only('http-in', { columns: [{ column: 'n', type: 'integer' }] }), (n: number) => inbox.add([{ n }])],
      [only('file-tail', { path: 'a.log', format: 'text' }), (n: number) => appendFileSync(join(folder, 'a.log'), `${n}\n`)],
      [only('file-tail', { path: 'a.jsonl' }), (n: number) => appendFileSync(join(folder, 'a.jsonl'), `{"n":${n}}\n`)],
    ] as const;
    for (const [pipeline, add] of cases) {
      const rows = async () => (await read(pipeline, 'source')).rows.map(([n]) => Number(n));
      await add(1);
      await expect.poll(rows).toEqual([1]);
      await add(2);
      expect(await rows()).toEqual([1, 2]);
      await add(3);
      expect(await rows()).toEqual([1, 2, 3]);
    }
    inbox.close();
  });

  it('tells of failing rows in values that can be sent as JSON', async () => {
    const blobs = pipelineOf(bytes);
    const after: Pipeline = {
      ...blobs,
      nodes: {
        ...blobs.nodes,
        step: { ...blobs.nodes['step']!, params: { code: bytes, columns: [{ name: 'data', type: 'bytes' }] } },
        throws: { type: 'code', typeVersion: 1, params: { code: "export default (row: Row) => { if (row.day) throw new Error('no'); return row; }" } },
      },
      edges: [...blobs.edges.slice(0, 2), { from: { node: 'step', port: 'rows' }, to: { node: 'throws', port: 'rows' } }],
    };
    const { problems } = await read(after, 'throws');
    expect(problems[0]).toMatchObject({ node: 'throws', row: { day: 'd6', data: '3 bytes' } });
    expect(JSON.parse(JSON.stringify(problems))).toEqual(problems);
  });

  it('shows the rows at a node, with types and counts', async () => {
    const result = await read(pipelineOf(double), 'step');
    expect(result.schema.columns.map((column) => column.name)).toEqual(['day', 'twice']);
    expect(result.rows).toEqual([
      ['d6', 60],
      ['d7', 70],
      ['d8', 80],
      ['d9', 90],
    ]);
    expect(result).toMatchObject({ total: 4, complete: true, problems: [] });
    expect(result.counts).toMatchObject({ days: { out: 10 }, hot: { in: 10, failed: 0 }, step: { in: 4, out: 4, failed: 0 } });
  });

  it('shows what meets null as null or as a failure, and never as 0', async () => {
    writeFileSync(join(folder, 'sales.csv'), 'region,qty,price\n north ,2,1.5\n,,2.5\nsouth,3,\n');
    const computed = (expression: string): Pipeline => ({
      ...emptyPipeline,
      nodes: {
        sales: { type: 'csv-file', typeVersion: 1, params: { path: 'sales.csv' } },
        sum: { type: 'compute', typeVersion: 1, params: { columns: [{ name: 'x', expression, type: 'auto' }] }, onError: 'skip' },
        some: { type: 'code', typeVersion: 1, params: { code: `export default (row: Row) => ({ x: ${expression} });` }, onError: 'skip' },
      },
      edges: ['sum', 'some'].map((node) => ({ from: { node: 'sales', port: 'rows' }, to: { node, port: 'rows' } })),
    });
    const shown = async (expression: string, node: string) => {
      const { rows, schema, problems } = await read(computed(expression), node);
      const at = schema.columns.findIndex(({ name }) => name === 'x');
      return [rows.map((row) => row[at]), problems.map(({ message }) => message)];
    };
    expect(await shown('row.qty * row.price', 'sum')).toEqual([[3, null, null], []]);
    expect(await shown('row.qty < 5', 'sum')).toEqual([[true, null, true], []]);
    expect(await shown('`${row.region}!`', 'sum')).toEqual([[' north !', null, 'south!'], []]);
    expect(await shown('row.region.trim()', 'sum')).toEqual([['north', 'south'], [expect.stringContaining("reading 'trim'")]]);
    expect(await shown('row.qty * row.price', 'some')).toEqual([
      [3],
      ['`row.qty` is null in `row.qty * row.price`.', '`row.price` is null in `row.qty * row.price`.'],
    ]);
  });

  it('shows either port of a filter, and cuts to the limit', async () => {
    const rest = await read(pipelineOf(double), 'hot', 'rest', 2);
    expect(rest.rows).toEqual([
      ['d0', 0],
      ['d1', 5],
    ]);
    expect(rest.total).toBe(6);
  });

  it('shows what arrives at a sink, and writes nothing', async () => {
    expect((await read(pipelineOf(double), 'out')).rows).toHaveLength(4);
    expect(() => rmSync(join(folder, 'out.jsonl'))).toThrow();
  });

  it('reports rows that fail, with place and row, and goes on under every policy', async () => {
    const result = await read(pipelineOf(picky), 'step');
    expect(result.rows).toEqual([['d6'], ['d8'], ['d9']]);
    expect(result.counts['step']).toMatchObject({ in: 4, out: 3, failed: 1 });
    expect(result.problems).toMatchObject([
      {
        node: 'step',
        message: 'not on d7.',
        field: 'code',
        range: { line: 2 },
        row: { day: 'd7', temperature: 35 },
        position: { source: 'days.csv', line: 9 },
      },
    ]);
  });

  it('shows the error port, also of a source', async () => {
    const routed = await read(pipelineOf(picky, { onError: 'route' }), 'step', 'errors');
    expect(routed.rows).toHaveLength(1);
    expect(routed.rows[0]![0]).toBe('not on d7.');
    appendFileSync(join(folder, 'days.csv'), 'a,b,c,d\n');
    const bad = await read(pipelineOf(double, { sourceOnError: 'route' }), 'days', 'errors');
    expect(bad.rows).toHaveLength(1);
    expect(bad.counts['days']).toMatchObject({ out: 10, failed: 1 });
    await expect(read(pipelineOf(double), 'step', 'errors')).rejects.toMatchObject({ problem: { code: 'node/no-port', node: 'step' } });
  });

  it('sees a changed file, and says when it shows a sample only', async () => {
    expect((await read(pipelineOf(double), 'days')).total).toBe(10);
    appendFileSync(join(folder, 'days.csv'), `${Array.from({ length: 990 }, (_, i) => `e${i},1`).join('\n')}\n`);
    expect(await read(pipelineOf(double), 'days')).toMatchObject({ total: 1000, complete: true });
    appendFileSync(join(folder, 'days.csv'), 'one,7\n');
    expect(await read(pipelineOf(double), 'days')).toMatchObject({ total: 1000, complete: false });
  });

  it('is refused with the problem that is in the way, and only by what is upstream', async () => {
    const broken = pipelineOf('export default function step(row: Row) { return ');
    await expect(read(broken, 'step')).rejects.toMatchObject({ problem: { code: 'code/syntax', node: 'step' } });
    expect((await read(broken, 'hot', 'kept')).total).toBe(4);
    await expect(read(pipelineOf(double), 'nope')).rejects.toBeInstanceOf(MillraceError);
  });

  it('always gives the same result', async () => {
    const counting = 'let n = 0;\nexport default function step(row: Row) {\n  n++;\n  return { n };\n}';
    const first = await read(pipelineOf(counting), 'step');
    expect((await read(pipelineOf(counting), 'step')).rows).toEqual(first.rows);
    expect(first.rows).toEqual([[1], [2], [3], [4]]);
  });
});

describe('a preview by event time', () => {
  const late = { count: 3000, lateShare: 5, lateness: 3_600_000 };
  const pipeline: Pipeline = {
    ...emptyPipeline,
    nodes: {
      readings: { type: 'generator', typeVersion: 1, params: { ...late, eventTime: 'column', timeColumn: 'time' } },
      minutes: { type: 'aggregate', typeVersion: 1, params: { window: 'tumbling', every: 60_000, aggregations: [{ function: 'count', name: 'n' }] } },
    },
    edges: [{ from: { node: 'readings', port: 'rows' }, to: { node: 'minutes', port: 'rows' } }],
  };

  it('finds those rows late that a run finds late: behind the watermark of the rows before', async () => {
    const { rows } = await read(pipeline, 'readings', 'rows', 3000);
    const times = rows.map((row) => row[0] as number);
    const isLate = times.map((time, i) => {
      const watermark = Math.max(...times.slice(0, i)) - 1;
      return Math.floor(time / 60_000) * 60_000 + 59_999 <= watermark;
    });
    const wanted = times.filter((_, i) => isLate[i]);
    expect(wanted.length).toBeGreaterThan(50);
    const found = await read(pipeline, 'minutes', 'late', 3000);
    expect(found.rows.map((row) => row[0])).toEqual(wanted);
    expect(found.counts['minutes']).toMatchObject({ in: 3000 });
  });

  it('warns of late rows that nobody takes, and not where the port for them is connected', async () => {
    const wanted = { code: 'run/late-rows', severity: 'warning', node: 'minutes', message: expect.stringMatching(/^[0-9]+ rows came too late/) };
    expect((await read(pipeline, 'minutes', 'rows', 3000)).problems).toMatchObject([wanted]);
    const kept = {
      ...pipeline,
      nodes: { ...pipeline.nodes, kept: { type: 'inspect', typeVersion: 1, params: {} } },
      edges: [...pipeline.edges, { from: { node: 'minutes', port: 'late' }, to: { node: 'kept', port: 'rows' } }],
    };
    expect((await read(kept, 'minutes', 'rows', 3000)).problems).toEqual([]);
  });
});
