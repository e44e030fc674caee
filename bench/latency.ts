/**
 * `npm run bench:latency`: how soon `millrace run` gives its first row, and how long a row takes from its making to the file
 * that a reader sees, at 10,000 rows a second. Rows carry the time at which they were made; this process reads them as they come.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPipeline } from '../engine/document/file.ts';
import type { Pipeline, PipelineNode } from '../engine/document/pipeline.ts';
import { entryFile } from '../engine/processes/entries.ts';

const starts = 15;
const rate = 10_000;
const warmUpMs = 5_000;
const measuredMs = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'millrace-latency-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const node = (type: string, params: PipelineNode['params']): PipelineNode => ({ type, typeVersion: 1, params });

function pipelineFile(name: string, nodes: Pipeline['nodes']): string {
  const ids = Object.keys(nodes);
  const edges = ids
    .slice(1)
    .map((id, i) => ({ from: { node: ids[i]!, port: nodes[ids[i]!]!.type === 'filter' ? 'kept' : 'rows' }, to: { node: id, port: 'rows' } }));
  const file = join(folder, `${name}.millrace.json`);
  writeFileSync(file, formatPipeline({ name, parameters: {}, nodes, edges, layout: {} }));
  return file;
}

function run(file: string, ...options: string[]): ChildProcess {
  return spawn(process.execPath, [entryFile('cli'), 'run', file, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MILLRACE_DATA: join(folder, 'data') },
  });
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

async function firstRow(): Promise<void> {
  writeFileSync(join(folder, 'rows.csv'), `id,name\n${'1,one\n'.repeat(5000)}`);
  const file = pipelineFile('first-row', {
    rows: node('csv-file', { path: 'rows.csv' }),
    keep: node('filter', { mode: 'expression', where: 'row.id > 0' }),
    print: node('stdout', {}),
  });
  const times: number[] = [];
  for (let i = 0; i <= starts; i++) {
    const before = performance.now();
    const child = run(file, '--json');
    const seen = await new Promise<number>((resolve) => child.stdout!.once('data', () => resolve(performance.now() - before)));
    child.stdout!.resume();
    await new Promise((resolve) => child.once('close', resolve));
    // The first start fills caches.
    if (i > 0) times.push(seen);
  }
  times.sort((a, b) => a - b);
  const [median, most] = [percentile(times, 0.5), times.at(-1)!];
  process.stdout.write(
    `first row: ${median.toFixed(0)} ms (median of ${starts} starts, ${most.toFixed(0)} at most), from the start of the command to the row that it prints\n`,
  );
}

/** Milliseconds from making to reading, of all rows that come while it is measured. */
async function endToEnd(title: string, steps: Pipeline['nodes']): Promise<void> {
  const file = pipelineFile('latency', {
    made: node('generator', { endless: true, rate, sensors: 50, times: 'clock', eventTime: 'column', timeColumn: 'time' }),
    ...steps,
    print: node('stdout', {}),
  });
  const child = run(file, '--from', 'scratch');
  const latencies: number[] = [];
  let rest = '';
  const from = Date.now() + warmUpMs;
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const now = Date.now();
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (now < from) return;
    for (const line of lines) {
      const made = /"time":"([^"]+)"/.exec(line)?.[1];
      if (made) latencies.push(now - Date.parse(made));
    }
  });
  await sleep(warmUpMs + measuredMs);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  latencies.sort((a, b) => a - b);
  const [median, p99, p999, most] = [0.5, 0.99, 0.999, 1].map((share) => percentile(latencies, share));
  const perSecond = Math.round((latencies.length / measuredMs) * 1000);
  process.stdout.write(`${title}: p50 ${median} ms, p99 ${p99} ms, p99.9 ${p999} ms, most ${most} ms; ${perSecond.toLocaleString('en')} rows/s printed\n`);
}

await firstRow();
await endToEnd('generator -> filter -> compute -> standard output', {
  keep: node('filter', { mode: 'expression', where: 'row.status !== "error"' }),
  more: node('code', { code: 'export default function step(row: Row) {\n  return { ...row, fahrenheit: (row.temperature ?? 0) * 1.8 + 32 };\n}\n' }),
});
await endToEnd('generator -> running aggregate per sensor -> standard output', {
  sums: node('running-aggregate', { keys: ['sensor'], aggregations: [{ function: 'average', column: 'humidity', name: 'average' }] }),
});
