/**
 * `npm run bench [-- --rows 2000000 --runs 3 --jobs J1,J4]`: Millrace against what one would write by hand, and against other
 * programs that are installed. `--memory`: the peak by size of the input. `--checkpoints`: what exactly-once costs.
 */
import { spawnSync } from 'node:child_process';
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
    checkpoints: { type: 'boolean', default: false },
  },
});
const project = join(import.meta.dirname, '..');
const cli = join(project, 'out', 'main', 'cli.cjs');
/** What the project promises; told beside the figures, never hidden. */
const maxMemoryMb = 200;
const maxCheckpointCost = 1.1;
const checkpointOptions = ['--commit', 'checkpoint', '--checkpoint-every', '5s'];

if (!existsSync(cli)) throw new Error('The engine is not built: run "npm run build" first.');
const chosen = jobs.filter(({ id }) => values.jobs.split(',').includes(id));
if (values.memory) await compareMemory(chosen);
else if (values.checkpoints) await compareCheckpoints(chosen, Number(values.rows), Number(values.runs));
else await compareTimes(chosen, Number(values.rows), Number(values.runs));

async function compareTimes(chosen: readonly Job[], rows: number, runs: number): Promise<void> {
  print(`${rows.toLocaleString('en')} rows, medians of ${runs} interleaved runs, whole processes, Node ${process.versions.node}`);
  const lines = [['job', '', 'Millrace', 'by hand', 'ratio', 'CPU', 'by hand', 'memory', 'all processes']];
  for (const job of chosen) {
    const others = (job.others ?? []).filter(({ command }) => isInstalled(command));
    const taken = new Map<string, Measurement[]>(['millrace', ...job.hand, ...others.map(({ command }) => command)].map((who) => [who, []]));
    for (let run = 0; run < runs; run++) {
      for (const [who, measurements] of taken) measurements.push(await measureJob(job, who, rows));
    }
    const own = taken.get('millrace')!;
    const seconds = median(own.map((each) => each.seconds));
    for (const hand of [...job.hand, ...others.map(({ command }) => command)]) {
      const measured = taken.get(hand)!;
      const theirs = median(measured.map((each) => each.seconds));
      const isFirst = hand === job.hand[0];
      lines.push([
        isFirst ? job.id : '',
        isFirst ? job.title : `  against ${hand}`,
        isFirst ? `${seconds.toFixed(2)} s` : '',
        `${theirs.toFixed(2)} s`,
        verdict((seconds / theirs).toFixed(2), seconds / theirs <= (job.hand.includes(hand) ? job.maxRatio : 1)),
        isFirst ? cpu(own) : '',
        cpu(measured),
        isFirst ? verdict(mb(peak(own)), (peak(own) ?? 0) <= maxMemoryMb) : '',
        isFirst ? mb(own[0]!.allMb) : '',
      ]);
    }
  }
  printTable(lines);
}

/** Memory must not depend on the size of the input. */
async function compareMemory(chosen: readonly Job[]): Promise<void> {
  const sizes = [2_000_000, ...(values.rows === '2000000' ? [10_000_000] : [Number(values.rows)])];
  const lines = [['job', '', ...sizes.map((rows) => `${rows / 1e6} M rows`)]];
  for (const job of chosen) {
    const peaks: (number | null)[] = [];
    for (const rows of sizes) peaks.push(peak([await measureJob(job, 'millrace', rows)]));
    lines.push([job.id, job.title, ...peaks.map((size) => verdict(mb(size), (size ?? 0) <= maxMemoryMb))]);
  }
  printTable(lines);
}

/** The same job committed at its end, and with a checkpoint every five seconds. */
async function compareCheckpoints(chosen: readonly Job[], rows: number, runs: number): Promise<void> {
  print(`${rows.toLocaleString('en')} rows, medians of ${runs} interleaved runs`);
  const lines = [['job', '', 'at the end', 'every 5 s', 'ratio', 'CPU', 'CPU']];
  for (const job of chosen) {
    const [once, often]: [Measurement[], Measurement[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      once.push(await measureJob(job, 'millrace', rows));
      often.push(await measureJob(job, 'millrace', rows, checkpointOptions));
    }
    const [atEnd, withCheckpoints] = [once, often].map((measured) => median(measured.map((each) => each.seconds))) as [number, number];
    const ratio = withCheckpoints / atEnd;
    lines.push([
      job.id,
      job.title,
      `${atEnd.toFixed(2)} s`,
      `${withCheckpoints.toFixed(2)} s`,
      verdict(ratio.toFixed(2), ratio <= maxCheckpointCost),
      cpu(once),
      cpu(often),
    ]);
  }
  printTable(lines);
}

function measureJob(job: Job, who: string, rows: number, options: readonly string[] = []): Promise<Measurement> {
  const other = job.others?.find(({ command }) => command === who);
  if (!other) return measure([...commandOf(job, who, rows), ...options]);
  const output = join(dataFolder, `${who}-${job.output}`);
  rmSync(output, { force: true });
  return measure(other.args(readings(rows)[job.input], output), other.command);
}

function isInstalled(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
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
  print(`(!) more than promised: times the time by hand, 1 against other programs, or ${maxMemoryMb} MB`);
}
