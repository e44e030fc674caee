/** `npm run bench [-- --rows 2000000 --runs 3 --jobs J1,J4 --memory]`: Millrace against what one would write by hand. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dataFolder, readings } from './data.ts';
import { type Job, jobs, pipelineFile } from './jobs.ts';
import { type Measurement, measure } from './measure.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    runs: { type: 'string', default: '3' },
    jobs: { type: 'string', default: jobs.map(({ id }) => id).join(',') },
    memory: { type: 'boolean', default: false },
  },
});
const project = join(import.meta.dirname, '..');
const cli = join(project, 'out', 'main', 'cli.cjs');
/** What the project promises (design of the engine); told beside the figures, never hidden. */
const maxRatio = 1.8;
const maxMemoryMb = 300;

if (!existsSync(cli)) throw new Error('The engine is not built: run "npm run build" first.');
const chosen = jobs.filter(({ id }) => values.jobs.split(',').includes(id));
if (values.memory) await compareMemory(chosen);
else await compareTimes(chosen, Number(values.rows), Number(values.runs));

async function compareTimes(chosen: readonly Job[], rows: number, runs: number): Promise<void> {
  print(`${rows.toLocaleString('en')} rows, medians of ${runs} interleaved runs, whole processes, Node ${process.versions.node}`);
  const lines = [['job', '', 'Millrace', 'by hand', 'ratio', 'CPU', 'by hand', 'memory', 'all processes']];
  for (const job of chosen) {
    const taken = new Map<string, Measurement[]>(['millrace', ...job.hand].map((who) => [who, []]));
    for (let run = 0; run < runs; run++) {
      for (const [who, measurements] of taken) measurements.push(await measure(commandOf(job, who, rows)));
    }
    const own = taken.get('millrace')!;
    const seconds = median(own.map((each) => each.seconds));
    for (const hand of job.hand) {
      const others = taken.get(hand)!;
      const theirs = median(others.map((each) => each.seconds));
      const isFirst = hand === job.hand[0];
      lines.push([
        isFirst ? job.id : '',
        isFirst ? job.title : `  against ${hand}`,
        isFirst ? `${seconds.toFixed(2)} s` : '',
        `${theirs.toFixed(2)} s`,
        verdict((seconds / theirs).toFixed(2), seconds / theirs <= maxRatio || !isFirst),
        isFirst ? cpu(own) : '',
        cpu(others),
        isFirst ? verdict(mb(peak(own)), (peak(own) ?? 0) <= maxMemoryMb) : '',
        isFirst ? mb(own[0]!.allMb) : '',
      ]);
    }
  }
  printTable(lines);
}

/** Memory must not depend on the size of the input. */
async function compareMemory(chosen: readonly Job[]): Promise<void> {
  const sizes = [2_000_000, 10_000_000];
  const lines = [['job', '', ...sizes.map((rows) => `${rows / 1e6} M rows`)]];
  for (const job of chosen) {
    const peaks: (number | null)[] = [];
    for (const rows of sizes) peaks.push(peak([await measure(commandOf(job, 'millrace', rows))]));
    lines.push([job.id, job.title, ...peaks.map((size) => verdict(mb(size), (size ?? 0) <= maxMemoryMb))]);
  }
  printTable(lines);
}

function commandOf(job: Job, who: string, rows: number): string[] {
  const output = join(dataFolder, who === 'millrace' ? job.output : `hand-${job.output}`);
  rmSync(output, { force: true });
  if (who === 'millrace') return [cli, 'run', pipelineFile(job, rows)];
  return [join(import.meta.dirname, 'hand', `${who}.ts`), readings(rows)[job.input], output];
}

function peak(measurements: readonly Measurement[]): number | null {
  const sizes = measurements.flatMap(({ largestMb }) => (largestMb === null ? [] : [largestMb]));
  return sizes.length > 0 ? Math.max(...sizes) : null;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function cpu(measurements: readonly Measurement[]): string {
  const seconds = measurements.flatMap(({ cpuSeconds }) => (cpuSeconds === null ? [] : [cpuSeconds]));
  return seconds.length > 0 ? `${median(seconds).toFixed(2)} s` : '-';
}

function mb(size: number | null): string {
  return size === null ? '-' : `${size.toFixed(0)} MB`;
}

function verdict(figure: string, isGood: boolean): string {
  return isGood ? figure : `${figure} (!)`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printTable(lines: readonly (readonly string[])[]): void {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  for (const line of lines) print(line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '));
  print(`(!) more than ${maxRatio} times the time by hand, or more than ${maxMemoryMb} MB`);
}
